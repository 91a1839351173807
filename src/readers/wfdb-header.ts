import { type ErrorPlace, FormatError } from '../errors.js';
import { checkLeadCount } from './limits.js';
import { splitLines } from './text.js';

// The header of a WFDB record: https://physionet.org/physiotools/wag/header-5.htm

/** One signal line of a header; a field that the line leaves out has the standard's default, or is absent where there is none. */
export interface WfdbSignal {
  fileName: string;
  /** Storage format as written: `16`, `212`, … */
  format: string;
  samplesPerFrame: number;
  /** Frames by which this signal lags behind the others in the file. */
  skew: number;
  /** Bytes before the first sample of the file; samples of each signal where it is FLAC. */
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
  /** First sample; where the format is 8, what the first difference is added to (`adcZero` when absent). */
  initialValue?: number;
  /** 16-bit sum of all samples, signed or unsigned as the header has it. */
  checksum?: number;
  blockSize: number;
  /** Description, as a rule the lead's name; empty when absent. */
  sigName: string;
  /** 1-based line of the header. */
  line: number;
  /** Name of the header, where it was given. */
  headerName?: string;
}

/** One line of a multi-segment record's header. */
export interface WfdbSegmentLine {
  /** Name of the segment's own header without its ending, or `~` for a gap. */
  recordName: string;
  /** Frames; 0 for the layout segment at the head of a record of variable layout. */
  sigLen: number;
  /** 1-based line of the header. */
  line: number;
}

export interface WfdbHeader {
  recordName: string;
  /** Number of signals, as the record line has it. */
  sigCount: number;
  /** Number of segments of a multi-segment record, which has no signal lines. */
  segments?: number;
  /** The segments of a multi-segment record, in time order. */
  segmentLines?: WfdbSegmentLine[];
  /** Frames a second; 250 when absent, as the standard says. */
  fs: number;
  counterFrequency?: number;
  baseCounter?: number;
  /** Frames: samples of each signal that has one in a frame. Absent when the header does not say, or says 0. */
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
  place: ErrorPlace & { line: number };
}

/**
 * Parses the text of a `.hea` file, whose name is for errors only.
 *
 * @throws FormatError `TOO_MANY_LEADS`, and `BAD_HEADER` with the line, for text that is no WFDB header or contradicts itself.
 */
export function parseWfdbHeader(text: string, headerName?: string): WfdbHeader {
  const file = headerName === undefined ? {} : { file: headerName };
  const lines: Line[] = [];
  const comments: string[] = [];
  splitLines(text).forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed.startsWith('#')) comments.push(trimmed.replace(/^#+/, '').trim());
    else if (trimmed !== '') lines.push({ text: trimmed, place: { format: 'wfdb', ...file, line: index + 1 } });
  });
  const [recordLine, ...signalLines] = lines;
  if (!recordLine) throw bad({ format: 'wfdb', ...file }, 'the header has no record line');

  const record = parseRecordLine(recordLine);
  const isMulti = record.segments !== undefined;
  const expected = record.segments ?? record.sigCount;
  if (signalLines.length !== expected) {
    const what = isMulti ? 'segment' : 'signal';
    throw bad(recordLine.place, `the record line announces ${expected} ${what}s, the header has ${signalLines.length} ${what} lines`);
  }
  if (isMulti) return { ...record, segmentLines: parseSegmentLines(signalLines, record.sigLen, recordLine.place), signals: [], comments };
  checkLeadCount(signalLines.length, 'wfdb');
  return { ...record, signals: signalLines.map(parseSignalLine), comments };
}

