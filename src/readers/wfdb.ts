import type { EcgRecord } from '../ecg.js';
import { FormatError } from '../errors.js';
import { checkPart, type PartOptions, samplesOfPart } from './part.js';
import { unitOf } from './units.js';
import type { FlacLibrary } from './wfdb-flac.js';
import { invalidValue, NULL_FORMAT } from './wfdb-formats.js';
import { changeFrames, samplesInFrame } from './wfdb-frames.js';
import { parseWfdbHeader, placeOf, type WfdbHeader, type WfdbSignal } from './wfdb-header.js';
import { openLayout, type Part, readSegment, type SegmentOptions, storedValues } from './wfdb-segments.js';
import type { OpenSource } from './wfdb-source.js';

export type { FlacLibrary } from './wfdb-flac.js';
export type { ByteSource, OpenFile, OpenSource } from './wfdb-source.js';

export interface WfdbOptions extends PartOptions {
  /** `verify` (the default): a signal that differs from its header's checksum or initial value is an error. */
  checksum?: 'verify' | 'ignore';
  /**
   * Where signals have several samples in a frame, gives their average, as Python's `wfdb` and `getvec` do, at the header's rate. Otherwise
   * ECG signals that all have n samples in a frame come as they are stored, at n times that rate, the others repeated or averaged to it.
   */
  smoothFrames?: boolean;
  /** Libraries that a format needs, by the name of their package. */
  libraries?: { '@wasm-audio-decoders/flac'?: FlacLibrary };
}

/** Values of gaps and of repeated segments in one read, beyond what a multiple of the stored values allows: 50 MB. */
const ALWAYS_ALLOWED_VALUES = 2 ** 22;
const MAX_VALUES_PER_STORED = 16;

/**
 * Reads a WFDB record, or a part of it: the text of its header, and the files that the header names.
 *
 * `digital` holds the stored integers, `signal` (float64) is (digital - baseline) / gain in the header's unit, NaN where the stored
 * value stands for an invalid sample. Storage formats: 8, 16, 24, 32, 61, 80, 160, 212, 310, 311; 508, 516 and 524 (FLAC) by
 * `@wasm-audio-decoders/flac`; 16 and 32 also inside MATLAB v4 files (`16+24`). Skewed signals come in time with each other.
 *
 * Of several segments one record is made, gaps are NaN. `digital`, `adcGain` and `baseline` are there where all segments that were read
 * agree on gain, baseline and the value for invalid samples. Of a part (`startSeconds`, `seconds`) only the segments and bytes that it
 * needs are read, but format 8 and FLAC from the start of their file, and checksums are verified where all samples of a signal were read.
 *
 * @throws FormatError `BAD_HEADER`, `TOO_MANY_LEADS`, `BAD_SEGMENT`, `NO_SIGNALS`, `UNSAFE_FILE_NAME`, `TRUNCATED`, `CHECKSUM_MISMATCH`, `UNEQUAL_LENGTHS`,
 * `UNEQUAL_UNITS`, `GAPS_TOO_LONG`, `PAST_END`, `UNSUPPORTED_WFDB_FORMAT`, `MAT_MISMATCH`, `BAD_FLAC`, `FLAC_MISMATCH`
 * @throws UnsupportedError `LIBRARY_REQUIRED` for FLAC without its library
 */
export async function readWfdb(headerText: string, open: OpenSource, options: WfdbOptions = {}): Promise<EcgRecord> {
  checkPart(options);
  const header = parseWfdbHeader(headerText);
  const layout = await openLayout(header, open);
  const perFrame = samplesInFrame(layout.signals, options.smoothFrames ?? false);
  const fs = header.fs * perFrame;
  if (!Number.isFinite(fs)) throw new FormatError('BAD_HEADER', 'the sampling frequency is no number', { format: 'wfdb' });
  const range = chooseRange(layout.sigLen * perFrame, fs, perFrame, options);
  const parts = await layout.open(range.from, range.to);
  requireCredible(parts, layout.signals.length, range, perFrame);

  const rows = layout.signals.map((signal, row) => createRow(signal, scalesOf(parts, row), (range.to - range.from) * perFrame));
  const segmentOptions = { verify: options.checksum !== 'ignore', flac: options.libraries?.['@wasm-audio-decoders/flac'] };
  for (const part of parts) await readPart(part, rows, { ...range, perFrame, ...segmentOptions });
  return assemble(header, fs, rows, range);
}

/** The frames that hold the samples asked for, and the place of those in them. */
interface SampleRange {
  from: number;
  to: number;
  skip: number;
  samples: number;
}

