import { type EcgRecord, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import type { DataSet, Wanted } from './dicom-tags.js';
import { checkLeadCount } from './limits.js';
import { unitOf } from './units.js';

// The waveform module, DICOM PS3.3 section C.10.9: multiplex groups of channels sampled together. Lead codes: PS3.16 CID 3001.

const WAVEFORMS = 0x54000100;
const TIME_OFFSET = 0x00181068;
const ORIGINALITY = 0x003a0004;
const CHANNEL_COUNT = 0x003a0005;
const SAMPLE_COUNT = 0x003a0010;
const SAMPLING_FREQUENCY = 0x003a001a;
const GROUP_LABEL = 0x003a0020;
const CHANNELS = 0x003a0200;
const CHANNEL_LABEL = 0x003a0203;
const SOURCE = 0x003a0208;
const SENSITIVITY = 0x003a0210;
const UNITS = 0x003a0211;
const CORRECTION = 0x003a0212;
const BASELINE = 0x003a0213;
const TIME_SKEW = 0x003a0214;
const SAMPLE_SKEW = 0x003a0215;
const CHANNEL_OFFSET = 0x003a0218;
const BITS_STORED = 0x003a021a;
const BITS_ALLOCATED = 0x54001004;
const INTERPRETATION = 0x54001006;
const PADDING = 0x5400100a;
const WAVEFORM_DATA = 0x54001010;
const CODE = 0x00080100;
const CODE_SCHEME = 0x00080102;
const CODE_MEANING = 0x00080104;

const VALUES = [TIME_OFFSET, ORIGINALITY, CHANNEL_COUNT, SAMPLE_COUNT, SAMPLING_FREQUENCY, GROUP_LABEL, CHANNEL_LABEL, SENSITIVITY]
  .concat([CORRECTION, BASELINE, TIME_SKEW, SAMPLE_SKEW, CHANNEL_OFFSET, BITS_STORED, BITS_ALLOCATED, INTERPRETATION, PADDING])
  .concat([WAVEFORM_DATA, CODE, CODE_SCHEME, CODE_MEANING]);

/** What is read of a data set. */
export const WAVEFORM_TAGS: Wanted = { values: new Set(VALUES), sequences: new Set([WAVEFORMS, CHANNELS, SOURCE, UNITS]) };

export interface DicomOptions {
  /** The multiplex group to read, from 1, where a file has several and the right one is not plain. */
  group?: number;
  /** `ignore`: reads channels that were sampled one after the other as if at once. */
  skew?: 'ignore';
}

/** Codes of MDC (`2:1`) and of SCP-ECG before it (`5.6.3-9-1`), by their last number. */
const LEADS: ReadonlyMap<string, string> = new Map([
  ...['I', 'II', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'].map((lead, index) => [String(index + 1), lead] as const),
  ...['III', 'aVR', 'aVL', 'aVF'].map((lead, index) => [String(index + 61), lead] as const),
]);

interface SampleKind {
  bits: number;
  signed: boolean;
  get(view: DataView, offset: number): number;
}

const SAMPLE_KINDS = new Map<string, SampleKind>([
  ['SB', { bits: 8, signed: true, get: (view, offset) => view.getInt8(offset) }],
  ['UB', { bits: 8, signed: false, get: (view, offset) => view.getUint8(offset) }],
  ['SS', { bits: 16, signed: true, get: (view, offset) => view.getInt16(offset, true) }],
  ['US', { bits: 16, signed: false, get: (view, offset) => view.getUint16(offset, true) }],
  ['SL', { bits: 32, signed: true, get: (view, offset) => view.getInt32(offset, true) }],
]);

/** Bound on a step between samples and on an offset, in any unit; the inverse of a step too. */
const MOST = 1e9;

interface Channel {
  name: string;
  /** The standard lead that it is, if any. */
  lead: string | undefined;
  unit: Unit;
  sensitivity: number;
  correction: number;
  baseline: number;
  /** How far its samples lie behind the group's, in samples. */
  skew: number;
  bitsStored: number;
}

interface Group {
  item: DataSet;
  fs: number;
  sigLen: number;
  offsetMilliseconds: number;
  isOriginal: boolean;
  label: string;
  kind: SampleKind;
  channels: Channel[];
}

/**
 * The rhythm among the multiplex groups of a data set, as a record.
 *
 * @throws FormatError as `readDicom` says
 * @throws RangeError for a `group` that the file does not have
 */
export function readWaveforms(dataSet: DataSet, { group, skew }: DicomOptions): EcgRecord {
  const groups = dataSet.items(WAVEFORMS).map(readGroup);
  if (groups.length === 0) throw bad('the data set holds no waveform', dataSet);
  if (group !== undefined && !groups[group - 1]) {
    throw new RangeError(`"group" expected a whole number from 1 to ${groups.length}, got ${group}`);
  }
  const chosen = group === undefined ? chooseGroups(groups) : [groups[group - 1]!];
  const channels = chosen.flatMap((one) => one.channels);
  if (skew !== 'ignore') checkSkew(channels, chosen[0]!.item);
  const samples = chosen.flatMap((one) => one.channels.map((_, index) => demultiplex(one, index)));
  return {
    fs: chosen[0]!.fs,
    sigName: channels.map(({ name }) => name),
    units: channels.map(({ unit }) => unit),
    signal: samples.map(({ signal }) => signal),
    digital: samples.map(({ digital }) => digital),
    adcGain: channels.map(({ sensitivity, correction }) => 1 / (sensitivity * correction)),
    baseline: channels.map(({ sensitivity, correction, baseline }) => 0 - baseline / (sensitivity * correction)),
  };
}

function readGroup(item: DataSet): Group {
  const fs = required(item.decimal(SAMPLING_FREQUENCY), 'sampling frequency', item);
  const sigLen = required(item.uint(SAMPLE_COUNT), 'number of samples', item);
  const channelCount = required(item.uint(CHANNEL_COUNT), 'number of channels', item);
  const definitions = item.items(CHANNELS);
  if (!(fs > 0)) throw bad(`a sampling frequency of ${fs} Hz`, item);
  if (sigLen === 0 || channelCount === 0) throw bad(`a waveform of ${channelCount} channels and ${sigLen} samples`, item);
  if (definitions.length !== channelCount) {
    throw bad(`the waveform has ${channelCount} channels, of which ${definitions.length} are described`, item);
  }
  checkLeadCount(channelCount, 'dicom');
  const kind = kindOf(item);
  checkData(item, (kind.bits / 8) * sigLen * channelCount);
  return {
    item,
    fs,
    sigLen,
    offsetMilliseconds: item.decimal(TIME_OFFSET) ?? 0,
    isOriginal: item.text(ORIGINALITY) !== 'DERIVED',
    label: item.text(GROUP_LABEL)?.toUpperCase() ?? '',
    kind,
    channels: definitions.map((definition) => readChannel(definition, fs, kind)),
  };
}

/** Section C.10.9.1.5. The companded kinds are for sound; unsigned 32 and all 64 bits do not fit into `digital`. */
function kindOf(item: DataSet): SampleKind {
  const name = required(item.text(INTERPRETATION), 'sample interpretation', item);
  const bits = required(item.uint(BITS_ALLOCATED), 'number of bits allocated', item);
  const kind = SAMPLE_KINDS.get(name);
  if (kind?.bits === bits) return kind;
  if (kind) throw bad(`samples of kind ${name} in ${bits} bits, expected ${kind.bits}`, item);
  const shown = /^[A-Z]{2}$/.test(name) ? name : 'that is none';
  const message = `samples of kind ${shown}: ${[...SAMPLE_KINDS.keys()].join(', ')} are read`;
  throw new FormatError('UNSUPPORTED_DICOM', message, { format: 'dicom', offset: item.offset });
}

/** One byte pads an odd length. */
function checkData(item: DataSet, expected: number): void {
  const { length } = required(item.bytes(WAVEFORM_DATA), 'waveform data', item);
  if (length === expected || length === expected + (expected % 2)) return;
  const message = `the waveform needs ${expected} bytes, its data have ${length}`;
  throw new FormatError(length < expected ? 'TRUNCATED' : 'BAD_DICOM', message, { format: 'dicom', offset: item.offset });
}

function readChannel(definition: DataSet, fs: number, kind: SampleKind): Channel {
  const bitsStored = definition.uint(BITS_STORED) ?? kind.bits;
  if (bitsStored < 2 || bitsStored > kind.bits) throw bad(`a channel stores ${bitsStored} of ${kind.bits} bits`, definition);
  const sensitivity = definition.decimal(SENSITIVITY);
  const correction = definition.decimal(CORRECTION) ?? 1;
  const scale =
    sensitivity === undefined
      ? { unit: 'adc' as const, sensitivity: 1, correction: 1, baseline: 0 }
      : { unit: readUnit(definition), sensitivity, correction, baseline: definition.decimal(BASELINE) ?? 0 };
  const step = Math.abs(scale.sensitivity * scale.correction);
  if (!(step >= 1 / MOST && step <= MOST && Math.abs(scale.baseline) <= MOST))
    throw bad('the scale of a channel is no measure', definition);
  const lagSeconds = (definition.decimal(TIME_SKEW) ?? 0) + (definition.decimal(CHANNEL_OFFSET) ?? 0);
  return { ...readLead(definition), ...scale, skew: lagSeconds * fs + (definition.decimal(SAMPLE_SKEW) ?? 0), bitsStored };
}

/** UCUM codes: case counts (`MV` is a million volts). */
function readUnit(definition: DataSet): Unit {
  const code = definition.items(UNITS)[0]?.text(CODE);
  return code === undefined || code.startsWith('M') ? 'unknown' : unitOf(code);
}

function readLead(definition: DataSet): { name: string; lead: string | undefined } {
  const source = definition.items(SOURCE)[0];
  const meaning = source?.text(CODE_MEANING) ?? definition.text(CHANNEL_LABEL) ?? '';
  const [, number = ''] = /^(?:2:|5\.6\.3-9-)(\d+)$/.exec(source?.text(CODE) ?? '') ?? [];
  const isLeadCode = number !== '' && /^(?:MDC|SCPECG)$/.test(source?.text(CODE_SCHEME) ?? '');
  const said = standardLead(meaning);
  if (!isLeadCode) return { name: said ?? meaning, lead: said };
  const coded = LEADS.get(number);
  if (said !== undefined && said !== coded) throw bad(`a channel is coded as ${coded ?? 'another lead'} and called ${said}`, definition);
  return { name: coded ?? meaning, lead: coded };
}

/**
 * The groups that make up the rhythm: the best one, by origin, label, leads and duration, and those sampled with it. Median beats and
 * other templates are none.
 */
function chooseGroups(groups: Group[]): Group[] {
  const rhythms = groups.filter(({ label }) => !/MEDIAN|BEAT|AVERAGE|TEMPLATE|REPRESENTATIVE/.test(label));
  if (rhythms.length === 0) {
    const message = 'the file holds beats made from a recording, but no recording: { group: 1 } reads the first of them';
    throw new FormatError('NO_RHYTHM', message, { format: 'dicom' });
  }
  const leadCount = ({ channels }: Group) => channels.filter(({ lead }) => lead !== undefined).length;
  const rank = (one: Group) => [Number(one.isOriginal), Number(/RHYTHM/.test(one.label)), leadCount(one), one.sigLen / one.fs];
  const best = rhythms.reduce((first, second) => (isHigher(rank(second), rank(first)) ? second : first));
  const chosen = [best];
  const leads = new Set(best.channels.map(({ lead }) => lead));
  for (const other of rhythms) {
    const fresh = other.channels.filter(({ lead }) => lead !== undefined && !leads.has(lead));
    if (other.isOriginal !== best.isOriginal || fresh.length === 0) continue;
    const isTogether =
      other.fs === best.fs &&
      other.sigLen === best.sigLen &&
      other.offsetMilliseconds === best.offsetMilliseconds &&
      other.kind === best.kind;
    if (!isTogether || fresh.length < other.channels.length) {
      const which = `${groups.indexOf(best) + 1} and ${groups.indexOf(other) + 1}`;
      const message = `groups ${which} hold different leads and do not fit together: choose one with { group }`;
      throw new FormatError('SEVERAL_GROUPS', message, { format: 'dicom' });
    }
    chosen.push(other);
    for (const { lead } of fresh) leads.add(lead);
  }
  return chosen;
}

function isHigher(rank: number[], other: number[]): boolean {
  const index = rank.findIndex((value, position) => value !== other[position]);
  return index >= 0 && rank[index]! > other[index]!;
}

function checkSkew(channels: Channel[], item: DataSet): void {
  const skews = channels.map(({ skew }) => skew);
  const spread = Math.max(...skews) - Math.min(...skews);
  if (spread < 1e-6) return;
  const message = `the channels lie up to ${Number(spread.toPrecision(3))} samples apart in time; { skew: 'ignore' } reads them as they are`;
  throw new FormatError('UNSUPPORTED_DICOM_SKEW', message, { format: 'dicom', offset: item.offset });
}

/** Samples of one channel: C1 C2 … Cn of the first moment, then of the next. */
function demultiplex({ item, kind, sigLen, channels }: Group, index: number): { digital: Int32Array; signal: Float64Array } {
  const { sensitivity, correction, baseline, bitsStored } = channels[index]!;
  const data = item.bytes(WAVEFORM_DATA)!;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const padding = readPadding(item, kind);
  const bytes = kind.bits / 8;
  const significant = significantBits(kind, bitsStored, item);
  const digital = new Int32Array(sigLen);
  const signal = new Float64Array(sigLen);
  for (let t = 0, at = index * bytes; t < sigLen; t++, at += channels.length * bytes) {
    const stored = kind.get(view, at);
    const isPadding = stored === padding;
    digital[t] = isPadding ? stored : significant(stored);
    signal[t] = isPadding ? Number.NaN : digital[t]! * sensitivity * correction + baseline;
  }
  return { digital, signal };
}

function readPadding(item: DataSet, kind: SampleKind): number | undefined {
  const value = item.bytes(PADDING);
  if (!value) return undefined;
  if (value.length < kind.bits / 8) throw bad(`a padding value of ${value.length} bytes`, item);
  return kind.get(new DataView(value.buffer, value.byteOffset, value.byteLength), 0);
}

/** The number in the lower `bitsStored` bits. Above them is the sign, or are zeros: one or the other in all of a channel's samples. */
function significantBits({ bits, signed }: SampleKind, bitsStored: number, item: DataSet): (stored: number) => number {
  if (bitsStored === bits) return (stored) => stored;
  const unused = 32 - bitsStored;
  let fill: 'sign' | 'zero' | undefined;
  return (stored) => {
    const value = signed ? (stored << unused) >> unused : (stored << unused) >>> unused;
    if (!signed ? value === stored : value >= 0 && value === stored) return value;
    const found = stored === value ? 'sign' : signed && stored > 0 && stored >> bitsStored === 0 ? 'zero' : undefined;
    if (found === undefined || (fill !== undefined && fill !== found))
      throw bad(`a sample has more than the ${bitsStored} bits stored`, item);
    fill = found;
    return value;
  };
}

function required<T>(value: T | undefined, what: string, item: DataSet): T {
  if (value === undefined) throw bad(`a waveform has no ${what}`, item);
  return value;
}

function bad(message: string, { offset }: DataSet): FormatError {
  return new FormatError('BAD_DICOM', message, { format: 'dicom', offset });
}