/** `name[/segments] signals [fs[/counterFrequency[(baseCounter)]] [sigLen [baseTime [baseDate]]]]` */
function parseRecordLine({ text, place }: Line): Omit<WfdbHeader, 'signals' | 'segmentLines' | 'comments'> {
  const [name = '', sigCount, rate, sigLen, ...start] = text.split(/\s+/);
  const [, recordName, segments] = /^([^/]+)(?:\/(\d+))?$/.exec(name) ?? [];
  if (recordName === undefined) throw bad(place, 'the record line does not begin with a record name');
  const [, fs, counterFrequency, baseCounter] = /^([^/(]+)(?:\/([^(]*))?(?:\(([^)]*)\))?$/.exec(rate ?? '250') ?? [];
  const header = {
    recordName,
    sigCount: count(sigCount, place, 'the number of signals'),
    fs: decimal(fs, place, 'the sampling frequency'),
    ...optional('segments', segments, (token) => count(token, place, 'the number of segments')),
    ...optional('counterFrequency', counterFrequency, (token) => decimal(token, place, 'the counter frequency')),
    ...optional('baseCounter', baseCounter, (token) => decimal(token, place, 'the base counter')),
    ...parseStart(start),
  };
  if (header.fs <= 0) throw bad(place, `the sampling frequency must be positive, got ${header.fs}`);
  if (header.segments === 0) throw bad(place, 'a record has one segment at least');
  const length = sigLen === undefined ? 0 : count(sigLen, place, 'the number of samples');
  return length === 0 ? header : { ...header, sigLen: length };
}

/** Time and date. The challenge's headers have the date first, against the standard. */
function parseStart([first, second]: string[]): { baseTime?: string; baseDate?: string } {
  const [baseTime, baseDate] = second?.includes(':') ? [second, first] : [first, second];
  return { ...(baseTime !== undefined && { baseTime }), ...(baseDate !== undefined && { baseDate }) };
}

/** `name frames`, line by line. */
function parseSegmentLines(lines: Line[], sigLen: number | undefined, recordLine: ErrorPlace): WfdbSegmentLine[] {
  const segments = lines.map(({ text, place }) => {
    const [recordName = '', frames] = text.split(/\s+/);
    return { recordName, sigLen: count(frames, place, 'the number of samples'), line: place.line };
  });
  const sum = segments.reduce((total, segment) => total + segment.sigLen, 0);
  if (!Number.isSafeInteger(sum) || (sigLen !== undefined && sigLen !== sum)) {
    throw bad(recordLine, `the record line announces ${sigLen ?? 'no number of'} samples, the segments have ${sum}`);
  }
  return segments;
}

/** `file format[xSPF][:skew][+offset] [gain[(baseline)][/units] [resolution [zero [initial [checksum [block [description]]]]]]]` */
function parseSignalLine({ text, place }: Line): WfdbSignal {
  const [fields, sigName] = splitFields(text, 8);
  const [fileName = '', storage = '', gain = '', resolution, zero, initial, checksum, block] = fields;
  const [, format, perFrame, skew, byteOffset] = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/.exec(storage) ?? [];
  if (format === undefined) throw bad(place, 'the second field is no storage format such as 16, 212 or 16x1:0+24');
  const [, gainValue, baseline, units] = /^([^(/]*)(?:\(([^)]*)\))?(?:\/(.*))?$/.exec(gain) ?? [];
  if (gainValue === undefined) throw bad(place, 'the gain must be written as gain(baseline)/units');
  const adcZero = zero === undefined ? 0 : integer(zero, place, 'the ADC zero');
  const samplesPerFrame = count(perFrame ?? '1', place, 'the number of samples in a frame');
  if (samplesPerFrame === 0) throw bad(place, 'a frame must have one sample of each signal at least');
  return {
    fileName,
    format,
    samplesPerFrame,
    skew: count(skew ?? '0', place, 'the skew'),
    byteOffset: count(byteOffset ?? '0', place, 'the byte offset'),
    adcGain: (gainValue && decimal(gainValue, place, 'the gain')) || 200,
    baseline: baseline ? integer(baseline, place, 'the baseline') : adcZero,
    units: units || 'mV',
    adcResolution: resolution === undefined ? 0 : integer(resolution, place, 'the ADC resolution'),
    adcZero,
    ...optional('initialValue', initial, (token) => integer(token, place, 'the initial value')),
    ...optional('checksum', checksum, (token) => integer(token, place, 'the checksum')),
    blockSize: block === undefined ? 0 : integer(block, place, 'the block size'),
    sigName,
    line: place.line,
    ...(place.file !== undefined && { headerName: place.file }),
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

function decimal(token: string | undefined, place: ErrorPlace, what: string): number {
  const value = token !== undefined && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(token) ? Number(token) : Number.NaN;
  if (!Number.isFinite(value)) throw bad(place, `${what} is not a number`);
  return value;
}

function integer(token: string, place: ErrorPlace, what: string): number {
  const value = /^[+-]?\d+$/.test(token) ? Number(token) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw bad(place, `${what} is not an integer`);
  return value + 0; // no -0
}

function count(token: string | undefined, place: ErrorPlace, what: string): number {
  if (token === undefined) throw bad(place, `${what} is missing`);
  const value = integer(token, place, what);
  if (value < 0) throw bad(place, `${what} is negative`);
  return value;
}

function bad(place: ErrorPlace, message: string): FormatError {
  return new FormatError('BAD_HEADER', message, place);
}

/** Where a signal stands. */
export function placeOf({ line, headerName }: WfdbSignal): ErrorPlace {
  return { format: 'wfdb', ...(headerName !== undefined && { file: headerName }), line };
}
