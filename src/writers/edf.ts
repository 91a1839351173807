import { checkRecord, type EcgRecord, type SignalArray, standardLead, type Unit } from '../ecg.js';
import { RecordError } from '../errors.js';
import { edfRate } from '../readers/edf.js';
import { RECORDING_ENDS } from '../readers/edf-annotations.js';
import { isAnnotationLabel } from '../readers/edf-header.js';
import { digitize } from './digital.js';

const LOWEST = -32768;
const HIGHEST = 32767;
const LABEL_CHARACTERS = 16;
const NUMBER_CHARACTERS = 8;
const UNITS: Record<Unit, string> = { mV: 'mV', uV: 'uV', adc: 'adc', unknown: '' };

/** One signal as it is stored, its limits as text. */
interface StoredSignal {
  label: string;
  dimension: string;
  physicalMinimum: string;
  physicalMaximum: string;
  samplesPerRecord: number;
  /** The limits of the integers, LOWEST and HIGHEST if left out. */
  digitalMinimum?: number;
  digitalMaximum?: number;
}

/** Integers of one lead, and what its physical limits are. */
type StoredLead = Omit<StoredSignal, 'label' | 'dimension' | 'samplesPerRecord'> & { digital: ArrayLike<number> };

/**
 * The record as EDF+C (sources: `readers/edf-header.ts`), without names, dates and comments.
 *
 * A lead whose `digital` fits 16 bits is stored as it is, as is a `signal` without `digital` of which a usual gain makes whole numbers: `readEdf` gives them
 * back with their gain and baseline. Any other lead is scaled to 16 bits over its own range, with an error of half a step at most. The header has
 * eight characters for a limit: a gain that they cannot give exactly comes back within half a step, too.
 *
 * A length that no data record of a tenth of a second up to a minute divides is filled up with the last sample, and an annotation
 * `Recording ends` says where it ends; `readEdf` heeds it. Labels get EDF's type `ECG ` before standard leads; other names are cut to 16
 * ASCII characters.
 *
 * @throws TypeError, RangeError for an object that is no record, without samples or with leads of different lengths
 * @throws RecordError `EDF_NOT_FINITE` for NaN or infinity, which EDF cannot hold, `EDF_RANGE` for values that need more than eight
 * characters, `EDF_RATE` for a sampling frequency that gives no whole number of samples in a data record.
 */
export function formatEdf(record: EcgRecord): Uint8Array {
  checkRecord(record);
  const sigLen = record.signal[0]!.length;
  if (sigLen === 0) throw new RangeError('"record.signal" expected at least one sample');
  for (const { length } of [...record.signal, ...(record.digital ?? [])]) {
    if (length !== sigLen) throw new RangeError(`"record" expected ${sigLen} samples in every lead, got ${length}`);
  }
  const { samplesPerRecord, hundredths } = recordLength(record.fs, sigLen);
  const records = Math.ceil(sigLen / samplesPerRecord);
  const lists = Array.from({ length: records }, (_, index) => `+${(index * hundredths) / 100}\x14\x14\0`);
  if (records * samplesPerRecord > sigLen)
    lists[records - 1] += `+${trimZeros((sigLen / record.fs).toFixed(9))}\x14${RECORDING_ENDS}\x14\0`;
  const listSamples = Math.ceil(lists.reduce((most, { length }) => Math.max(most, length), 0) / 2);

  const leads = record.sigName.map((_, lead) => storeLead(record, lead));
  const header = formatHeader(records, hundredths / 100, [
    ...leads.map((lead, index) => ({
      ...lead,
      label: labelOf(record.sigName[index]!),
      dimension: UNITS[record.units[index]!],
      samplesPerRecord,
    })),
    { label: 'EDF Annotations', dimension: '', physicalMinimum: '-1', physicalMaximum: '1', samplesPerRecord: listSamples },
  ]);
  const bytes = new Uint8Array(header.length + records * 2 * (leads.length * samplesPerRecord + listSamples));
  putText(bytes, 0, header);
  const view = new DataView(bytes.buffer);
  let offset = header.length;
  for (let index = 0; index < records; index++) {
    for (const { digital } of leads) {
      for (let t = index * samplesPerRecord; t < (index + 1) * samplesPerRecord; t++, offset += 2) {
        view.setInt16(offset, digital[Math.min(t, sigLen - 1)]!, true);
      }
    }
    putText(bytes, offset, lists[index]!);
    offset += 2 * listSamples;
  }
  return bytes;
}