function chooseRange(sigLen: number, fs: number, perFrame: number, options: PartOptions): SampleRange {
  const isPart = options.startSeconds !== undefined || options.seconds !== undefined;
  const [start, end] = isPart ? samplesOfPart(options, fs, sigLen, 'wfdb') : [0, sigLen];
  const from = Math.floor(start / perFrame);
  return { from, to: Math.ceil(end / perFrame), skip: start - from * perFrame, samples: end - start };
}

/** What is behind no byte must stay in proportion: a line of a header can announce a gap of any length. */
function requireCredible(parts: Part[], signals: number, { from, to }: SampleRange, perFrame: number): void {
  const values = (to - from) * perFrame * signals;
  const stored = [...new Set(parts.map(({ segment }) => segment))].reduce((sum, segment) => sum + storedValues(segment), 0);
  if (values <= ALWAYS_ALLOWED_VALUES + MAX_VALUES_PER_STORED * stored) return;
  const message = `gaps and repeated segments make ${values} values of ${stored}: read it in parts, with { startSeconds, seconds }`;
  throw new FormatError('GAPS_TOO_LONG', message, { format: 'wfdb' });
}

/** One signal of the result. */
interface Row {
  /** The header's line that says its name, gain, baseline and unit. */
  scale: WfdbSignal;
  /** Whether all parts agree on gain, baseline and invalid value. */
  isOneScale: boolean;
  digital: Int32Array;
  physical: Float64Array;
}

/** What the parts that have a signal say of it. */
function scalesOf(parts: Part[], row: number): WfdbSignal[] {
  return parts.flatMap(({ segment, rows }) => segment.signals.filter((_, index) => rows[index] === row));
}

/** A row of gaps. */
function createRow(signal: WfdbSignal, scales: WfdbSignal[], length: number): Row {
  const [scale = signal] = scales;
  for (const other of scales) {
    if (other.units === scale.units || (unitOf(other.units) !== 'unknown' && unitOf(other.units) === unitOf(scale.units))) continue;
    throw new FormatError('UNEQUAL_UNITS', 'the unit of the signal is not that of the same signal in an earlier segment', placeOf(other));
  }
  const { adcGain, baseline, format } = scale;
  const stored = scales.filter((other) => other.format !== NULL_FORMAT);
  const isOneScale = scales.every((other) => other.adcGain === adcGain && other.baseline === baseline);
  const isOneInvalid = new Set(stored.map((other) => invalidValue(other.format))).size <= 1;
  const invalid = invalidValue(stored[0]?.format ?? format);
  const gaps = { digital: new Int32Array(length).fill(invalid), physical: new Float64Array(length).fill(Number.NaN) };
  return { scale, isOneScale: isOneScale && isOneInvalid, ...gaps };
}

/** Where the frames of a part go. */
interface Target extends SegmentOptions {
  from: number;
  to: number;
  perFrame: number;
}

async function readPart({ segment, start, frames, rows: rowOf }: Part, rows: Row[], { from, to, perFrame, ...options }: Target) {
  const [first, end] = [Math.max(from, start), Math.min(to, start + frames)];
  const read = await readSegment(segment, first - start, end - start, options);
  segment.signals.forEach((signal, index) => {
    const samples = read[index];
    if (samples === undefined) return;
    const { samplesPerFrame, adcGain, baseline } = signal;
    const invalid = invalidValue(signal.format);
    const { digital, physical } = rows[rowOf[index]!]!;
    const values = changeFrames(samples, samplesPerFrame, perFrame, invalid);
    const at = (first - from) * perFrame;
    digital.set(values, at);
    for (let t = 0; t < values.length; t++) if (values[t] !== invalid) physical[at + t] = (values[t]! - baseline) / adcGain;
  });
}

function assemble({ comments }: WfdbHeader, fs: number, rows: Row[], { skip, samples }: SampleRange): EcgRecord {
  const cut = <T extends Int32Array | Float64Array>(values: T) =>
    (values.length === samples ? values : values.slice(skip, skip + samples)) as T;
  return {
    fs,
    sigName: rows.map(({ scale }) => scale.sigName),
    units: rows.map(({ scale }) => unitOf(scale.units)),
    signal: rows.map(({ physical }) => cut(physical)),
    ...(rows.every(({ isOneScale }) => isOneScale) && {
      digital: rows.map(({ digital }) => cut(digital)),
      adcGain: rows.map(({ scale }) => scale.adcGain),
      baseline: rows.map(({ scale }) => scale.baseline),
    }),
    comments,
  };
}
