import { FormatError } from '../errors.js';
import { decodeText } from './text.js';
import { openSignalFiles, readFrames, requireFrames, type SignalFile } from './wfdb-files.js';
import { type FlacLibrary, flacValues } from './wfdb-flac.js';
import { FLAC_BITS, invalidValue } from './wfdb-formats.js';
import { parseWfdbHeader, type WfdbHeader, type WfdbSegmentLine, type WfdbSignal } from './wfdb-header.js';
import { type OpenSource, openSource, requireSafeName } from './wfdb-source.js';

// A record is one segment, or several: headers of their own, one after the other in time.

/** A header with signals, and the files that hold them. */
export interface Segment {
  signals: WfdbSignal[];
  files: SignalFile[];
  /** Frames. */
  sigLen: number;
}

/** Where a segment lies in the record. */
export interface Part {
  segment: Segment;
  /** Frame of the record at which the segment begins, and how many of its frames the record takes. */
  start: number;
  frames: number;
  /** For each of the segment's signals its row in the record. */
  rows: number[];
}

/** What a record holds, before samples are read. Frames that no part covers are gaps. */
export interface Layout {
  /** Names, samples per frame, and gains and units where no part has the signal. */
  signals: WfdbSignal[];
  /** Frames. */
  sigLen: number;
  /** Opens what lies in the frames from `from` up to `to`. */
  open(from: number, to: number): Promise<Part[]>;
}

/** Name of a segment that is a gap. */
const GAP = '~';

export async function openLayout(header: WfdbHeader, open: OpenSource): Promise<Layout> {
  if (header.segmentLines) return openSegments(header, header.segmentLines, open);
  const segment = await openSegment(header, open);
  const { signals, sigLen } = segment;
  return { signals, sigLen, open: async () => [{ segment, start: 0, frames: sigLen, rows: signals.map((_, row) => row) }] };
}

async function openSegment({ signals, sigLen: announced }: WfdbHeader, open: OpenSource): Promise<Segment> {
  if (signals.length === 0) throw new FormatError('NO_SIGNALS', 'the record has no signals', { format: 'wfdb' });
  const files = await openSignalFiles(signals, announced, open);
  const sigLen = announced ?? commonLength(files);
  for (const file of files) requireFrames(file, sigLen);
  return { signals, files, sigLen };
}

/** Where the header leaves the length out, the files say it, and they must agree. */
function commonLength(files: SignalFile[]): number {
  const [first = 0, ...others] = files.map(({ frames }) => frames);
  if (others.every((length) => length === first)) return first;
  const message = `the header gives no length, and the signal files hold ${[first, ...others].join(', ')} samples`;
  throw new FormatError('UNEQUAL_LENGTHS', message, { format: 'wfdb' });
}

/** The first segment says what signals there are: of variable layout it is a header alone, else one like all others. */
async function openSegments(header: WfdbHeader, lines: WfdbSegmentLine[], open: OpenSource): Promise<Layout> {
  const reference = lines.find(({ recordName }) => recordName !== GAP);
  if (!reference) throw new FormatError('NO_SIGNALS', 'the record has gaps only', { format: 'wfdb' });
  const isVariable = reference.sigLen === 0;
  const referenceHeader = await readSegmentHeader(reference, header, open);
  const { signals } = referenceHeader;
  if (signals.length !== header.sigCount) {
    const message = `the record line announces ${header.sigCount} signals, the first segment has ${signals.length}`;
    throw new FormatError('BAD_HEADER', message, { format: 'wfdb', line: reference.line });
  }
  const sigLen = lines.reduce((sum, line) => sum + line.sigLen, 0);
  const opened = async (line: WfdbSegmentLine): Promise<Segment> => {
    const segment = await openSegment(line === reference ? referenceHeader : await readSegmentHeader(line, header, open), open);
    if (segment.sigLen >= line.sigLen) return segment;
    throw badSegment(line, `has ${segment.sigLen} samples, the record's header says ${line.sigLen}`);
  };
  const openParts = async (from: number, to: number): Promise<Part[]> => {
    const segments = new Map<string, Segment>(); // one may come more than once
    const parts: Part[] = [];
    let start = 0;
    for (const line of lines) {
      const [first, frames] = [start, line.sigLen];
      start += frames;
      if (line.recordName === GAP || frames === 0 || first >= to || start <= from) continue;
      const segment = segments.get(line.recordName) ?? (await opened(line));
      segments.set(line.recordName, segment);
      parts.push({ segment, start: first, frames, rows: findRows(segment.signals, signals, isVariable, line) });
    }
    return parts;
  };
  return { signals, sigLen, open: openParts };
}

