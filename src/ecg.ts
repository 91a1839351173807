import { RecordError } from './errors.js';

/** Unit of one lead's `signal`. `adc`: raw converter integers; `unknown`: the source did not say. */
export type Unit = 'mV' | 'uV' | 'adc' | 'unknown';

export type SignalArray = Float32Array | Float64Array | Int16Array | Int32Array;

/** One recording in memory. All leads have `fs` samples a second and the same length. Names follow WFDB. */
export interface EcgRecord {
  /** Samples a second of every lead. */
  fs: number;
  /** Lead names as the source has them (`I`, `Lead II`, `avr`, …); order is free. */
  sigName: string[];
  units: Unit[];
  /** One array of samples for each lead, in its unit. NaN marks a sample that the source calls invalid. */
  signal: SignalArray[];
  /** Converter integers of each lead, where the source has them. Preprocessing prefers them: they are exact. */
  digital?: Int32Array[];
  /** Converter units per physical unit, for each lead: physical = (digital - baseline) / adcGain. */
  adcGain?: number[];
  /** Converter value of physical zero, for each lead. */
  baseline?: number[];
  /** Free text lines of the header, without their `#`. May hold patient data: never logged, never in a message. */
  comments?: string[];
}

/** The twelve standard leads, in the order of the network's rows. */
export const STANDARD_LEADS = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const;

