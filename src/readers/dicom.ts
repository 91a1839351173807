import type { EcgRecord } from '../ecg.js';
import { FormatError, UnsupportedError } from '../errors.js';
import { type DataSet, readDataSet } from './dicom-tags.js';
import { type DicomOptions, readWaveforms, WAVEFORM_TAGS } from './dicom-waveform.js';

export type { DicomOptions } from './dicom-waveform.js';

// DICOM files, PS3.10 section 7.1: 128 bytes, `DICM`, the meta group in explicit form, and the data set in its transfer syntax.

const PREAMBLE_BYTES = 128;
const SOP_CLASS = 0x00080016;
const MEDIA_SOP_CLASS = 0x00020002;
const TRANSFER_SYNTAX = 0x00020010;

/** PS3.6 table A-1. */
const ECG_CLASSES = new Map([
  ['1.2.840.10008.5.1.4.1.1.9.1.1', '12-lead ECG'],
  ['1.2.840.10008.5.1.4.1.1.9.1.2', 'general ECG'],
  ['1.2.840.10008.5.1.4.1.1.9.1.3', 'ambulatory ECG'],
  ['1.2.840.10008.5.1.4.1.1.9.1.4', 'general 32-bit ECG'],
]);

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const BIG_ENDIAN = '1.2.840.10008.1.2.2';

const META = { values: new Set([MEDIA_SOP_CLASS, TRANSFER_SYNTAX]), sequences: new Set<number>() };
const BODY = { values: new Set([SOP_CLASS, ...WAVEFORM_TAGS.values]), sequences: WAVEFORM_TAGS.sequences };

/** Bound on what a deflated data set may become. */
const MAX_INFLATED_BYTES = 2 ** 28;
const INFLATE_STEP = 2 ** 16;

/** True for a DICOM file of any kind. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length >= PREAMBLE_BYTES + 4 && String.fromCharCode(...bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + 4)) === 'DICM';
}

/**
 * Reads the rhythm of a DICOM 12-lead, general or ambulatory ECG: implicit or explicit little-endian, or deflated. Of the data set only
 * the waveforms are decoded, nothing about the patient. `digital` holds the samples as stored, `signal` Float64 in the unit that the
 * channel gives, NaN where a sample is the padding value.
 *
 * @throws FormatError `BAD_DICOM`, `TRUNCATED`, `UNSUPPORTED_DICOM` (transfer syntax, kind of object, kind of samples), `NO_RHYTHM`,
 * `SEVERAL_GROUPS`, `UNSUPPORTED_DICOM_SKEW`, `TOO_MANY_LEADS`
 * @throws UnsupportedError `NO_DECOMPRESSION` for a deflated data set where there is no `DecompressionStream`
 */
export async function readDicom(bytes: Uint8Array, options: DicomOptions = {}): Promise<EcgRecord> {
  if (!isDicom(bytes)) throw new FormatError('BAD_DICOM', `no DICM at byte ${PREAMBLE_BYTES}`, { format: 'dicom' });
  const { dataSet: meta, end } = readDataSet(bytes, PREAMBLE_BYTES + 4, META, { explicit: true, group: 2 });
  return readWaveforms(await readBody(bytes, end, meta), options);
}

async function readBody(bytes: Uint8Array, start: number, meta: DataSet): Promise<DataSet> {
  const syntax = meta.text(TRANSFER_SYNTAX);
  if (syntax === undefined) throw new FormatError('BAD_DICOM', 'the meta group names no transfer syntax', { format: 'dicom' });
  checkClass(meta.text(MEDIA_SOP_CLASS));
  let body: DataSet;
  if (syntax === DEFLATED) {
    const inflated = await inflateRaw(bytes.subarray(start), MAX_INFLATED_BYTES);
    body = readDataSet(inflated, 0, BODY, { explicit: true }).dataSet;
  } else if (syntax === IMPLICIT || syntax === EXPLICIT) {
    body = readDataSet(bytes, start, BODY, { explicit: syntax === EXPLICIT }).dataSet;
  } else {
    const name = syntax === BIG_ENDIAN ? 'explicit big-endian' : printable(syntax);
    const message = `transfer syntax ${name}: implicit and explicit little-endian and deflated are read; convert it (dcmconv +te)`;
    throw new FormatError('UNSUPPORTED_DICOM', message, { format: 'dicom' });
  }
  const name = body.text(SOP_CLASS) ?? meta.text(MEDIA_SOP_CLASS);
  if (name === undefined) throw new FormatError('BAD_DICOM', 'the file does not say what kind of object it holds', { format: 'dicom' });
  checkClass(name);
  return body;
}

function checkClass(name: string | undefined): void {
  if (name === undefined || ECG_CLASSES.has(name)) return;
  const message = `an object of class ${printable(name)}: ${[...ECG_CLASSES.values()].join(', ')} are read`;
  throw new FormatError('UNSUPPORTED_DICOM', message, { format: 'dicom' });
}

/** A UID, or nothing of what stands in its place. */
function printable(uid: string): string {
  return /^[\d.]{1,64}$/.test(uid) ? uid : 'that is no UID';
}

/**
 * Inflates RFC 1951 data, which PS3.5 section A.5 pads with a zero byte to an even length.
 *
 * @throws FormatError `BAD_DICOM`, `FILE_TOO_LARGE` as soon as it comes to more than `limit` bytes.
 * @internal
 */
export async function inflateRaw(deflated: Uint8Array, limit: number): Promise<Uint8Array> {
  if (typeof DecompressionStream === 'undefined') {
    const message = 'this engine has no DecompressionStream to inflate a deflated data set: convert the file (dcmconv +te)';
    throw new UnsupportedError('NO_DECOMPRESSION', message, { format: 'dicom' });
  }
  try {
    return await inflate(deflated, limit);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    // Engines that refuse bytes behind the end refuse the padding too.
    const unpadded = deflated.at(-1) === 0 ? deflated.subarray(0, -1) : undefined;
    const inflated = unpadded && (await inflate(unpadded, limit).catch(() => undefined));
    if (inflated) return inflated;
    throw new FormatError('BAD_DICOM', 'the deflated data set is damaged or ends too early', { format: 'dicom' });
  }
}

async function inflate(deflated: Uint8Array, limit: number): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const written = feed(writable.getWriter(), deflated);
  written.catch(() => {}); // what ends the writing ends the reading too, and is thrown there
  const reader = readable.getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value);
    total += next.value.length;
    if (total <= limit) continue;
    reader.cancel().catch(() => {});
    throw new FormatError('FILE_TOO_LARGE', `the deflated data set comes to more than ${limit} bytes`, { format: 'dicom' });
  }
  await written;
  const inflated = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    inflated.set(chunk, at);
    at += chunk.length;
  }
  return inflated;
}

/** By small steps, so that the reader can stop before everything is inflated. */
async function feed(writer: WritableStreamDefaultWriter<BufferSource>, deflated: Uint8Array): Promise<void> {
  for (let start = 0; start < deflated.length; start += INFLATE_STEP) {
    await writer.ready;
    await writer.write(deflated.slice(start, start + INFLATE_STEP));
  }
  await writer.close();
}
