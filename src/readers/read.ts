// Which reader: a recording is told by its content.

import { cutRecord, type EcgRecord, standardLead } from '../ecg.js';
import { FormatError } from '../errors.js';
import { type AecgOptions, isAecg, readAecg } from './aecg.js';
import { isAppleHealth } from './apple-health.js';
import { type CsvOptions, readCsv } from './csv.js';
import { type DicomOptions, isDicom, readDicom } from './dicom.js';
import { type EdfOptions, isBdf, isEdf, readEdf } from './edf.js';
import { isFhir, readFhir } from './fhir.js';
import { type IshneOptions, isIshne, readIshne } from './ishne.js';
import { isJson, readJson } from './json.js';
import { isLaterMat, parseMatHeader } from './mat.js';
import { isMuse, type MuseOptions, readMuse } from './muse.js';
import { checkPart, samplesOfPart } from './part.js';
import { isSierra, readSierra, type SierraOptions } from './sierra.js';
import { decodeText, splitLines } from './text.js';
import { type OpenSource, readWfdb, type WfdbOptions } from './wfdb.js';
import { parseWfdbHeader } from './wfdb-header.js';
import { openSource } from './wfdb-source.js';
import type { XmlOptions } from './xml.js';

/** What bytes can be told to be by their content. `edf` is EDF, EDF+, BDF or BDF+; `csv` any table of samples, that of Apple's Health app too. */
export type SourceFormat = 'wfdb' | 'mat' | 'csv' | 'edf' | 'dicom' | 'ishne' | 'muse' | 'aecg' | 'sierra' | 'fhir' | 'json';

/** Packages that single formats need, handed in: no module here imports one. leadwise/node finds those that are installed by itself. */
export type Libraries = NonNullable<XmlOptions['libraries']> & NonNullable<WfdbOptions['libraries']>;

/** Options of all readers; each takes those that are meant for it. */
export interface ReadOptions
  extends CsvOptions,
    DicomOptions,
    EdfOptions,
    Omit<AecgOptions, 'libraries'>,
    Omit<IshneOptions, 'libraries'>,
    Omit<MuseOptions, 'libraries'>,
    Omit<SierraOptions, 'libraries'>,
    Omit<WfdbOptions, 'libraries'> {
  libraries?: Libraries;
  /** Name of the file the bytes are from. Its ending decides where the content does not, and finds the header beside a signal file. */
  name?: string;
  /** Gives the bytes of the files beside this one, or sources from which parts are read. Required for WFDB records, which are two files at least. */
  open?: OpenSource;
}

interface Reader {
  format: SourceFormat;
  is(bytes: Uint8Array): boolean;
  read(bytes: Uint8Array, options: ReadOptions): EcgRecord | Promise<EcgRecord>;
  /** It decodes the part that is wanted only. */
  readsParts?: true;
}

/** Formats of one file that say what they are, in the order in which they are asked: FHIR is JSON too. A further format is a file and a line here. */
const READERS: readonly Reader[] = [
  { format: 'edf', is: (bytes) => isEdf(bytes) || isBdf(bytes), read: readEdf, readsParts: true },
  { format: 'dicom', is: isDicom, read: readDicom },
  { format: 'ishne', is: isIshne, read: readIshne, readsParts: true },
  { format: 'muse', is: isMuse, read: readMuse },
  { format: 'aecg', is: isAecg, read: readAecg },
  { format: 'sierra', is: isSierra, read: readSierra },
  { format: 'fhir', is: isFhir, read: readFhir },
  { format: 'json', is: isJson, read: readJson },
];

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
 * Reads one recording, or a part of it (`startSeconds`, `seconds`), from the bytes of a file, told by its content: EDF, BDF, DICOM, ISHNE, GE MUSE XML,
 * HL7 aECG, Philips Sierra XML, FHIR, JSON, a CSV table (`fs` and `units`, where the table does not say), a WFDB header (`open`), or a signal
 * file with its header beside it (`name` and `open`).
 *
 * @throws FormatError `UNKNOWN_FORMAT`, `FILES_REQUIRED`, `HEADER_REQUIRED`, `HEADER_NOT_FOUND`, `HEADER_MISMATCH`, `PAST_END`, and what the reader
 * of the format throws.
 * @throws UnsupportedError `LIBRARY_REQUIRED` for a format whose library is not in `libraries`
 */
export async function readBytes(bytes: Uint8Array, options: ReadOptions = {}): Promise<EcgRecord> {
  if (Object.prototype.toString.call(bytes) !== '[object Uint8Array]') throw new TypeError('"bytes" expected a Uint8Array');
  checkPart(options);
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
      return partOf(readCsv(bytes, options), options, format);
    case undefined: {
      const message = 'no recording in a format that is read here (docs/formats.md)';
      throw new FormatError('UNKNOWN_FORMAT', message, name === undefined ? {} : { file: name });
    }
    default: {
      const { read, readsParts } = READERS.find((reader) => reader.format === format)!;
      const record = await read(bytes, options);
      return readsParts ? record : partOf(record, options, format);
    }
  }
}

function partOf(record: EcgRecord, options: ReadOptions, format: SourceFormat): EcgRecord {
  if (options.startSeconds === undefined && options.seconds === undefined) return record;
  return cutRecord(record, ...samplesOfPart(options, record.fs, record.signal[0]!.length, format));
}

/** Tells by content what bytes are; undefined for what no reader here reads, and for bare signal files, which have no signature. */
export function sniff(bytes: Uint8Array): SourceFormat | undefined {
  const own = READERS.find(({ is }) => is(bytes));
  if (own) return own.format;
  if (isMat(bytes)) return 'mat';
  const text = decodeText(bytes.subarray(0, SNIFFED_BYTES));
  if (isAppleHealth(text)) return 'csv';
  const lines = splitLines(text).map((line) => line.trim());
  const first = lines.find((line) => line !== '' && !line.startsWith('#')) ?? '';
  if (hasControlCharacter(first) || /^[<{[]/.test(first)) return undefined;
  const isNumbers = first.includes('\t') && first.split('\t').every((cell) => Number.isFinite(Number(cell)));
  if (!isNumbers && /^[^\s,;"]+[ \t]+\d+(?:[ \t]+[\d.][^,;]*)?$/.test(first)) return 'wfdb';
  const header = lines.find((line) => line !== '') ?? '';
  return /[,;\t]/.test(header) || standardLead(header.split(/[([]/, 1)[0]!.replace(/["#]/g, '')) !== undefined ? 'csv' : undefined;
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

async function openHeader(headerName: string, open: OpenSource): Promise<Uint8Array> {
  try {
    const { byteLength, read } = await openSource(open, headerName);
    return await read(0, byteLength);
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
