import { FormatError } from '../errors.js';
import { parseMatHeader } from './mat.js';
import { type FlacLibrary, openFlac, readFlac } from './wfdb-flac.js';
import { bytesFor, FLAC_BITS, isKnownFormat, NULL_FORMAT, SAMPLE_FORMATS, type SampleFormat, samplesIn } from './wfdb-formats.js';
import { placeOf, type WfdbSignal } from './wfdb-header.js';
import { type OpenSource, openSource, requireSafeName, type SignalSource } from './wfdb-source.js';

// A signal file holds frames: of each of its signals in the header's order `samplesPerFrame` samples, then the next frame.

/** The signals that share one file. */
export interface SignalFile {
  name: string;
  format: string;
  byteOffset: number;
  signals: WfdbSignal[];
  /** Values in a frame. */
  frameSize: number;
  source: SignalSource;
  /** Frames that the file has. */
  frames: number;
}

/** Where decoded values go, frame after frame. */
export interface FrameSink {
  /** The first frame that is wanted, and the one after the last. */
  from: number;
  to: number;
  /** Takes `frames` frames from the start of `values`, which begin with frame `first`. */
  put(values: Int32Array, first: number, frames: number): void;
}

/** Values that are decoded at a time. */
const CHUNK_VALUES = 2 ** 18;

/** Longest header of a MATLAB v4 matrix that is accepted. */
const MAT_HEADER_BYTES = 20 + 256;

/**
 * Opens the files that the signals of a header name; signals of format 0 have none.
 *
 * @throws FormatError `UNSAFE_FILE_NAME`, `UNSUPPORTED_WFDB_FORMAT`, `BAD_HEADER`, `MAT_MISMATCH`, and those of FLAC and MATLAB files.
 */
export async function openSignalFiles(signals: WfdbSignal[], sigLen: number | undefined, open: OpenSource): Promise<SignalFile[]> {
  for (const signal of signals) {
    const { fileName, format } = signal;
    if (!isKnownFormat(format)) {
      const known = [...SAMPLE_FORMATS.keys(), ...FLAC_BITS.keys()].join(', ');
      throw new FormatError('UNSUPPORTED_WFDB_FORMAT', `storage format ${format} is not read; ${known} are`, placeOf(signal));
    }
    if (format !== NULL_FORMAT) requireSafeName(fileName, 'a signal file', placeOf(signal));
  }
  const files: SignalFile[] = [];
  for (const group of groupByFile(signals.filter(({ format }) => format !== NULL_FORMAT))) {
    const [{ fileName, format, byteOffset }] = group as [WfdbSignal];
    const frameSize = group.reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
    const source = await openSource(open, fileName);
    const file = { name: fileName, format, byteOffset, signals: group, frameSize, source, frames: 0 };
    files.push({ ...file, frames: await countFrames(file, sigLen) });
  }
  return files;
}

function groupByFile(signals: WfdbSignal[]): WfdbSignal[][] {
  const groups = new Map<string, WfdbSignal[]>();
  for (const signal of signals) {
    const group = groups.get(signal.fileName);
    if (!group) {
      groups.set(signal.fileName, [signal]);
      continue;
    }
    const [first] = group as [WfdbSignal];
    group.push(signal);
    if (signal.format !== first.format || (signal.byteOffset !== 0 && signal.byteOffset !== first.byteOffset)) {
      const message = 'signals of one file must have one storage format and one byte offset';
      throw new FormatError('BAD_HEADER', message, placeOf(signal));
    }
  }
  return [...groups.values()];
}

/** Frames in a file, from its size or from what it says of itself. */
async function countFrames(file: SignalFile, sigLen: number | undefined): Promise<number> {
  const { name, format, byteOffset, frameSize, source } = file;
  if (FLAC_BITS.has(format)) return openFlac(file, sigLen);
  const plain = SAMPLE_FORMATS.get(format)!;
  const frames = Math.floor(samplesIn(plain, Math.max(0, source.byteLength - byteOffset)) / frameSize);
  if (!/\.mat$/i.test(name)) return frames;
  return readMatColumns(file, plain, sigLen);
}

/** A `.mat` file must be the matrix that the header takes it for: a row for each value of a frame, a column for each frame. */
async function readMatColumns({ name, byteOffset, frameSize, source }: SignalFile, { matType }: SampleFormat, sigLen: number | undefined) {
  const matrix = parseMatHeader(await source.read(0, Math.min(source.byteLength, MAT_HEADER_BYTES)), name);
  const expected = `${frameSize} x ${sigLen ?? matrix.columns} ${matType ?? 'no matrix'} from byte ${byteOffset}`;
  const actual = `${matrix.rows} x ${matrix.columns} ${matrix.type} from byte ${matrix.dataOffset}`;
  if (expected === actual && !matrix.bigEndian) return matrix.columns;
  const order = matrix.bigEndian ? ', big-endian' : '';
  const message = `the header describes ${expected}, the file holds ${actual}${order}`;
  throw new FormatError('MAT_MISMATCH', message, { format: 'mat', file: name });
}

