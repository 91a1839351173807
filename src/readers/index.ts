import { type EcgRecord, standardLead } from '../ecg.js';
import { FormatError } from '../errors.js';
import { type CsvOptions, readCsv } from './csv.js';
import { isLaterMat, parseMatHeader } from './mat.js';
import { decodeText, splitLines } from './text.js';
import { type OpenFile, readWfdb, type WfdbOptions } from './wfdb.js';
import { parseWfdbHeader } from './wfdb-header.js';

export type { EcgRecord, SignalArray, Unit } from '../ecg.js';
export { FormatError, LeadwiseError } from '../errors.js';
export { type CsvOptions, readCsv } from './csv.js';
export { type MatArray, type Matrix, readMat } from './mat.js';
export { type OpenFile, readWfdb, type WfdbOptions } from './wfdb.js';
export { parseWfdbHeader, type WfdbHeader, type WfdbSignal } from './wfdb-header.js';

/** What bytes can be told to be by their content: a WFDB header, a MATLAB file, a table of samples. */
export type SourceFormat = 'wfdb' | 'mat' | 'csv';

export interface ReadOptions extends CsvOptions, WfdbOptions {
  /** Name of the file the bytes are from. Its ending decides where the content does not, and finds the header beside a signal file. */
  name?: string;
  /** Gives the bytes of the files beside this one. Required for WFDB records, which are two files at least. */
  open?: OpenFile;
}

const FORMAT_BY_ENDING = new Map<string, SourceFormat | 'dat'>([
  ['hea', 'wfdb'],
  ['mat', 'mat'],
  ['dat', 'dat'],
  ['csv', 'csv'],
  ['tsv', 'csv'],
  ['txt', 'csv'],
]);

/** How much of a text is looked at. */
const SNIFFED_BYTES = 65536;

/**
 * Reads one recording from the bytes of a WFDB header, of a signal file with its header beside it (`name` and `open`), or of a CSV
 * table (`fs` and `units`, where the table does not say).
 *
 * @throws FormatError `UNKNOWN_FORMAT`, `FILES_REQUIRED`, `HEADER_REQUIRED`, `HEADER_NOT_FOUND`, `HEADER_MISMATCH`, and what the reader
 * of the format throws.
 */
export async function readBytes(bytes: Uint8Array, options: ReadOptions = {}): Promise<EcgRecord> {
  if (Object.prototype.toString.call(bytes) !== '[object Uint8Array]') throw new TypeError('"bytes" expected a Uint8Array');
  const name = options.name === undefined ? undefined : baseName(options.name);
  const byEnding = name === undefined ? undefined : FORMAT_BY_ENDING.get(endingOf(name));
  // A bare signal file has no signature: its content could look like anything.
  const format = byEnding === 'dat' ? 'dat' : (sniff(bytes) ?? byEnding);
  switch (format) {
    case 'wfdb': {
      if (options.open) return readWfdb(decodeText(bytes), options.open, options);
      throw new FormatError('FILES_REQUIRED', 'a WFDB header names its signal files: give { open }, which reads them', { format: 'wfdb' });
    }
    case 'mat':
      parseMatHeader(bytes, name);
      return readWithHeader(bytes, name, options);
    case 'dat':
      return readWithHeader(bytes, name, options);
    case 'csv':
      return readCsv(bytes, options);
    default: {
      const message = 'neither a WFDB header, a MATLAB v4 file nor a CSV table of samples';
      throw new FormatError('UNKNOWN_FORMAT', message, name === undefined ? {} : { file: name });
    }
  }
}

/** Tells by content what bytes are; undefined for what no reader here reads, and for bare signal files, which have no signature. */
export function sniff(bytes: Uint8Array): SourceFormat | undefined {
  if (isMat(bytes)) return 'mat';
  const lines = splitLines(decodeText(bytes.subarray(0, SNIFFED_BYTES))).map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('#')) ?? '';
  if (hasControlCharacter(first) || /^[<{[]/.test(first)) return undefined;
  const isNumbers = first.includes('\t') && first.split('\t').every((cell) => Number.isFinite(Number(cell)));
  if (!isNumbers && /^[^\s,;"]+[ \t]+\d+(?:[ \t]+[\d.][^,;]*)?$/.test(first)) return 'wfdb';
  const header = lines.find((line) => line !== '') ?? '';
  return /[,;\t]/.test(header) || standardLead(header.replace(/["#]|[([].*$/g, '')) !== undefined ? 'csv' : undefined;
}

function isMat(bytes: Uint8Array): boolean {
  if (isLaterMat(bytes)) return true;
  try {
    parseMatHeader(bytes);
    return true;
  } catch (error) {
    return error instanceof FormatError && error.code === 'UNSUPPORTED_MAT';
  }
}

function hasControlCharacter(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 32 && text[i] !== '\t') return true;
  return false;
}

/** A `.mat` or `.dat` holds samples and nothing else; what they are stands in the header beside it. */
async function readWithHeader(bytes: Uint8Array, name: string | undefined, options: ReadOptions): Promise<EcgRecord> {
  const { open } = options;
  if (name === undefined || open === undefined) {
    const message = 'a signal file does not say what its leads, rate and units are: give its header (.hea), or { name, open } to find it';
    throw new FormatError('HEADER_REQUIRED', message, name === undefined ? {} : { file: name });
  }
  const headerName = `${name.replace(/\.[^.]*$/, '')}.hea`;
  const headerText = decodeText(await openHeader(headerName, open));
  if (!parseWfdbHeader(headerText).signals.some(({ fileName }) => fileName === name)) {
    throw new FormatError('HEADER_MISMATCH', `the header beside it does not name ${name}`, { format: 'wfdb', file: headerName });
  }
  return readWfdb(headerText, (fileName) => (fileName === name ? bytes : open(fileName)), options);
}

async function openHeader(headerName: string, open: OpenFile): Promise<Uint8Array> {
  try {
    return await open(headerName);
  } catch (error) {
    if (!(error instanceof FormatError && error.code === 'FILE_NOT_FOUND')) throw error;
    const message = 'a signal file needs the header that says what its leads, rate and units are, and there is none beside it';
    throw new FormatError('HEADER_NOT_FOUND', message, { format: 'wfdb', file: headerName });
  }
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function endingOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase();
}
