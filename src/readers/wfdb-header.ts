import { FormatError } from '../errors.js';
import { splitLines } from './text.js';

// The header of a WFDB record: https://physionet.org/physiotools/wag/header-5.htm

/** One signal line of a header; a field that the line leaves out has the standard's default, or is absent where there is none. */
export interface WfdbSignal {
  fileName: string;
  /** Storage format as written: `16`, `212`, … */
  format: string;
  samplesPerFrame: number;
  /** Samples by which this signal lags behind the others. */
  skew: number;
  /** Bytes before the first sample of the file. */
  byteOffset: number;
  /** Converter units per physical unit; 200 when absent or 0. */
  adcGain: number;
  /** Converter value of physical zero; `adcZero` when absent. */
  baseline: number;
  /** Physical unit as written; `mV` when absent. */
  units: string;
  /** Bits of the converter; 0 when absent. */
  adcResolution: number;
  adcZero: number;
  initialValue?: number;
  /** 16-bit sum of all samples, signed or unsigned as the header has it. */
  checksum?: number;
  blockSize: number;
  /** Description, as a rule the lead's name; empty when absent. */
  sigName: string;
  /** 1-based line of the header. */
  line: number;
}

export interface WfdbHeader {
  recordName: string;
  /** Segments of a multi-segment record, whose signal lines are not parsed. */
  segments?: number;
  /** Frames a second; 250 when absent, as the standard says. */
  fs: number;
  counterFrequency?: number;
  baseCounter?: number;
  /** Samples of each signal; absent when the header does not say, or says 0. */
  sigLen?: number;
  /** Time of day and date as written: the forms in use differ. */
  baseTime?: string;
  baseDate?: string;
  signals: WfdbSignal[];
  /** Comment lines without their `#`. May hold patient data. */
  comments: string[];
}

interface Line {
  text: string;
  number: number;
}

/**
 * Parses the text of a `.hea` file.
 *
 * @throws FormatError `BAD_HEADER` with the line, for text that is no WFDB header or contradicts itself.
 */
export function parseWfdbHeader(text: string): WfdbHeader {
  const lines: Line[] = [];
  const comments: string[] = [];
  splitLines(text).forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed.startsWith('#')) comments.push(trimmed.replace(/^#+/, '').trim());
    else if (trimmed !== '') lines.push({ text: trimmed, number: index + 1 });
  });
  const [recordLine, ...signalLines] = lines;
  if (!recordLine) throw new FormatError('BAD_HEADER', 'the header has no record line', { format: 'wfdb' });

  const { sigCount, ...record } = parseRecordLine(recordLine);
  if (record.segments !== undefined) return { ...record, signals: [], comments };
  if (signalLines.length !== sigCount) {
    throw bad(recordLine.number, `the record line announces ${sigCount} signals, the header has ${signalLines.length} signal lines`);
  }
  return { ...record, signals: signalLines.map(parseSignalLine), comments };
}

