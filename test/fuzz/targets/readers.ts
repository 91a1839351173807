// One target for each reader. What a reader can be told to overlook (checksums, sizes) is overlooked in a second run, so that the fuzzer
// gets behind it.

import * as flac from '@wasm-audio-decoders/flac';
import * as xml from 'fast-xml-parser';
import type { EcgRecord } from '../../../src/ecg.js';
import { FormatError } from '../../../src/errors.js';
import { isAppleHealth, readAppleHealth } from '../../../src/readers/apple-health.js';
import { parseEdfHeader } from '../../../src/readers/edf-header.js';
import {
  type Libraries,
  parseWfdbHeader,
  type ReadOptions,
  readAecg,
  readBytes,
  readCsv,
  readDicom,
  readEdf,
  readFhir,
  readIshne,
  readJson,
  readMat,
  readMuse,
  readSierra,
  readWfdb,
  sniff,
} from '../../../src/readers/index.js';
import { decodeText } from '../../../src/readers/text.js';
import { decodeXli } from '../../../src/readers/xli.js';
import { parseXml } from '../../../src/readers/xml.js';
import { EXPANDING, PLAIN, settle, settleRecord } from '../oracle.js';

export const LIBRARIES = { 'fast-xml-parser': xml, '@wasm-audio-decoders/flac': flac } as unknown as Libraries;

/** Between the files of one input: the first is the header, the others are what it names, in the order in which they are opened. */
export const BETWEEN_FILES = '\0%%\0';

type Read = (bytes: Uint8Array) => EcgRecord | Promise<EcgRecord>;

function target(allowance: typeof PLAIN, ...reads: Read[]): (bytes: Uint8Array) => Promise<void> {
  return async (input) => {
    const bytes = new Uint8Array(input); // a copy: of Node's Buffer, slice() would share memory
    for (const read of reads) await settleRecord(bytes.length, allowance, () => read(bytes));
  };
}

/** The files of an input, as bytes. */
export function filesOf(input: Uint8Array): Uint8Array[] {
  const files: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at + BETWEEN_FILES.length <= input.length; at++) {
    if (input[at] !== 0 || input[at + 1] !== 0x25 || input[at + 2] !== 0x25 || input[at + 3] !== 0) continue;
    files.push(input.slice(start, at));
    start = at + BETWEEN_FILES.length;
  }
  return [...files, input.slice(start)];
}

function openFrom(files: Uint8Array[]): (name: string) => Uint8Array {
  const opened = new Map<string, Uint8Array | undefined>();
  return (name) => {
    if (!opened.has(name)) opened.set(name, files[opened.size]);
    const bytes = opened.get(name);
    if (!bytes) throw new FormatError('FILE_NOT_FOUND', 'there is no such file');
    return bytes;
  };
}

const readFiles = (options: ReadOptions) => (input: Uint8Array) => {
  const [header, ...files] = filesOf(new Uint8Array(input)) as [Uint8Array, ...Uint8Array[]];
  return readWfdb(decodeText(header), openFrom(files), { libraries: LIBRARIES, ...options });
};

export const wfdb = /* @__PURE__ */ target(
  EXPANDING,
  /* @__PURE__ */ readFiles({}),
  /* @__PURE__ */ readFiles({ checksum: 'ignore' }),
  /* @__PURE__ */ readFiles({ checksum: 'ignore', smoothFrames: true, startSeconds: 0.01, seconds: 0.05 }),
);

export async function wfdbHeader(input: Uint8Array): Promise<void> {
  await settle(input.length, PLAIN, () => parseWfdbHeader(decodeText(new Uint8Array(input))));
}

/** A FLAC file behind a header of its own: the fuzzer has to find the stream only. The first byte says format, channels and skew. */
export async function flacStream(input: Uint8Array): Promise<void> {
  const choice = input[0] ?? 0;
  const format = [508, 516, 524][choice % 3];
  const channels = 1 + ((choice >> 2) & 3);
  const lines = Array.from({ length: channels }, (_, index) => `a.dat ${format} 200 16 0 0 0 0 lead${index}`);
  const lengths = [[], [40]][(choice >> 4) & 1]!;
  const header = `a ${channels} 250 ${lengths.join('')}\n${lines.join('\n')}\n`;
  const stream = new Uint8Array(input).slice(1);
  await settleRecord(input.length, EXPANDING, () => readWfdb(header, () => stream, { libraries: LIBRARIES, checksum: 'ignore' }));
}

export async function mat(input: Uint8Array): Promise<void> {
  const matrix = await settle(input.length, PLAIN, () => readMat(new Uint8Array(input)));
  if (matrix && matrix.values.length !== matrix.rows * matrix.columns) throw new Error('a matrix of other sizes than its values');
}

export const csv = /* @__PURE__ */ target(
  PLAIN,
  (bytes) => readCsv(bytes),
  (bytes) => readCsv(bytes, { fs: 250, units: 'mV' }),
);

