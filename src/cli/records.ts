// Recordings as they are named on the command line.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { EcgRecord } from '../ecg.js';
import { LeadwiseError } from '../errors.js';
import { type RecordOptions, readRecord } from '../node.js';
import { readBytes } from '../readers/index.js';
import { isSystemError, report } from './console.js';

const RECORD_ENDING = /\.(hea|csv|tsv)$/i;

/** A recording that could not be read or classified. */
export interface Failure {
  record: string;
  error: { code: string; message: string };
}

/** Folders become the records in them, in order of name. */
export async function expandRecords(files: string[]): Promise<string[]> {
  const records: string[] = [];
  for (const file of files) {
    const isFolder =
      file !== '-' &&
      (await stat(file).then(
        (entry) => entry.isDirectory(),
        () => false,
      ));
    if (!isFolder) {
      records.push(file);
      continue;
    }
    const found = (await readdir(file)).filter((name) => RECORD_ENDING.test(name)).sort();
    if (found.length === 0) report(`${file}: no records (.hea, .csv, .tsv) in this folder`);
    records.push(...(found.length === 0 ? [file] : found.map((name) => join(file, name))));
  }
  return records;
}

/** `-` is standard input. */
export async function readArgument(record: string, options: RecordOptions): Promise<EcgRecord> {
  return record === '-' ? readBytes(await buffer(process.stdin), options) : readRecord(record, options);
}

/** Errors about the recording; anything else is thrown again. */
export function describeFailure(record: string, error: unknown): Failure {
  if (error instanceof LeadwiseError || isSystemError(error)) return { record, error: { code: error.code, message: error.message } };
  if (error instanceof TypeError || error instanceof RangeError) return { record, error: { code: 'BAD_INPUT', message: error.message } };
  throw error;
}
