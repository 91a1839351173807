import type { EcgRecord } from '../ecg.js';
import { FormatError } from '../errors.js';
import { parseMatHeader } from './mat.js';
import { unitOf } from './units.js';
import { SAMPLE_FORMATS, type SampleFormat } from './wfdb-formats.js';
import { parseWfdbHeader, type WfdbHeader, type WfdbSignal } from './wfdb-header.js';

/** Gives the bytes of a file that a header names; the name never holds a path. */
export type OpenFile = (fileName: string) => Uint8Array | Promise<Uint8Array>;

export interface WfdbOptions {
  /** `verify` (the default): a signal that differs from its header's checksum or initial value is an error. */
  checksum?: 'verify' | 'ignore';
}

/** The signals that share one file, interleaved in the header's order. */
interface SignalFile {
  name: string;
  format: SampleFormat;
  byteOffset: number;
  signals: WfdbSignal[];
  bytes: Uint8Array;
  /** Samples that the file itself states, where it is a MATLAB file. */
  columns?: number;
}

/**
 * Reads a WFDB record: the text of its header, and the signal files that the header names.
 *
 * `digital` holds the stored integers, `signal` (float64) is (digital - baseline) / gain in the header's unit, NaN where the stored
 * value stands for an invalid sample. Storage formats: 16 and 212, also inside MATLAB v4 files (`16+24`).
 *
 * @throws FormatError `BAD_HEADER`, `NO_SIGNALS`, `UNSAFE_FILE_NAME`, `TRUNCATED`, `CHECKSUM_MISMATCH`, `MAT_MISMATCH`,
 * `UNEQUAL_LENGTHS`, or `UNSUPPORTED_WFDB_` with `FORMAT`, `SEGMENTS`, `SKEW` or `FRAMES`.
 */
export async function readWfdb(headerText: string, open: OpenFile, options: WfdbOptions = {}): Promise<EcgRecord> {
  const header = parseWfdbHeader(headerText);
  requireSupported(header);
  const files = groupByFile(header.signals);
  for (const file of files) {
    file.bytes = await open(file.name);
    if (!(ArrayBuffer.isView(file.bytes) && 'subarray' in file.bytes)) throw new TypeError('"open" expected to return a Uint8Array');
  }
  for (const file of files) if (/\.mat$/i.test(file.name)) file.columns = checkMatrix(file, header.sigLen);
  const sigLen = header.sigLen ?? commonLength(files);
  for (const file of files) requireBytes(file, sigLen);

  const digital = new Map(files.flatMap((file) => deinterleave(file, sigLen)));
  if (options.checksum !== 'ignore') for (const [signal, samples] of digital) verify(signal, samples);
  return assemble(header, digital);
}

function requireSupported({ segments, signals }: WfdbHeader): void {
  if (segments !== undefined) {
    throw new FormatError('UNSUPPORTED_WFDB_SEGMENTS', `a record of ${segments} segments: multi-segment records are not read`, {
      format: 'wfdb',
    });
  }
  if (signals.length === 0) throw new FormatError('NO_SIGNALS', 'the record has no signals', { format: 'wfdb' });
  for (const { fileName, format, samplesPerFrame, skew, line } of signals) {
    const place = { format: 'wfdb', line };
    if (/[/\\:\0]|\.\./.test(fileName)) {
      throw new FormatError('UNSAFE_FILE_NAME', 'a signal file must lie beside its header, so its name cannot hold a path', place);
    }
    if (!SAMPLE_FORMATS.has(format)) {
      const known = [...SAMPLE_FORMATS.keys()].join(' and ');
      throw new FormatError('UNSUPPORTED_WFDB_FORMAT', `storage format ${format} is not read, ${known} are`, place);
    }
    if (samplesPerFrame !== 1) {
      throw new FormatError('UNSUPPORTED_WFDB_FRAMES', `${samplesPerFrame} samples per frame: only 1 is read`, place);
    }
    if (skew !== 0) throw new FormatError('UNSUPPORTED_WFDB_SKEW', `a skew of ${skew} samples: skewed signals are not read`, place);
  }
}

function groupByFile(signals: WfdbSignal[]): SignalFile[] {
  const files = new Map<string, SignalFile>();
  for (const signal of signals) {
    const file = files.get(signal.fileName);
    if (!file) {
      const format = SAMPLE_FORMATS.get(signal.format)!;
      const { fileName: name, byteOffset } = signal;
      files.set(name, { name, format, byteOffset, signals: [signal], bytes: new Uint8Array() });
      continue;
    }
    file.signals.push(signal);
    if (SAMPLE_FORMATS.get(signal.format) !== file.format || (signal.byteOffset !== 0 && signal.byteOffset !== file.byteOffset)) {
      const message = 'signals of one file must have one storage format and one byte offset';
      throw new FormatError('BAD_HEADER', message, { format: 'wfdb', line: signal.line });
    }
  }
  return [...files.values()];
}