/** The samples and the duration of a data record: whole seconds first, one second if it divides the length. */
function recordLength(fs: number, sigLen: number): { samplesPerRecord: number; hundredths: number } {
  const durations = Array.from({ length: 60 }, (_, second) => 100 * (second + 1));
  for (let hundredths = 99; hundredths >= 10; hundredths--) durations.push(hundredths);
  const fitting = durations
    .map((hundredths) => ({ hundredths, samplesPerRecord: Math.round((fs * hundredths) / 100) }))
    .filter(({ hundredths, samplesPerRecord }) => samplesPerRecord > 0 && edfRate(samplesPerRecord, hundredths / 100) === fs);
  const chosen = fitting.find(({ samplesPerRecord }) => sigLen % samplesPerRecord === 0) ?? fitting[0];
  if (chosen) return chosen;
  throw new RecordError('EDF_RATE', `EDF cannot give a sampling frequency of ${fs} exactly: resample the record`, { format: 'edf' });
}

function storeLead(record: EcgRecord, lead: number): StoredLead {
  const signal = record.signal[lead]!;
  if (!signal.every(Number.isFinite)) {
    const message = 'a lead has samples that are not numbers, which EDF cannot hold: write a part without gaps, or another format';
    throw new RecordError('EDF_NOT_FINITE', message, placeOf(record, lead));
  }
  const integers = integersOf(record, lead);
  const stored = (integers && storeIntegers(integers)) ?? storeScaled(signal);
  if (stored) return stored;
  throw new RecordError('EDF_RANGE', 'the values of a lead are too large for a header of EDF', placeOf(record, lead));
}

interface Integers {
  values: ArrayLike<number>;
  adcGain: number;
  baseline: number;
}

/** Integers of 16 bits that the record has for a lead, with their scale. */
function integersOf({ signal, digital, adcGain, baseline }: EcgRecord, lead: number): Integers | undefined {
  const gain = adcGain?.[lead];
  if (!digital || !gain) return wholeNumbers(signal[lead]!);
  const integers = { values: digital[lead]!, adcGain: gain, baseline: baseline?.[lead] ?? 0 };
  const { values } = integers;
  for (let t = 0; t < values.length; t++) {
    if (!(Number.isInteger(values[t]) && values[t]! >= LOWEST && values[t]! <= HIGHEST)) return undefined;
  }
  return integers;
}

function wholeNumbers(signal: SignalArray): Integers | undefined {
  const { digital, gain, error } = digitize(signal);
  return error === 0 ? { values: digital, adcGain: gain, baseline: 0 } : undefined;
}

/** With limits around the values that eight characters give exactly, where there are any, the widest of them. */
function storeIntegers({ values, adcGain, baseline }: Integers): StoredLead | undefined {
  const [least, most] = rangeOf(values);
  const physical = (digital: number) => (digital - baseline) / adcGain;
  const isExact = (digital: number) => `${physical(digital)}`.length <= NUMBER_CHARACTERS && !`${physical(digital)}`.includes('e');
  let low = LOWEST;
  while (low < least && !isExact(low)) low++;
  let high = HIGHEST;
  while (high > most && !isExact(high)) high--;
  if (!isExact(low)) low = LOWEST;
  if (!isExact(high)) high = HIGHEST;
  if (low === high) return undefined;
  const [physicalMinimum, physicalMaximum] = [low, high].map((digital) => numberText(physical(digital)));
  if (physicalMinimum === undefined || physicalMaximum === undefined) return undefined;
  const errors = [Number(physicalMinimum) - physical(low), Number(physicalMaximum) - physical(high)];
  if (errors.some((error) => Math.abs(error * adcGain) > 0.5)) return undefined;
  return { digital: values, digitalMinimum: low, digitalMaximum: high, physicalMinimum, physicalMaximum };
}

