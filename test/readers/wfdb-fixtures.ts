// The records of test/readers/fixtures/wfdb, which training/wfdb_fixtures.py writes, with what Python's wfdb reads from them.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as flac from '@wasm-audio-decoders/flac';
import type { WfdbOptions } from '../../src/readers/wfdb.js';
import { openFrom, type WrittenRecord } from './writers.js';

const FOLDER = fileURLToPath(new URL('fixtures/wfdb/', import.meta.url));

export const LIBRARIES = { '@wasm-audio-decoders/flac': flac } satisfies WfdbOptions['libraries'];

/** What `rdrecord` gives: by frames averaged, `expanded` as stored; `physical` alone where segments have different gains. */
export interface Expected {
  fs: number;
  sigName: string[];
  sigLen: number;
  units: (string | null)[];
  samplesPerFrame?: number[];
  adcGain?: (number | null)[];
  baseline?: (number | null)[];
  digital?: number[][];
  expanded?: number[][];
  /** Samples that are NaN. */
  invalid?: number[][];
  physical?: (number | null)[][];
}

export interface Fixture extends WrittenRecord {
  name: string;
  expected: Expected;
}

const names = readdirSync(FOLDER);
const bytesOf = (name: string) => new Uint8Array(readFileSync(FOLDER + name));

/** Every file of the folder but the expectations. */
const allFiles = new Map(names.filter((name) => !name.endsWith('.json')).map((name) => [name, bytesOf(name)]));

/** Every record with the files that are read for it. */
export const FIXTURES: Fixture[] = names
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -5))
  .map((name) => {
    const header = readFileSync(`${FOLDER}${name}.hea`, 'utf8');
    const expected = JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as Expected;
    return { name, header, expected, files: filesOf(header) };
  });

function filesOf(header: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const line of header.split('\n').slice(header.startsWith('#') ? 2 : 1)) {
    const [name = ''] = line.split(' ');
    if (allFiles.has(name)) files.set(name, allFiles.get(name)!);
    const segment = allFiles.get(`${name}.hea`);
    if (!segment) continue;
    files.set(`${name}.hea`, segment);
    for (const [file, bytes] of filesOf(new TextDecoder().decode(segment))) files.set(file, bytes);
  }
  return files;
}

export function fixture(name: string): Fixture {
  const found = FIXTURES.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no fixture ${name}`);
  return found;
}

/** As `openFrom`, giving sources that count the bytes that are read of them. */
export function openSources(record: WrittenRecord) {
  const read = new Map<string, number>();
  const openBytes = openFrom(record);
  const open = (name: string) => {
    const bytes = openBytes(name);
    const slice = async (start: number, end: number) => {
      read.set(name, (read.get(name) ?? 0) + end - start);
      return bytes.slice(start, end).buffer;
    };
    return { byteLength: bytes.length, slice };
  };
  return { open, read };
}
