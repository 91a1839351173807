import { checkFs, type EcgRecord, standardLead } from '../ecg.js';
import { FormatError } from '../errors.js';
import { endInLastRecord, recordOnset } from './edf-annotations.js';
import { type EdfHeader, type EdfScale, type EdfSignal, parseEdfHeader, scaleOf } from './edf-header.js';
import { checkPart, type PartOptions, samplesOfPart } from './part.js';

export { isBdf, isEdf } from './edf-header.js';

export interface EdfOptions extends PartOptions {
  /**
   * `verify` (the default): a file shorter or longer than its header says is an error. `ignore`: the whole data records that are there
   * and announced are read.
   */
  fileSize?: 'verify' | 'ignore';
  /** Most seconds without data that are filled with NaN, all gaps of a discontinuous file together; 60 if left out. */
  maxGapSeconds?: number;
}

/** Gaps may be at most so many times as long as what was recorded: memory stays in proportion to the file. */
const MAX_GAP_RATIO = 10;

const MAX_GAP_SECONDS = 60;

/** Where the data records lie in time. */
interface Timeline {
  fs: number;
  /** Samples of a signal in one data record. */
  recordSamples: number;
  /** First sample of each data record; absent where each follows the one before. */
  starts?: Float64Array;
  sigLen: number;
}

/**
 * Reads an EDF, EDF+C, EDF+D, BDF, BDF+C or BDF+D file (sources: `edf-header.ts`).
 *
 * Leads are the signals whose label is a standard lead, with EDF's type `ECG ` before it or without; they must have one rate. Other signals
 * of that rate follow under their labels; those of other rates, lists of annotations, and signals that are no lead and have no scale are
 * left out. Where no label is a standard lead, the first that begins with ECG or EKG gives the rate, or the first signal.
 *
 * `digital` holds the stored integers; `signal` (float64) is (digital - baseline) / adcGain in the unit of the header, volts in millivolts.
 * Gaps of a discontinuous file are NaN, and `digital` is absent then, as it is where a scale turns the signal over.
 * The number of data records -1 means those that are whole.
 *
 * @throws FormatError `BAD_EDF`, `NO_SIGNALS`, `NO_SAMPLES`, `TRUNCATED`, `SIZE_MISMATCH`, `UNEQUAL_RATES`, `BAD_SCALE`, `NO_ONSET`,
 * `OVERLAPPING_RECORDS`, `GAP_TOO_LONG`, `PAST_END`.
 */
export function readEdf(bytes: Uint8Array, options: EdfOptions = {}): EcgRecord {
  checkPart(options);
  if (options.maxGapSeconds !== undefined) checkFs(options.maxGapSeconds, 'maxGapSeconds');
  const header = parseEdfHeader(bytes);
  const signals = chooseSignals(header);
  const scales = signals.map((signal) => scaleOf(signal, header));
  const records = countRecords(bytes.length, header, options);
  const timeline = placeRecords(bytes, header, records, signals[0]!.samplesPerRecord);
  const { fs, sigLen } = timeline;
  const [from, to] = samplesOfPart(options, fs, sigLen, header.format);
  let missing = to - from;
  for (const { samples } of piecesOf(timeline, records, from, to)) missing -= samples;
  if (missing > 0) limitGaps(missing, to - from, fs, { format: header.format, maxSeconds: options.maxGapSeconds ?? MAX_GAP_SECONDS });

  const digital = signals.map(() => new Int32Array(to - from));
  const signal = signals.map(() => new Float64Array(to - from));
  if (missing > 0) for (const values of signal) values.fill(Number.NaN);
  for (const piece of piecesOf(timeline, records, from, to)) {
    signals.forEach((source, index) => {
      decode(bytes, header, source, piece, digital[index]!);
      toPhysical(digital[index]!, scales[index]!, piece, signal[index]!);
    });
  }
  return {
    fs,
    sigName: signals.map(({ sigName }) => sigName),
    units: scales.map(({ unit }) => unit),
    signal,
    // Preprocessing prefers integers, which can mark no gap, and takes no notice of a negative gain.
    ...(missing === 0 && scales.every(({ adcGain }) => adcGain > 0) && { digital }),
    adcGain: scales.map(({ adcGain }) => adcGain),
    baseline: scales.map(({ baseline }) => baseline),
  };
}

function chooseSignals(header: EdfHeader): EdfSignal[] {
  const { format } = header;
  const ordinary = header.signals.filter(({ isAnnotation, samplesPerRecord }) => !isAnnotation && samplesPerRecord > 0);
  const leads = ordinary.filter(({ sigName }) => standardLead(sigName) !== undefined);
  const first = leads[0] ?? ordinary.find(({ label }) => /^e[ck]g/i.test(label)) ?? ordinary[0];
  if (first === undefined) throw new FormatError('NO_SIGNALS', 'the file has no signals but annotations', { format });
  const other = leads.find(({ samplesPerRecord }) => samplesPerRecord !== first.samplesPerRecord);
  if (other !== undefined) {
    const [lead, otherLead] = [first, other].map(({ sigName }) => standardLead(sigName)!) as [string, string];
    throw new FormatError('UNEQUAL_RATES', `${otherLead} has another sampling frequency than ${lead}`, { format, lead: otherLead });
  }
  return ordinary.filter(
    (signal) =>
      signal.samplesPerRecord === first.samplesPerRecord && (signal === first || leads.includes(signal) || hasScale(signal, header)),
  );
}

