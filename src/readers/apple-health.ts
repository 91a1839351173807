import { type EcgRecord, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { splitLines } from './text.js';
import { unitOf } from './units.js';

// Electrocardiograms as the Health app of iOS exports them (apple_health_export/electrocardiograms/ecg_*.csv): rows of a key and a value,
// both in the phone's language, then one column of samples, in the decimal mark of its region even where commas part the rows above:
//
//   Messrate,511,562 Hertz
//   Ableitung,Ableitung I
//   Einheit,µV
//
//   -180,596

export interface AppleHealthOptions {
  fs?: number;
  units?: Unit;
}

/** Where the rows of keys end, at the latest. */
const MOST_ROWS = 60;

/** A rate by its unit, which is all that every language has alike; the space may be one that does not break. */
const RATE = /^(\d+(?:[.,]\d+)?)\s*(?:hz|her[tcz]\p{L}*|герц\p{L}*|гц|ヘルツ|赫[兹茲]|헤르츠)$/iu;

const SAMPLE = /^[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?$/;

interface Header {
  fs: number;
  unit: Unit;
  lead: string;
  /** The first row of samples. */
  firstRow: number;
  point: '.' | ',' | undefined;
}

/** True for text with a row for the rate and then one for the unit. Names of keys do not count. */
export function isAppleHealth(text: string): boolean {
  return parseHeader(splitLines(text.slice(0, 16_384))) !== undefined;
}

/**
 * Reads an electrocardiogram of the Health app. What stands above the rate (name, date of birth, dates, classification) is not read.
 *
 * @throws FormatError `BAD_CSV`, `NOT_A_NUMBER`, `FS_MISMATCH`
 */
export function readAppleHealth(text: string, options: AppleHealthOptions = {}): EcgRecord {
  const lines = splitLines(text);
  while (lines.at(-1)?.trim() === '') lines.pop();
  const header = parseHeader(lines);
  if (header === undefined) throw new FormatError('BAD_CSV', 'no electrocardiogram of the Health app', { format: 'csv' });
  const { fs, unit, lead, firstRow } = header;
  if (options.fs !== undefined && options.fs !== fs) {
    throw new FormatError('FS_MISMATCH', `the file says ${fs} samples a second, ${options.fs} were asked for`, { format: 'csv' });
  }
  if (firstRow === lines.length) throw new FormatError('BAD_CSV', 'the table has no samples', { format: 'csv' });
  return { fs, sigName: [lead], units: [unit], signal: [parseColumn(lines, header)] };
}

function parseHeader(lines: string[]): Header | undefined {
  let found: { fs: number; point: Header['point'] } | undefined;
  let unit: Unit | undefined;
  let lead: string | undefined;
  const rows = Math.min(lines.length, MOST_ROWS);
  let row = 0;
  for (; row < rows; row++) {
    const line = lines[row]!.trim();
    if (SAMPLE.test(line) && unit !== undefined) break;
    const [, value] = /^[^,;\t]*[,;\t](.*)$/.exec(line) ?? [];
    const cell = value?.replaceAll('"', '').trim();
    if (cell === undefined) continue;
    const [, rate] = RATE.exec(cell) ?? [];
    if (rate !== undefined && found === undefined) found = { fs: Number(rate.replace(',', '.')), point: markOf(rate) };
    if (found === undefined) continue; // above the rate stand the patient's name and date of birth
    const known = unitOf(cell);
    if (known !== 'unknown' && known !== 'adc') unit = known;
    lead ??= standardLead(cell) ?? standardLead(cell.slice(cell.lastIndexOf(' ') + 1));
  }
  if (found === undefined || !(found.fs > 0 && found.fs < Number.POSITIVE_INFINITY) || unit === undefined) return undefined;
  // The watch has one lead: HealthKit knows no other than "similar to lead I".
  return { ...found, unit, lead: lead ?? 'I', firstRow: row };
}

function markOf(number: string): Header['point'] {
  return number.includes(',') ? ',' : number.includes('.') ? '.' : undefined;
}

function parseColumn(lines: string[], { firstRow, point }: Header): Float64Array {
  const samples = new Float64Array(lines.length - firstRow);
  let mark = point;
  for (let row = firstRow; row < lines.length; row++) {
    const cell = lines[row]!.trim();
    const place = { format: 'csv', line: row + 1 };
    if (!SAMPLE.test(cell)) throw new FormatError('NOT_A_NUMBER', 'a sample is no number', place);
    const own = markOf(cell);
    mark ??= own;
    // Commas that group thousands cannot be told from decimal commas by one number.
    if (own !== undefined && own !== mark) throw new FormatError('BAD_CSV', 'decimal points and decimal commas in one file', place);
    samples[row - firstRow] = Number(cell.replace(',', '.'));
  }
  return samples;
}