async function readSegmentHeader(line: WfdbSegmentLine, record: WfdbHeader, open: OpenSource): Promise<WfdbHeader> {
  requireSafeName(line.recordName, 'a segment', { format: 'wfdb', line: line.line });
  const headerName = `${line.recordName}.hea`;
  const source = await openSource(open, headerName);
  const header = parseWfdbHeader(decodeText(await source.read(0, source.byteLength)), headerName);
  if (header.segments !== undefined) throw badSegment(line, 'consists of segments itself, which WFDB does not allow');
  if (header.fs !== record.fs) throw badSegment(line, `has ${header.fs} frames a second, the record ${record.fs}`);
  return header;
}

/** By name in a record of variable layout; one by one in a fixed one. */
function findRows(signals: WfdbSignal[], reference: WfdbSignal[], isVariable: boolean, line: WfdbSegmentLine): number[] {
  if (!isVariable && signals.length !== reference.length) throw badSegment(line, 'has another number of signals than the first');
  const taken = new Set<number>();
  return signals.map(({ sigName, samplesPerFrame }, index) => {
    const row = isVariable ? reference.findIndex((signal, at) => signal.sigName === sigName && !taken.has(at)) : index;
    taken.add(row);
    if (reference[row]?.sigName !== sigName) throw badSegment(line, 'has other signals than the first');
    if (reference[row].samplesPerFrame !== samplesPerFrame) throw badSegment(line, 'has other numbers of samples per frame than the first');
    return row;
  });
}

function badSegment({ line }: WfdbSegmentLine, what: string): FormatError {
  return new FormatError('BAD_SEGMENT', `the segment ${what}`, { format: 'wfdb', line });
}

/** Values that the files of a segment hold. */
export function storedValues({ files, sigLen }: Segment): number {
  return files.reduce((sum, file) => sum + (FLAC_BITS.has(file.format) ? flacValues(file) : sigLen * file.frameSize), 0);
}

/** How a segment's samples are read. */
export interface SegmentOptions {
  verify: boolean;
  flac: FlacLibrary | undefined;
}

/** The samples of each signal in the segment's frames from `from` up to `to`, in time with each other; none for a signal of format 0. */
export async function readSegment(segment: Segment, from: number, to: number, options: SegmentOptions) {
  const { verify, flac } = options;
  const { signals, files, sigLen } = segment;
  const samples = new Map<WfdbSignal, Int32Array>();
  for (const file of files) {
    const largestSkew = file.signals.reduce((most, { skew }) => Math.max(most, skew), 0);
    const end = Math.min(to + largestSkew, sigLen);
    const stored = await readFrames(file, from, end, flac);
    file.signals.forEach((signal, index) => {
      if (verify) verifySignal(signal, stored[index]!, { isStart: from === 0, isAll: from === 0 && end === sigLen });
      samples.set(signal, unskew(signal, stored[index]!, to - from));
    });
  }
  return signals.map((signal) => samples.get(signal));
}

/** A signal that lags by `skew` frames begins that much later in the file; where the file has ended, samples are invalid. */
function unskew({ skew, samplesPerFrame, format }: WfdbSignal, stored: Int32Array, frames: number): Int32Array {
  const length = frames * samplesPerFrame;
  if (skew === 0) return stored.length === length ? stored : stored.slice(0, length);
  const samples = new Int32Array(length).fill(invalidValue(format));
  samples.set(stored.subarray(skew * samplesPerFrame).subarray(0, length));
  return samples;
}

/**
 * The checksum is the sum of all samples in the file, of all frames and before skew; it can be verified where all were read. The initial
 * value is the first of them, but what writers put there for an invalid one differs; in format 8 it is no sample.
 */
function verifySignal(signal: WfdbSignal, stored: Int32Array, { isStart, isAll }: { isStart: boolean; isAll: boolean }): void {
  const { checksum, initialValue, fileName, format, line } = signal;
  let sum = 0;
  if (isAll) for (const sample of stored) sum = (sum + sample) | 0;
  const [first] = stored;
  const sumDiffers = isAll && checksum !== undefined && ((sum ^ checksum) & 0xffff) !== 0;
  const hasFirst = isStart && first !== undefined && first !== invalidValue(format) && format !== '8';
  if (!sumDiffers && !(hasFirst && initialValue !== undefined && first !== initialValue)) return;
  const what = sumDiffers ? 'checksum' : 'initial value';
  const message = `the samples do not have the ${what} that the header gives; { checksum: 'ignore' } reads them as they are`;
  throw new FormatError('CHECKSUM_MISMATCH', message, { format: 'wfdb', file: fileName, line });
}