function hasScale(signal: EdfSignal, header: EdfHeader): boolean {
  try {
    scaleOf(signal, header);
    return true;
  } catch {
    return false;
  }
}

/** Data records to read. */
function countRecords(fileBytes: number, { format, records, recordBytes, headerBytes }: EdfHeader, { fileSize }: EdfOptions): number {
  const whole = Math.floor((fileBytes - headerBytes) / recordBytes);
  const stated = records === -1 ? whole : records;
  if (records !== -1 && fileSize !== 'ignore') {
    const expected = headerBytes + records * recordBytes;
    const message = `${records} data records make a file of ${expected} bytes, it has ${fileBytes}`;
    const wayOut = "{ fileSize: 'ignore' } reads the whole data records that are there and announced";
    if (fileBytes < expected) throw new FormatError('TRUNCATED', `${message}; ${wayOut}`, { format });
    if (fileBytes > expected) throw new FormatError('SIZE_MISMATCH', `${message}; ${wayOut}`, { format });
  }
  const count = Math.min(stated, whole);
  if (count === 0) throw new FormatError('NO_SAMPLES', 'the file has no whole data record', { format });
  return count;
}

function placeRecords(bytes: Uint8Array, header: EdfHeader, records: number, recordSamples: number): Timeline {
  const { format, recordSeconds } = header;
  if (recordSeconds === 0) throw new FormatError('BAD_EDF', 'data records with samples must have a duration', { format, offset: 244 });
  const fs = edfRate(recordSamples, recordSeconds);
  const starts = header.isDiscontinuous ? recordStarts(bytes, header, records, { fs, recordSamples }) : undefined;
  const lastStart = starts ? starts[records - 1]! : (records - 1) * recordSamples;
  const lastSamples = Math.round((endInLastRecord(bytes, header, records) ?? recordSeconds) * fs);
  const sigLen = lastStart + (lastSamples > 0 ? Math.min(lastSamples, recordSamples) : recordSamples);
  return { fs, recordSamples, sigLen, ...(starts && { starts }) };
}

/** Samples a second of a signal with so many in a data record. */
export function edfRate(samplesPerRecord: number, recordSeconds: number): number {
  const fs = samplesPerRecord / recordSeconds;
  return Math.abs(fs - Math.round(fs)) <= 1e-12 * fs ? Math.round(fs) : fs; // 49 / 0.49 is 100
}

function recordStarts(
  bytes: Uint8Array,
  header: EdfHeader,
  records: number,
  { fs, recordSamples }: { fs: number; recordSamples: number },
): Float64Array {
  const starts = new Float64Array(records);
  const origin = recordOnset(bytes, header, 0);
  for (let index = 1; index < records; index++) {
    const start = Math.round((recordOnset(bytes, header, index) - origin) * fs);
    if (start < starts[index - 1]! + recordSamples) {
      const offset = header.headerBytes + index * header.recordBytes;
      throw new FormatError('OVERLAPPING_RECORDS', 'a data record begins before the one before it has ended', {
        format: header.format,
        offset,
      });
    }
    starts[index] = start;
  }
  return starts;
}

/** Samples of one data record that belong to what is read. */
interface Piece {
  record: number;
  /** First of them in the data record. */
  skip: number;
  samples: number;
  /** Where they go. */
  target: number;
}

/** Not as a list: a file may have a data record for every sample. */
function* piecesOf({ starts, recordSamples, sigLen }: Timeline, records: number, from: number, to: number): Generator<Piece> {
  for (let record = starts ? 0 : Math.floor(from / recordSamples); record < records; record++) {
    const start = starts ? starts[record]! : record * recordSamples;
    if (start >= to) return;
    const first = Math.max(from, start);
    const samples = Math.min(to, sigLen, start + recordSamples) - first;
    if (samples > 0) yield { record, skip: first - start, samples, target: first - from };
  }
}

/** Before memory is taken: what is there bounds what is filled in. */
function limitGaps(missing: number, asked: number, fs: number, { format, maxSeconds }: { format: string; maxSeconds: number }): void {
  if (missing <= maxSeconds * fs && missing <= MAX_GAP_RATIO * (asked - missing)) return;
  const message = `${missing / fs} of ${asked / fs} s were not recorded; at most ${maxSeconds} s and ${MAX_GAP_RATIO} times what was recorded`;
  const wayOut = 'read a part, { startSeconds, seconds }, or raise { maxGapSeconds }';
  throw new FormatError('GAP_TOO_LONG', `${message} are filled: ${wayOut}`, { format });
}

/** Two's complement, the low byte first. */
function decode(bytes: Uint8Array, header: EdfHeader, { byteOffset }: EdfSignal, piece: Piece, values: Int32Array): void {
  const { sampleBytes, headerBytes, recordBytes } = header;
  let at = headerBytes + piece.record * recordBytes + byteOffset + piece.skip * sampleBytes;
  for (let t = piece.target; t < piece.target + piece.samples; t++, at += sampleBytes) {
    const low = bytes[at]! | (bytes[at + 1]! << 8);
    values[t] = sampleBytes === 2 ? (low << 16) >> 16 : ((low | (bytes[at + 2]! << 16)) << 8) >> 8;
  }
}

function toPhysical(digital: Int32Array, { adcGain, baseline }: EdfScale, { target, samples }: Piece, physical: Float64Array): void {
  for (let t = target; t < target + samples; t++) physical[t] = (digital[t]! - baseline) / adcGain;
}
