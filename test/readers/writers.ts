import { expect } from 'vitest';
import { type EcgRecord, LeadwiseError } from '../../src/readers/index.js';

// Writers of the formats that src/readers reads, and the checks that tests of several readers share.

export interface WrittenSignal {
  digital: number[];
  sigName?: string;
  fileName?: string;
  format?: '16' | '212';
  byteOffset?: number;
  adcGain?: number;
  baseline?: number;
  units?: string;
}

export interface WrittenRecord {
  header: string;
  files: Map<string, Uint8Array>;
}

/** Writes a WFDB record: full signal lines with checksums, the signals of one file interleaved. */
export function writeWfdb(name: string, fs: number, signals: WrittenSignal[], comments: string[] = []): WrittenRecord {
  const byFile = new Map<string, WrittenSignal[]>();
  const lines = signals.map((signal, index) => {
    const { fileName = `${name}.dat`, format = '16', byteOffset = 0, adcGain = 1000, baseline = 0, units = 'mV', digital } = signal;
    byFile.set(fileName, [...(byFile.get(fileName) ?? []), signal]);
    const storage = byteOffset ? `${format}+${byteOffset}` : format;
    const gain = `${adcGain}(${baseline})/${units}`;
    return `${fileName} ${storage} ${gain} 16 0 ${digital[0] ?? 0} ${checksumOf(digital)} 0 ${signal.sigName ?? `lead ${index}`}`;
  });
  const header = [`${name} ${signals.length} ${fs} ${signals[0]?.digital.length ?? 0}`, ...lines, ...comments.map((c) => `#${c}`), ''];
  const files = new Map([...byFile].map(([fileName, group]) => [fileName, writeSignalFile(group)]));
  return { header: header.join('\n'), files };
}

export function checksumOf(digital: number[]): number {
  return digital.reduce((sum, sample) => (sum + sample) & 0xffff, 0);
}

function writeSignalFile(signals: WrittenSignal[]): Uint8Array {
  const [{ format = '16', byteOffset = 0, digital }] = signals as [WrittenSignal];
  const frames = digital.flatMap((_, t) => signals.map((signal) => signal.digital[t]!));
  const samples = format === '16' ? encode16(frames) : encode212(frames);
  return Uint8Array.from([...new Uint8Array(byteOffset), ...samples]);
}

export function encode16(samples: number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(samples).buffer); // every machine that runs these tests is little-endian
}

export function encode212(samples: number[]): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < samples.length; i += 2) {
    const [first, second = 0] = samples.slice(i, i + 2).map((sample) => sample & 0xfff) as [number, number?];
    bytes.push(first & 0xff, (first >> 8) | ((second >> 8) << 4), second & 0xff);
  }
  if (samples.length % 2 === 1) bytes.pop();
  return Uint8Array.from(bytes);
}

/** A MATLAB v4 matrix; `code` is its type number (30: int16), `values` lie by column. */
export function writeMat(
  code: number,
  rows: number,
  values: number[],
  { name = 'val', columns = values.length / rows || 0 } = {},
): Uint8Array {
  const little = code < 1000;
  const P = Math.floor(code / 10) % 10;
  const width = [8, 4, 4, 2, 2, 1][P] ?? 0;
  const dataOffset = 20 + name.length + 1;
  const bytes = new Uint8Array(dataOffset + values.length * width);
  const view = new DataView(bytes.buffer);
  [code, rows, columns, 0, name.length + 1].forEach((field, index) => {
    view.setInt32(4 * index, field, little);
  });
  bytes.set(
    [...name].map((letter) => letter.charCodeAt(0)),
    20,
  );
  values.forEach((value, index) => {
    const offset = dataOffset + index * width;
    if (P === 0) view.setFloat64(offset, value, little);
    else if (P === 1) view.setFloat32(offset, value, little);
    else if (P === 2) view.setInt32(offset, value, little);
    else if (P === 5) view.setUint8(offset, value);
    else view.setInt16(offset, value, little);
  });
  return bytes;
}

/** The record as a challenge pair: header and `.mat`, signals in int16. */
export function writeChallenge(name: string, fs: number, signals: WrittenSignal[]): WrittenRecord {
  const fileName = `${name}.mat`;
  const { header } = writeWfdb(
    name,
    fs,
    signals.map((signal) => ({ ...signal, fileName, byteOffset: 24 })),
  );
  const values = signals[0]!.digital.flatMap((_, t) => signals.map(({ digital }) => digital[t]!));
  return { header, files: new Map([[fileName, writeMat(30, signals.length, values)]]) };
}

export function writeCsv(header: string[], columns: number[][], { separator = ',', eol = '\n' } = {}): string {
  const rows = columns[0]!.map((_, row) => columns.map((column) => String(column[row])).join(separator));
  return [header.join(separator), ...rows, ''].join(eol);
}

/** Twelve leads of small waves, the same at every call. */
export function twelveLeads(sigLen: number): WrittenSignal[] {
  const names = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
  return names.map((sigName, lead) => ({
    sigName,
    digital: Array.from({ length: sigLen }, (_, t) => ((t * (lead + 7) * 37) % 401) - 200),
  }));
}

export function openFrom({ files }: WrittenRecord): (fileName: string) => Uint8Array {
  return (fileName) => {
    const bytes = files.get(fileName);
    if (!bytes) throw new LeadwiseError('FILE_NOT_FOUND', 'no such file', { file: fileName });
    return bytes;
  };
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Damaged input gives a whole record or a named error: nothing else is thrown, nothing half-made is returned. */
export async function expectRecordOrNamedError(read: () => EcgRecord | Promise<EcgRecord>): Promise<void> {
  let record: EcgRecord;
  try {
    record = await read();
  } catch (error) {
    if (!(error instanceof LeadwiseError)) throw error;
    expect(error.code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    return;
  }
  expect(record.fs).toBeGreaterThan(0);
  expect(record.sigName.length).toBeGreaterThan(0);
  for (const list of [record.units, record.signal, record.digital ?? record.signal]) expect(list).toHaveLength(record.sigName.length);
  for (const samples of [...record.signal, ...(record.digital ?? [])]) expect(samples).toHaveLength(record.signal[0]!.length);
}
