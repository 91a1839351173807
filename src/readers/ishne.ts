import { type EcgRecord, standardLead } from '../ecg.js';
import { FormatError } from '../errors.js';
import { checkPart, type PartOptions, samplesOfPart } from './part.js';

// The ISHNE Holter standard output file format: Badilini, Ann Noninvasive Electrocardiol 3(3):263, 1998,
// http://thew-project.org/papers/Badilini.ISHNE.Holter.Standard.pdf. Ten bytes of signature and checksum, a header of 512, a block of
// free length, then int16 samples, the leads side by side. All integers are little-endian.

export interface IshneOptions extends PartOptions {
  /** `verify` (the default): a header that differs from its checksum is an error. */
  checksum?: 'verify' | 'ignore';
  /** `verify` (the default): a file shorter or longer than its header says is an error. `ignore`: all whole samples there are read. */
  fileSize?: 'verify' | 'ignore';
}

const SIGNATURE = 'ISHNE1.0';
const ANNOTATIONS_SIGNATURE = 'ANN  1.0';
const HEADER_START = 10;
const HEADER_END = 522;
const MAX_LEADS = 12;

/** Not in the paper, but what converters write for "no sample" (as WFDB does). */
const INVALID = -32768;

const NV_PER_MV = 1e6;

/** Lead codes of the paper's table 1, by their number. */
const LEADS = 'unknown generic X Y Z I II III aVR aVL aVF V1 V2 V3 V4 V5 V6 ES AS AI'.split(' ');

interface IshneHeader {
  fs: number;
  leads: { sigName: string; resolutionNv: number }[];
  /** Byte of the first sample. */
  dataOffset: number;
  /** Size of the recording as stated. */
  statedSamples: number;
}

/** True for bytes that begin as an ISHNE recording does, or as an ISHNE annotation file, which `readIshne` refuses by its name. */
export function isIshne(bytes: Uint8Array): boolean {
  return startsWith(bytes, SIGNATURE) || startsWith(bytes, ANNOTATIONS_SIGNATURE);
}

/**
 * Reads an ISHNE Holter recording. `digital` holds the stored integers, `signal` (float64) millivolts, NaN where the integer is -32768.
 * The stated size may count the samples of one lead or of all: both are in use, and the size of the file tells which (a file of one count,
 * cut off to the length of the other, cannot be told from a whole one). Names, dates and the block of free length are not read.
 *
 * @throws FormatError `BAD_ISHNE`, `ISHNE_ANNOTATIONS`, `TRUNCATED`, `SIZE_MISMATCH`, `CHECKSUM_MISMATCH`, `BAD_SCALE`, `NO_SAMPLES`,
 * `PAST_END`.
 */
export function readIshne(bytes: Uint8Array, options: IshneOptions = {}): EcgRecord {
  checkPart(options);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { fs, leads, dataOffset, statedSamples } = parseHeader(bytes, view);
  if (options.checksum !== 'ignore') verify(bytes.subarray(HEADER_START, dataOffset), view.getUint16(8, true));
  const sigLen = countSamples(bytes.length - dataOffset, leads.length, statedSamples, options.fileSize !== 'ignore');
  const [from, to] = samplesOfPart(options, fs, sigLen, 'ishne');
  const digital = leads.map((_, lead) => {
    const values = new Int32Array(to - from);
    for (let t = 0; t < values.length; t++) values[t] = view.getInt16(dataOffset + 2 * ((from + t) * leads.length + lead), true);
    return values;
  });
  return {
    fs,
    sigName: leads.map(({ sigName }) => sigName),
    units: leads.map(() => 'mV'),
    signal: digital.map((values, lead) => toMillivolts(values, NV_PER_MV / leads[lead]!.resolutionNv)),
    digital,
    adcGain: leads.map(({ resolutionNv }) => NV_PER_MV / resolutionNv),
    baseline: leads.map(() => 0),
  };
}