/** The challenge's lead sets by their number of leads, and the eight that are independent of each other. */
export const LEAD_SETS: ReadonlyMap<number, readonly string[]> = new Map<number, readonly string[]>([
  [12, STANDARD_LEADS],
  [8, ['I', 'II', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']],
  [6, ['I', 'II', 'III', 'aVR', 'aVL', 'aVF']],
  [4, ['I', 'II', 'III', 'V2']],
  [3, ['I', 'II', 'V2']],
  [2, ['I', 'II']],
]);

const LEAD_BY_KEY = new Map<string, string>(STANDARD_LEADS.map((lead) => [lead.toLowerCase(), lead]));

/**
 * A lead among the words that devices put around it: `Lead II`, `ECG I`, `MDC_ECG_LEAD_AVR`, and DICOM's `Lead I (Einthoven)` and
 * `aVR, augmented voltage, right`. What else could be taken for a lead is none: `-aVR` is inverted, `I-II` a difference, `MLII` another site.
 */
const LEAD_NAME =
  /^(?:mdc[\s_.:-]*)?(?:e[ck]g[\s_.:-]*)?(?:lead[\s_.:-]*)?(i{1,3}|a[\s_.-]?v[\s_.-]?[rlf]|v[\s_.-]?[1-6])(?: \(einthoven\)|, augmented voltage.*)?$/;

/** The standard name of a lead, or undefined for anything else. Case does not count, nor do blanks and NUL characters around the name. */
export function standardLead(name: string): string | undefined {
  const [, lead] = LEAD_NAME.exec(name.replaceAll('\0', ' ').trim().toLowerCase()) ?? [];
  return lead === undefined ? undefined : LEAD_BY_KEY.get(lead.replace(/[\s_.-]/g, ''));
}

/** A record under so many seconds is read, and called short. */
export const SHORT_SECONDS = 5;

const LOWEST_FS = 50;
const HIGHEST_FS = 2000;

/** @throws RecordError `FS_OUT_OF_RANGE` */
export function checkRate({ fs }: EcgRecord): void {
  if (fs >= LOWEST_FS && fs <= HIGHEST_FS) return;
  throw new RecordError(
    'FS_OUT_OF_RANGE',
    `The record has ${fs} samples a second, expected ${LOWEST_FS} to ${HIGHEST_FS}: resample it, or correct its rate`,
  );
}

/** The samples of a lead as they are read: the integers, which are exact; a negative gain turns them upside down, and then `signal` is what the heart did. */
export function exactSamples({ signal, digital, adcGain }: EcgRecord, index: number): SignalArray {
  const upsideDown = (adcGain?.[index] ?? 1) < 0;
  return (upsideDown ? undefined : digital?.[index]) ?? signal[index]!;
}

/** Samples `start` to `end` - 1 of every lead. The arrays are views of the record's. */
export function cutRecord(record: EcgRecord, start: number, end: number): EcgRecord {
  const cut = <Values extends SignalArray>(values: Values) => values.subarray(start, end) as Values;
  return { ...record, signal: record.signal.map(cut), ...(record.digital ? { digital: record.digital.map(cut) } : {}) };
}

/** Where the leads that a network wants lie in a record. */
export interface LeadSelection {
  /** For each lead wanted its index in the record, or -1 where the record does not have it. */
  rows: number[];
  /** Names of the record's other leads, as the record has them. */
  ignored: string[];
}

/**
 * Finds `leads` (standard names, in the network's order) in a record that `checkRecord` accepts.
 *
 * @throws RecordError `DUPLICATE_LEAD` when two of the record's leads are the same lead, `NO_KNOWN_LEAD` when it has none of them,
 * `UNEQUAL_LENGTHS` when those it has differ in length, or `signal` and `digital` of one do.
 */
export function selectLeads(record: EcgRecord, leads: readonly string[]): LeadSelection {
  const rows = leads.map(() => -1);
  const ignored: string[] = [];
  record.sigName.forEach((name, index) => {
    const row = leads.indexOf(standardLead(name) ?? '');
    if (row < 0) ignored.push(name);
    else if (rows[row] === -1) rows[row] = index;
    else throw new RecordError('DUPLICATE_LEAD', 'the record has this lead twice', { lead: leads[row]! });
  });
  const found = rows.filter((index) => index >= 0);
  if (found.length === 0) throw new RecordError('NO_KNOWN_LEAD', `the record has none of the leads ${leads.join(', ')}`);
  const sigLen = record.signal[found[0]!]!.length;
  for (const index of found) {
    for (const samples of [record.signal[index]!, record.digital?.[index]]) {
      if (samples === undefined || samples.length === sigLen) continue;
      const message = `all leads must have the same number of samples: ${sigLen} and ${samples.length}`;
      throw new RecordError('UNEQUAL_LENGTHS', message, { lead: leads[rows.indexOf(index)]! });
    }
  }
  return { rows, ignored };
}

const UNITS: readonly unknown[] = ['mV', 'uV', 'adc', 'unknown'] satisfies Unit[];

const SIGNAL_TYPES = ['Float32Array', 'Float64Array', 'Int16Array', 'Int32Array'];

/**
 * Checks that a caller's object is an `EcgRecord`: types, a positive sampling frequency, and as many entries in every list as in
 * `sigName`. Whether the leads are of use is for `selectLeads` to say.
 *
 * @throws TypeError, RangeError
 */
export function checkRecord(record: unknown): asserts record is EcgRecord {
  if (typeof record !== 'object' || record === null) throw new TypeError(`"record" expected an EcgRecord, got ${typeName(record)}`);
  const { fs, sigName, units, signal, digital, adcGain, baseline } = record as Partial<EcgRecord>;
  checkFs(fs, 'record.fs');
  const names = checkList(sigName, 'record.sigName', checkString);
  if (names.length === 0) throw new RangeError('"record.sigName" expected at least one lead, got none');
  const lists = [
    ['record.units', checkList(units, 'record.units', checkUnit)],
    ['record.signal', checkList(signal, 'record.signal', typedArrayCheck(SIGNAL_TYPES))],
    ['record.digital', digital === undefined ? undefined : checkList(digital, 'record.digital', typedArrayCheck(['Int32Array']))],
    ['record.adcGain', adcGain === undefined ? undefined : checkList(adcGain, 'record.adcGain', checkNumber)],
    ['record.baseline', baseline === undefined ? undefined : checkList(baseline, 'record.baseline', checkNumber)],
  ] as const;
  for (const [title, list] of lists) {
    if (list && list.length !== names.length) {
      throw new RangeError(`"${title}" expected ${names.length} entries, one for each name in "record.sigName", got ${list.length}`);
    }
  }
}

/** @throws TypeError, RangeError unless `value` is a positive, finite number. */
export function checkFs(value: unknown, title: string): asserts value is number {
  checkNumber(value, title);
  if (!(value > 0)) throw new RangeError(`"${title}" expected a positive number, got ${value}`);
}

/** @throws TypeError, RangeError unless `value` is a `Unit`. */
export function checkUnit(value: unknown, title: string): asserts value is Unit {
  checkString(value, title);
  if (!UNITS.includes(value)) throw new RangeError(`"${title}" expected one of ${UNITS.join(', ')}`);
}

function checkNumber(value: unknown, title: string): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`"${title}" expected a number, got ${typeName(value)}`);
  if (!Number.isFinite(value)) throw new RangeError(`"${title}" expected a finite number, got ${value}`);
}

function checkString(value: unknown, title: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`"${title}" expected a string, got ${typeName(value)}`);
}

function typedArrayCheck(types: string[]): (value: unknown, title: string) => void {
  return (value, title) => {
    if (!types.includes(typeName(value))) throw new TypeError(`"${title}" expected ${types.join(', ')}, got ${typeName(value)}`);
  };
}

function checkList(value: unknown, title: string, check: (entry: unknown, title: string) => void): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`"${title}" expected an array, got ${typeName(value)}`);
  for (let index = 0; index < value.length; index++) check(value[index], `${title}[${index}]`); // forEach would pass over holes
  return value;
}

/** `Float32Array`, `Array`, `null`, `string`, …: by tag, so that an array from another realm is known for what it is. */
function typeName(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.prototype.toString.call(value).slice(8, -1);
}