/** `name[/segments] signals [fs[/counterFrequency[(baseCounter)]] [sigLen [baseTime [baseDate]]]]` */
function parseRecordLine({ text, number }: Line): Omit<WfdbHeader, 'signals' | 'comments'> & { sigCount: number } {
  const [name = '', sigCount, rate, sigLen, ...start] = text.split(/\s+/);
  const [, recordName, segments] = /^([^/]+)(?:\/(\d+))?$/.exec(name) ?? [];
  if (recordName === undefined) throw bad(number, 'the record line does not begin with a record name');
  const [, fs, counterFrequency, baseCounter] = /^([^/(]+)(?:\/([^(]*))?(?:\(([^)]*)\))?$/.exec(rate ?? '250') ?? [];
  const header = {
    recordName,
    sigCount: count(sigCount, number, 'the number of signals'),
    fs: decimal(fs, number, 'the sampling frequency'),
    ...optional('segments', segments, (token) => count(token, number, 'the number of segments')),
    ...optional('counterFrequency', counterFrequency, (token) => decimal(token, number, 'the counter frequency')),
    ...optional('baseCounter', baseCounter, (token) => decimal(token, number, 'the base counter')),
    ...parseStart(start),
  };
  if (header.fs <= 0) throw bad(number, `the sampling frequency must be positive, got ${header.fs}`);
  const length = sigLen === undefined ? 0 : count(sigLen, number, 'the number of samples');
  return length === 0 ? header : { ...header, sigLen: length };
}

/** Time and date. The challenge's headers have the date first, against the standard. */
function parseStart([first, second]: string[]): { baseTime?: string; baseDate?: string } {
  const [baseTime, baseDate] = second?.includes(':') ? [second, first] : [first, second];
  return { ...(baseTime !== undefined && { baseTime }), ...(baseDate !== undefined && { baseDate }) };
}

/** `file format[xSPF][:skew][+offset] [gain[(baseline)][/units] [resolution [zero [initial [checksum [block [description]]]]]]]` */
function parseSignalLine({ text, number }: Line): WfdbSignal {
  const [fields, sigName] = splitFields(text, 8);
  const [fileName = '', storage = '', gain = '', resolution, zero, initial, checksum, block] = fields;
  const [, format, perFrame, skew, byteOffset] = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/.exec(storage) ?? [];
  if (format === undefined) throw bad(number, 'the second field is no storage format such as 16, 212 or 16x1:0+24');
  const [, gainValue, baseline, units] = /^([^(/]*)(?:\(([^)]*)\))?(?:\/(.*))?$/.exec(gain) ?? [];
  if (gainValue === undefined) throw bad(number, 'the gain must be written as gain(baseline)/units');
  const adcZero = zero === undefined ? 0 : integer(zero, number, 'the ADC zero');
  return {
    fileName,
    format,
    samplesPerFrame: Number(perFrame ?? 1),
    skew: Number(skew ?? 0),
    byteOffset: Number(byteOffset ?? 0),
    adcGain: (gainValue && decimal(gainValue, number, 'the gain')) || 200,
    baseline: baseline ? integer(baseline, number, 'the baseline') : adcZero,
    units: units || 'mV',
    adcResolution: resolution === undefined ? 0 : integer(resolution, number, 'the ADC resolution'),
    adcZero,
    ...optional('initialValue', initial, (token) => integer(token, number, 'the initial value')),
    ...optional('checksum', checksum, (token) => integer(token, number, 'the checksum')),
    blockSize: block === undefined ? 0 : integer(block, number, 'the block size'),
    sigName,
    line: number,
  };
}

/** The first `limit` fields of a line, and all that follows them. */
function splitFields(text: string, limit: number): [fields: string[], rest: string] {
  const fields: string[] = [];
  const field = /\S+/g;
  let rest = 0;
  while (fields.length < limit) {
    const match = field.exec(text);
    if (!match) return [fields, ''];
    fields.push(match[0]);
    rest = field.lastIndex;
  }
  return [fields, text.slice(rest).trim()];
}

function optional<K extends string>(key: K, token: string | undefined, parse: (token: string) => number): { [P in K]?: number } {
  return (token === undefined ? {} : { [key]: parse(token) }) as { [P in K]?: number };
}

function decimal(token: string | undefined, line: number, what: string): number {
  const value = token !== undefined && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(token) ? Number(token) : Number.NaN;
  if (!Number.isFinite(value)) throw bad(line, `${what} is not a number`);
  return value;
}

function integer(token: string, line: number, what: string): number {
  const value = /^[+-]?\d+$/.test(token) ? Number(token) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw bad(line, `${what} is not an integer`);
  return value + 0; // no -0
}

function count(token: string | undefined, line: number, what: string): number {
  if (token === undefined) throw bad(line, `${what} is missing`);
  const value = integer(token, line, what);
  if (value < 0) throw bad(line, `${what} is negative`);
  return value;
}

function bad(line: number, message: string): FormatError {
  return new FormatError('BAD_HEADER', message, { format: 'wfdb', line });
}