/** Compares with what is there before anything is allocated. @throws FormatError `TRUNCATED` */
export function requireFrames(file: SignalFile, sigLen: number): void {
  const plain = SAMPLE_FORMATS.get(file.format);
  const isThere = plain ? file.byteOffset + bytesFor(plain, sigLen * file.frameSize) <= file.source.byteLength : sigLen <= file.frames;
  if (!isThere) throw truncated(file, sigLen);
}

function truncated({ name, format, byteOffset, signals, frameSize, source, frames }: SignalFile, sigLen: number): FormatError {
  const plain = SAMPLE_FORMATS.get(format);
  const needs = plain
    ? `need ${byteOffset + bytesFor(plain, sigLen * frameSize)} bytes, the file has ${source.byteLength}`
    : `are announced, the file has ${frames}`;
  const each = frameSize === signals.length ? 'samples' : 'frames';
  return new FormatError('TRUNCATED', `${signals.length} signals of ${sigLen} ${each} ${needs}`, { format: 'wfdb', file: name });
}

/**
 * The samples of each of a file's signals in the frames from `from` up to `to`, which the file has. Files of plain formats are read from
 * `from` on; FLAC files and those of format 8 from their start, but what lies before `from` is not kept.
 */
export async function readFrames(file: SignalFile, from: number, to: number, flac: FlacLibrary | undefined): Promise<Int32Array[]> {
  const plain = SAMPLE_FORMATS.get(file.format);
  const samples = file.signals.map(({ samplesPerFrame }) => new Int32Array((to - from) * samplesPerFrame));
  const sums = plain?.differences && file.signals.map(({ initialValue, adcZero }) => initialValue ?? adcZero);
  const columns = columnsOf(file);
  const put = (values: Int32Array, first: number, frames: number): void => {
    const skipped = Math.max(0, from - first);
    columns.forEach((column, index) => {
      if (sums) sums[index] = addUp(values, frames, column, sums[index]!);
      const target = samples[index]!.subarray((first + skipped - from) * column.count);
      copyColumn(values.subarray(skipped * column.frameSize), Math.max(0, frames - skipped), column, target);
    });
  };
  if (plain) await readPlain(file, plain, { from: sums ? 0 : from, to, put });
  else await readFlac(file, flac, { from, to, put });
  return samples;
}

/** Where the samples of one signal lie in a frame. */
interface Column {
  frameSize: number;
  offset: number;
  count: number;
}

function columnsOf({ signals, frameSize }: SignalFile): Column[] {
  let end = 0;
  return signals.map(({ samplesPerFrame: count }) => {
    end += count;
    return { frameSize, offset: end - count, count };
  });
}

/** Makes samples of a signal's differences, in place; returns the last. */
function addUp(values: Int32Array, frames: number, { frameSize, offset, count }: Column, before: number): number {
  let sum = before;
  for (let frame = 0; frame < frames; frame++) {
    for (let i = frame * frameSize + offset, k = 0; k < count; i++, k++) {
      sum = (sum + values[i]!) | 0;
      values[i] = sum;
    }
  }
  return sum;
}

function copyColumn(values: Int32Array, frames: number, { frameSize, offset, count }: Column, target: Int32Array): void {
  for (let k = 0; k < count; k++) {
    for (let from = offset + k, to = k, frame = 0; frame < frames; frame++, from += frameSize, to += count) target[to] = values[from]!;
  }
}

/** Reads and decodes by the chunk, so that no more than the result is in memory. */
async function readPlain({ source, byteOffset, frameSize }: SignalFile, format: SampleFormat, { from, to, put }: FrameSink): Promise<void> {
  const { blockSamples, blockBytes } = format;
  const chunk = Math.max(1, Math.floor(CHUNK_VALUES / frameSize));
  const values = new Int32Array(Math.min(chunk, to - from) * frameSize + blockSamples);
  for (let frame = from; frame < to; frame += chunk) {
    const frames = Math.min(chunk, to - frame);
    const before = (frame * frameSize) % blockSamples; // values of the block that belong to the frame before
    const start = byteOffset + ((frame * frameSize - before) / blockSamples) * blockBytes[blockSamples]!;
    const count = before + frames * frameSize;
    format.decode(await source.read(start, start + bytesFor(format, count)), values, count);
    put(values.subarray(before), frame, frames);
  }
}