export const appleHealth = /* @__PURE__ */ target(PLAIN, (bytes) => {
  const text = decodeText(bytes);
  isAppleHealth(text);
  return readAppleHealth(text);
});

export const json = /* @__PURE__ */ target(
  PLAIN,
  (bytes) => readJson(bytes),
  (bytes) => readJson(bytes, { fs: 250, units: 'mV' }),
);

export const edf = /* @__PURE__ */ target(
  EXPANDING, // gaps of ten times what was recorded
  (bytes) => readEdf(bytes),
  (bytes) => readEdf(bytes, { fileSize: 'ignore', maxGapSeconds: 1e9, startSeconds: 0.5 }),
);

/** The annotations of a discontinuous EDF+ file whose header is right. */
export async function edfAnnotations(input: Uint8Array): Promise<void> {
  await edf(discontinuous(new Uint8Array(input)));
}

const RECORDS = 3;

function discontinuous(content: Uint8Array): Uint8Array {
  const annotationBytes = 2 * Math.max(8, Math.ceil(content.length / RECORDS / 2));
  const columns: [number, string, string][] = [
    [16, 'ECG II', 'EDF Annotations'],
    [80, '', ''],
    [8, 'mV', ''],
    [8, '-1', '-1'],
    [8, '1', '1'],
    [8, '-32768', '-32768'],
    [8, '32767', '32767'],
    [80, '', ''],
    [8, '4', String(annotationBytes / 2)],
    [32, '', ''],
  ];
  const fixed = `${'0'.padEnd(184)}${'768'.padEnd(8)}${'EDF+D'.padEnd(44)}${String(RECORDS).padEnd(8)}${'1'.padEnd(8)}${'2'.padEnd(4)}`;
  const header = fixed + columns.map(([width, first, second]) => first.padEnd(width) + second.padEnd(width)).join('');
  const file = new Uint8Array(header.length + RECORDS * (8 + annotationBytes));
  file.set(new TextEncoder().encode(header));
  parseEdfHeader(file);
  for (let record = 0; record < RECORDS; record++) {
    file.set(
      content.subarray(record * annotationBytes, (record + 1) * annotationBytes),
      header.length + record * (8 + annotationBytes) + 8,
    );
  }
  return file;
}

export const ishne = /* @__PURE__ */ target(
  PLAIN,
  (bytes) => readIshne(bytes),
  (bytes) => readIshne(bytes, { checksum: 'ignore', fileSize: 'ignore', startSeconds: 0.01 }),
);

export const dicom = /* @__PURE__ */ target(
  EXPANDING, // deflated
  (bytes) => readDicom(bytes),
  (bytes) => readDicom(bytes, { skew: 'ignore' }),
);

export const muse = /* @__PURE__ */ target(
  PLAIN,
  (bytes) => readMuse(bytes, { libraries: LIBRARIES }),
  (bytes) => readMuse(bytes, { libraries: LIBRARIES, checksum: 'ignore', derive: true, units: 'mV' }),
);

export const aecg = /* @__PURE__ */ target(PLAIN, (bytes) => readAecg(bytes, { libraries: LIBRARIES, units: 'uV' }));

export const sierra = /* @__PURE__ */ target(EXPANDING, (bytes) => readSierra(bytes, { libraries: LIBRARIES, calibration: 'cut' }));

/** The first two bytes are the number of samples, the third that of the leads. */
export async function xli(input: Uint8Array): Promise<void> {
  const [low = 0, high = 0, leads = 0] = input;
  const sigLen = 1 + low + 256 * high;
  const samples = await settle(input.length, EXPANDING, () => decodeXli(new Uint8Array(input).slice(3), 1 + (leads % 12), sigLen));
  if (samples?.some((lead) => lead.length !== sigLen)) throw new Error('a lead of another length than was asked for');
}

export async function xmlDocument(input: Uint8Array): Promise<void> {
  await settle(input.length, PLAIN, () => parseXml(new Uint8Array(input), LIBRARIES, 'xml'));
}

export const fhir = /* @__PURE__ */ target(
  PLAIN,
  (bytes) => readFhir(bytes),
  (bytes) => readFhir(bytes, { units: 'uV' }),
);

const NAMES = ['a.hea', 'a.dat', 'a.mat', 'a.csv', 'a', undefined];

/** Which reader: by content, and by one of some names; the first byte chooses. */
export async function dispatch(input: Uint8Array): Promise<void> {
  const [first = new Uint8Array(), ...files] = filesOf(new Uint8Array(input).slice(1));
  const name = NAMES[(input[0] ?? 0) % NAMES.length];
  await settle(first.length, PLAIN, () => sniff(first));
  const options: ReadOptions = { libraries: LIBRARIES, checksum: 'ignore', fs: 250, units: 'mV', ...(name !== undefined && { name }) };
  await settleRecord(input.length, EXPANDING, () => readBytes(first, { ...options, open: openFrom(files) }));
  await settleRecord(input.length, EXPANDING, () => readBytes(first, { ...options, startSeconds: 0.02, seconds: 0.02 }));
}