function parseHeader(bytes: Uint8Array, view: DataView): IshneHeader {
  if (startsWith(bytes, ANNOTATIONS_SIGNATURE)) {
    const message = 'an ISHNE annotation file holds beats and no signal: read the recording beside it';
    throw new FormatError('ISHNE_ANNOTATIONS', message, { format: 'ishne' });
  }
  if (!startsWith(bytes, SIGNATURE)) throw bad(0, `the file does not begin with ${SIGNATURE}`);
  if (bytes.length < HEADER_END) throw truncated(`the header needs ${HEADER_END} bytes, the file has ${bytes.length}`);
  const [blockBytes, statedSamples, blockOffset, dataOffset] = [10, 14, 18, 22].map((offset) => view.getInt32(offset, true)) as Four;
  if (blockBytes < 0 || dataOffset !== HEADER_END + blockBytes || (blockBytes > 0 && blockOffset !== HEADER_END)) {
    throw bad(10, 'sizes and offsets of the header contradict each other');
  }
  if (dataOffset > bytes.length) throw truncated(`the samples begin at byte ${dataOffset}, the file has ${bytes.length}`);
  const leadCount = view.getInt16(156, true);
  const fs = view.getInt16(272, true);
  if (leadCount < 1 || leadCount > MAX_LEADS) throw bad(156, `the number of leads is ${leadCount}, expected 1 to ${MAX_LEADS}`);
  if (fs < 1) throw bad(272, `the sampling frequency is ${fs}`);
  const leads = Array.from({ length: leadCount }, (_, lead) => {
    const sigName = LEADS[view.getInt16(158 + 2 * lead, true)] ?? 'unknown';
    const resolutionNv = view.getInt16(206 + 2 * lead, true);
    if (resolutionNv > 0) return { sigName, resolutionNv };
    const known = standardLead(sigName);
    throw new FormatError('BAD_SCALE', `the resolution of a lead is ${resolutionNv} nV`, {
      format: 'ishne',
      offset: 206 + 2 * lead,
      ...(known !== undefined && { lead: known }),
    });
  });
  return { fs, leads, dataOffset, statedSamples };
}

type Four = [number, number, number, number];

/** Samples of each lead. */
function countSamples(bytes: number, leads: number, stated: number, verifySize: boolean): number {
  const whole = Math.floor(bytes / (2 * leads));
  const isStated = bytes === 2 * leads * stated || (bytes === 2 * stated && stated % leads === 0);
  if (verifySize && !isStated) {
    const message = `${stated} samples of ${leads} leads make ${2 * leads * stated} bytes, or ${2 * stated} where all leads are counted`;
    const wayOut = "{ fileSize: 'ignore' } reads all whole samples";
    const code = bytes < 2 * leads * stated ? 'TRUNCATED' : 'SIZE_MISMATCH';
    throw new FormatError(code, `${message}; there are ${bytes}: ${wayOut}`, { format: 'ishne' });
  }
  if (whole === 0) throw new FormatError('NO_SAMPLES', 'the file has no samples', { format: 'ishne' });
  return whole;
}

/** CRC-16 of CCITT: polynomial 0x1021, start 0xffff, over all that lies between the checksum and the samples. */
function verify(header: Uint8Array, expected: number): void {
  let crc = 0xffff;
  for (const byte of header) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  if (crc === expected) return;
  const message = "the header does not have the checksum that the file gives; { checksum: 'ignore' } reads it as it is";
  throw new FormatError('CHECKSUM_MISMATCH', message, { format: 'ishne', offset: 8 });
}

function toMillivolts(digital: Int32Array, adcGain: number): Float64Array {
  const physical = new Float64Array(digital.length);
  for (let t = 0; t < digital.length; t++) physical[t] = digital[t] === INVALID ? Number.NaN : digital[t]! / adcGain;
  return physical;
}

function startsWith(bytes: Uint8Array, signature: string): boolean {
  return bytes.length >= signature.length && [...signature].every((letter, index) => bytes[index] === letter.charCodeAt(0));
}

function truncated(message: string): FormatError {
  return new FormatError('TRUNCATED', message, { format: 'ishne' });
}

function bad(offset: number, message: string): FormatError {
  return new FormatError('BAD_ISHNE', message, { format: 'ishne', offset });
}