/** With all 16 bits for the range of the values, its ends rounded outwards to eight characters. */
function storeScaled(signal: SignalArray): StoredLead | undefined {
  const [least, most] = rangeOf(signal);
  const physicalMinimum = numberText(least, (value) => value <= least);
  const physicalMaximum = numberText(most, (value) => value >= most && value > Number(physicalMinimum));
  if (physicalMinimum === undefined || physicalMaximum === undefined) return undefined;
  const bottom = Number(physicalMinimum);
  const step = (Number(physicalMaximum) - bottom) / (HIGHEST - LOWEST);
  const digital = Int16Array.from(signal, (value) => Math.min(HIGHEST, LOWEST + Math.round((value - bottom) / step)));
  return { digital, physicalMinimum, physicalMaximum };
}

function rangeOf(values: ArrayLike<number>): [least: number, most: number] {
  let least = values[0]!;
  let most = values[0]!;
  for (let t = 1; t < values.length; t++) {
    least = Math.min(least, values[t]!);
    most = Math.max(most, values[t]!);
  }
  return [least, most];
}

/** The decimal of at most eight characters nearest to `value`, or the nearest that `accepts` takes; undefined where there is none. */
function numberText(value: number, accepts: (candidate: number) => boolean = () => true): string | undefined {
  for (let places = NUMBER_CHARACTERS - 2; places >= 0; places--) {
    for (const candidate of [value, value - Number(`1e-${places}`), value + Number(`1e-${places}`)]) {
      const text = trimZeros(candidate.toFixed(places));
      if (text.length <= NUMBER_CHARACTERS && !text.includes('e') && accepts(Number(text))) return text;
    }
  }
  return undefined;
}

/** Without zeros at the end of a fraction, and without the sign of zero. */
function trimZeros(decimal: string): string {
  const text = decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
  return text === '-0' ? '0' : text;
}

function labelOf(name: string): string {
  const plain = name
    .trim()
    .replaceAll('\0', '')
    .replace(/[^\x20-\x7e]/g, '?');
  const lead = standardLead(plain);
  if (lead !== undefined) {
    const label = /^e[ck]g/i.test(plain) ? plain : `ECG ${plain}`;
    return label.length <= LABEL_CHARACTERS ? label : `ECG ${lead}`;
  }
  const label = plain.slice(0, LABEL_CHARACTERS).trim();
  // What is cut off must not make a lead of it, nor a list of annotations.
  const isOther = standardLead(label) === undefined && !isAnnotationLabel(label);
  return isOther ? label : `?${label}`.slice(0, LABEL_CHARACTERS);
}

function formatHeader(records: number, recordSeconds: number, signals: StoredSignal[]): string {
  const column = (width: number, value: (signal: StoredSignal) => string | number) =>
    signals.map((signal) => `${value(signal)}`.padEnd(width)).join('');
  return [
    '0'.padEnd(8),
    'X X X X'.padEnd(80), // patient: code, sex, birthdate, name
    'Startdate X X X X'.padEnd(80),
    '01.01.85', // EDF+'s date for none
    '00.00.00',
    `${256 * (signals.length + 1)}`.padEnd(8),
    'EDF+C'.padEnd(44),
    `${records}`.padEnd(8),
    `${recordSeconds}`.padEnd(8),
    `${signals.length}`.padEnd(4),
    column(16, ({ label }) => label),
    column(80, () => ''),
    column(8, ({ dimension }) => dimension),
    column(8, ({ physicalMinimum }) => physicalMinimum),
    column(8, ({ physicalMaximum }) => physicalMaximum),
    column(8, ({ digitalMinimum }) => digitalMinimum ?? LOWEST),
    column(8, ({ digitalMaximum }) => digitalMaximum ?? HIGHEST),
    column(80, () => ''),
    column(8, ({ samplesPerRecord }) => samplesPerRecord),
    column(32, () => ''),
  ].join('');
}

function putText(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}

function placeOf(record: EcgRecord, lead: number): { format: string; lead?: string } {
  const known = standardLead(record.sigName[lead]!);
  return { format: 'edf', ...(known !== undefined && { lead: known }) };
}