/** A `.mat` file must be the matrix that the header takes it for: one row for each signal, one column for each sample. Returns the columns. */
function checkMatrix({ name, bytes, signals, byteOffset, format }: SignalFile, sigLen: number | undefined): number {
  const matrix = parseMatHeader(bytes, name);
  const expected = `${signals.length} x ${sigLen ?? matrix.columns} ${format.matType ?? 'no matrix'} from byte ${byteOffset}`;
  const actual = `${matrix.rows} x ${matrix.columns} ${matrix.type} from byte ${matrix.dataOffset}`;
  if (expected !== actual || matrix.bigEndian) {
    const order = matrix.bigEndian ? ', big-endian' : '';
    throw new FormatError('MAT_MISMATCH', `the header describes ${expected}, the file holds ${actual}${order}`, {
      format: 'mat',
      file: name,
    });
  }
  return matrix.columns;
}

/** Where the header leaves the length out, the files say it, and they must agree. */
function commonLength(files: SignalFile[]): number {
  const lengths = files.map(
    ({ bytes, byteOffset, format, signals, columns }) =>
      columns ?? Math.floor(format.samplesIn(Math.max(0, bytes.length - byteOffset)) / signals.length),
  );
  const [first = 0, ...others] = lengths;
  if (others.some((length) => length !== first)) {
    const message = `the header gives no length, and the signal files hold ${lengths.join(', ')} samples`;
    throw new FormatError('UNEQUAL_LENGTHS', message, { format: 'wfdb' });
  }
  return first;
}

/** Compares with what is there before anything is allocated. */
function requireBytes({ name, bytes, byteOffset, format, signals }: SignalFile, sigLen: number): void {
  const needed = byteOffset + format.bytesFor(sigLen * signals.length);
  if (needed <= bytes.length) return;
  const message = `${signals.length} signals of ${sigLen} samples need ${needed} bytes, the file has ${bytes.length}`;
  throw new FormatError('TRUNCATED', message, { format: 'wfdb', file: name });
}

function deinterleave({ bytes, byteOffset, format, signals }: SignalFile, sigLen: number): [WfdbSignal, Int32Array][] {
  const frames = new Int32Array(sigLen * signals.length);
  format.decode(bytes.subarray(byteOffset), frames);
  return signals.map((signal, channel) => {
    const samples = new Int32Array(sigLen);
    for (let t = 0, at = channel; t < sigLen; t++, at += signals.length) samples[t] = frames[at]!;
    return [signal, samples];
  });
}

function verify({ checksum, initialValue, fileName, line }: WfdbSignal, samples: Int32Array): void {
  let sum = 0;
  for (const sample of samples) sum = (sum + sample) | 0;
  const sumDiffers = checksum !== undefined && ((sum ^ checksum) & 0xffff) !== 0;
  const startDiffers = initialValue !== undefined && samples.length > 0 && samples[0] !== initialValue;
  if (!sumDiffers && !startDiffers) return;
  const what = sumDiffers ? 'checksum' : 'initial value';
  const message = `the samples do not have the ${what} that the header gives; { checksum: 'ignore' } reads them as they are`;
  throw new FormatError('CHECKSUM_MISMATCH', message, { format: 'wfdb', file: fileName, line });
}

function assemble({ fs, signals, comments }: WfdbHeader, digital: Map<WfdbSignal, Int32Array>): EcgRecord {
  const samples = signals.map((signal) => digital.get(signal)!);
  return {
    fs,
    sigName: signals.map(({ sigName }) => sigName),
    units: signals.map(({ units }) => unitOf(units)),
    signal: signals.map((signal, index) => toPhysical(signal, samples[index]!)),
    digital: samples,
    adcGain: signals.map(({ adcGain }) => adcGain),
    baseline: signals.map(({ baseline }) => baseline),
    comments,
  };
}

function toPhysical({ format, adcGain, baseline }: WfdbSignal, digital: Int32Array): Float64Array {
  const { invalid } = SAMPLE_FORMATS.get(format)!;
  const physical = new Float64Array(digital.length);
  for (let t = 0; t < digital.length; t++) {
    const sample = digital[t]!;
    physical[t] = sample === invalid ? Number.NaN : (sample - baseline) / adcGain;
  }
  return physical;
}
