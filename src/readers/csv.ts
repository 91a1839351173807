import { checkFs, checkUnit, type EcgRecord, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { isAppleHealth, readAppleHealth } from './apple-health.js';
import { checkLeadCount } from './limits.js';
import { deriveFs } from './sampling.js';
import { decodeText, splitLines } from './text.js';
import { unitOf } from './units.js';

export interface CsvOptions {
  /** Samples a second; required without a `time` column, and has to agree with it when both are there. */
  fs?: number;
  /** Unit of the leads whose header does not give one; required for standard leads without a unit. */
  units?: Unit;
}

interface Column {
  name: string;
  /** Unit in the header, without its brackets. */
  unit?: string;
}

interface Table {
  columns: Column[];
  /** float64 [columns][rows] */
  values: Float64Array[];
  /** Most decimal places in the `time` column. */
  decimals: number;
}

/** How many of each unit that a `time` column may have make a second; no unit is seconds. */
const TIME_UNITS = new Map([
  ['', 1],
  ['s', 1],
  ['sec', 1],
  ['seconds', 1],
  ['ms', 1000],
]);

/**
 * Reads a table of samples: a header of lead names, each with its unit or without (`I (mV)`, `II [uV]`, `V1`), then one line for each
 * sample. A column `time`, in seconds, gives the sampling frequency. Separator `,`, `;` or tab; with the latter two a decimal comma
 * is understood. An empty cell or `NaN` is NaN. Electrocardiograms that Apple's Health app exports are read too.
 *
 * @throws FormatError `BAD_CSV`, `TOO_MANY_LEADS`, `NOT_A_NUMBER`, `FS_REQUIRED`, `UNITS_REQUIRED`, `UNEVEN_TIME`, `FS_MISMATCH`.
 */
export function readCsv(source: string | Uint8Array, options: CsvOptions = {}): EcgRecord {
  if (options.fs !== undefined) checkFs(options.fs, 'fs');
  if (options.units !== undefined) checkUnit(options.units, 'units');
  const text = typeof source === 'string' ? source.replace(/^\ufeff/, '') : decodeText(source);
  if (isAppleHealth(text)) return readAppleHealth(text, options);
  const { columns, values, decimals } = parseTable(text);
  const time = columns.findIndex(isTime);
  const leads = columns.map((_, index) => index).filter((index) => index !== time);
  if (leads.length === 0) throw bad('the header names no leads', 1);
  const fs = time < 0 ? options.fs : fsOfTime(columns[time]!, values[time]!, decimals, options.fs);
  if (fs === undefined) {
    throw new FormatError('FS_REQUIRED', 'no time column: give the sampling frequency, { fs } or --fs on the command line', {
      format: 'csv',
    });
  }
  return {
    fs,
    sigName: leads.map((index) => columns[index]!.name),
    units: leads.map((index) => columnUnit(columns[index]!, options.units)),
    signal: leads.map((index) => values[index]!),
  };
}

function fsOfTime({ unit = '' }: Column, times: Float64Array, decimals: number, given: number | undefined): number {
  const ticksPerSecond = TIME_UNITS.get(unit.toLowerCase());
  if (ticksPerSecond === undefined) throw bad('the unit of the time column must be s or ms', 1);
  const fs = deriveFs(times, decimals, ticksPerSecond);
  if (given !== undefined && Math.abs(given - fs) > 0.001 * fs) {
    throw new FormatError('FS_MISMATCH', `the time column says ${fs} samples a second, ${given} were asked for`, { format: 'csv' });
  }
  return given ?? fs;
}

function columnUnit({ name, unit }: Column, given: Unit | undefined): Unit {
  if (unit !== undefined) return unitOf(unit);
  if (given !== undefined) return given;
  const lead = standardLead(name);
  if (lead === undefined) return 'unknown';
  const message = 'the header gives no unit: write it as I (mV), or give { units } or --units on the command line';
  throw new FormatError('UNITS_REQUIRED', message, { format: 'csv', lead });
}

function parseTable(text: string): Table {
  const lines = splitLines(text);
  while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
  const [header, ...rows] = lines;
  if (header === undefined) throw bad('the file is empty');
  const separator = separatorOf(header);
  const columns = splitCells(header.replace(/^#\s*/, ''), separator, 1).map(parseColumn);
  if (columns.every(({ name }) => parseNumber(name, separator) !== undefined)) throw bad('the first line must name the leads', 1);
  if (rows.length === 0) throw bad('the table has no samples');
  // Every cell takes a character or ends a line: a wide header over short lines is refused before memory is taken for it.
  if (columns.length * rows.length > text.length) throw bad('the lines have fewer cells than the header', 2);
  checkLeadCount(columns.length, 'csv');
  const values = columns.map(() => new Float64Array(rows.length));
  const time = columns.findIndex(isTime);
  let decimals = 0;
  for (let row = 0; row < rows.length; row++) {
    const cells = splitCells(rows[row]!, separator, row + 2);
    if (cells.length !== columns.length) throw bad(`expected ${columns.length} cells, got ${cells.length}`, row + 2);
    for (let column = 0; column < cells.length; column++) {
      const value = parseNumber(cells[column]!, separator);
      if (value === undefined) throw notANumber(columns[column]!, column, row + 2);
      values[column]![row] = value;
    }
    if (time >= 0) decimals = Math.max(decimals, decimalsOf(cells[time]!));
  }
  return { columns, values, decimals };
}

/** The separator that the header holds most of; a header without any is one column. */
function separatorOf(header: string): string {
  const unquoted = header.replace(/"[^"]*"?/g, '');
  const counts = [',', ';', '\t'].map((separator) => ({ separator, count: unquoted.split(separator).length }));
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).separator;
}

function splitCells(line: string, separator: string, lineNumber: number): string[] {
  if (!line.includes('"')) return line.split(separator);
  const cells: string[] = [];
  for (let start = 0; start <= line.length; ) {
    let end: number;
    if (line[start] === '"') {
      end = closingQuote(line, start, lineNumber);
      cells.push(line.slice(start + 1, end).replaceAll('""', '"'));
      end++;
      if (end < line.length && line[end] !== separator) throw bad('a quoted cell goes on after its closing quote', lineNumber);
    } else {
      end = line.indexOf(separator, start);
      if (end < 0) end = line.length;
      cells.push(line.slice(start, end));
    }
    start = end + 1;
  }
  return cells;
}

function closingQuote(line: string, start: number, lineNumber: number): number {
  for (let end = line.indexOf('"', start + 1); end >= 0; end = line.indexOf('"', end + 2)) {
    if (line[end + 1] !== '"') return end;
  }
  throw bad('a quoted cell is not closed in its line', lineNumber);
}

/** `I (mV)`, `II [uV]` or a bare name. */
function parseColumn(cell: string): Column {
  const text = cell.trim();
  const open = Math.max(text.lastIndexOf('('), text.lastIndexOf('['));
  const closed = text[open] === '(' ? ')' : ']';
  if (open <= 0 || !text.endsWith(closed)) return { name: text };
  return { name: text.slice(0, open).trim(), unit: text.slice(open + 1, -1).trim() };
}

function isTime({ name }: Column): boolean {
  return name.toLowerCase() === 'time';
}

/** NaN for an empty cell or NaN, undefined for what is no number. `Number` alone would take `0x1F`, and is linear in time. */
function parseNumber(cell: string, separator: string): number | undefined {
  const text = separator === ',' ? cell.trim() : cell.trim().replace(',', '.');
  if (text === '') return Number.NaN;
  const value = Number(text);
  if (!Number.isNaN(value) && !(text.length > 1 && 'xXoObB'.includes(text[1]!))) return value;
  const word = text.toLowerCase().replace(/^[+-]/, '');
  if (word === 'nan') return Number.NaN;
  if (word === 'inf' || word === 'infinity') return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return undefined;
}

/** Decimal places of a number as written: 3 for `0.002` and `2.0e-2`, 0 for `20`. */
function decimalsOf(cell: string): number {
  const [mantissa = '', exponent = '0'] = cell.trim().toLowerCase().split('e');
  const point = Math.max(mantissa.indexOf('.'), mantissa.indexOf(','));
  return Math.max(0, (point < 0 ? 0 : mantissa.length - point - 1) - Number(exponent));
}

/** Names the column only where its name is a lead or the time: a file that is no table of samples may hold anything else there. */
function notANumber({ name }: Column, index: number, line: number): FormatError {
  const known = isTime({ name }) ? 'time' : standardLead(name);
  const column = known === undefined ? `column ${index + 1}` : `column ${known}`;
  return new FormatError('NOT_A_NUMBER', `${column} holds something that is no number`, { format: 'csv', line });
}

function bad(message: string, line?: number): FormatError {
  return new FormatError('BAD_CSV', message, { format: 'csv', ...(line !== undefined && { line }) });
}
