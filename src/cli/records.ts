// Recordings as they are named on the command line.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { chooseLeads } from '../choose-leads.js';
import type { EcgRecord, Unit } from '../ecg.js';
import { FormatError, LeadwiseError, RecordError } from '../errors.js';
import type { Quality } from '../index.js';
import { type RecordOptions, readRecord, readRecordBytes } from '../node.js';
import { parseWfdbHeader } from '../readers/index.js';
import { type Arguments, choiceFlag, type Flags, leadsFlag, numberFlag, UsageError } from './arguments.js';
import { isSystemError, report } from './console.js';

/** The first line of a header whose record has segments: `name/3 …`. */
const MULTI_SEGMENT = /^[^\s#/]+\/\d/m;

const RECORD_ENDING = /\.(hea|csv|tsv|edf|bdf|dcm|xml|json|ecg)$/i;

/** A recording that could not be read or classified. */
export interface Failure {
  record: string;
  error: { code: string; message: string };
  /** Of a record without a usable lead: what is wrong with which. */
  quality?: Quality;
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
    const names = (await readdir(file)).filter((name) => RECORD_ENDING.test(name)).sort();
    const segments = await segmentHeaders(file, names);
    const found = names.filter((name) => !segments.has(name));
    if (found.length === 0) report(`${file}: no records (.hea, .csv, .tsv, .edf, .bdf, .dcm, .xml, .json, .ecg) in this folder`);
    records.push(...(found.length === 0 ? [file] : found.map((name) => join(file, name))));
  }
  return records;
}

/** Headers in a folder that are segments of other records there: these are read with them. */
async function segmentHeaders(folder: string, names: string[]): Promise<Set<string>> {
  const segments = new Set<string>();
  for (const name of names.filter((other) => other.endsWith('.hea'))) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (!MULTI_SEGMENT.test(text)) continue;
    try {
      for (const { recordName } of parseWfdbHeader(text).segmentLines ?? []) segments.add(`${recordName}.hea`);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error; // what is wrong with it is said when it is read
    }
  }
  return segments;
}

/** `-` is standard input. */
export async function readArgument(record: string, options: RecordOptions = {}): Promise<EcgRecord> {
  return record === '-' ? readRecordBytes(await buffer(process.stdin), options) : readRecord(record, options);
}

/** Flags that say how recordings are read, and which part of them. */
export const READ_FLAGS: Flags = { fs: 'value', units: 'value', leads: 'value', start: 'value' };

/** Reads recordings as the flags of `READ_FLAGS` say. @throws UsageError */
export function recordReader(parsed: Arguments, part: { seconds?: number } = {}): (record: string) => Promise<EcgRecord> {
  const fs = numberFlag(parsed, 'fs');
  if (fs !== undefined && fs <= 0) throw new UsageError(`--fs expected a positive number, got ${fs}`);
  const startSeconds = numberFlag(parsed, 'start');
  if (startSeconds !== undefined && startSeconds < 0) throw new UsageError(`--start expected seconds, got ${startSeconds}`);
  const units = choiceFlag<Unit>(parsed, 'units', ['mV', 'uV', 'adc', 'unknown']);
  const leads = leadsFlag(parsed);
  const options: RecordOptions = {
    ...part,
    ...(fs === undefined ? {} : { fs }),
    ...(units === undefined ? {} : { units }),
    ...(startSeconds === undefined ? {} : { startSeconds }),
  };
  return async (record) => {
    const read = await readArgument(record, options);
    return leads ? chooseLeads(read, leads) : read;
  };
}

/** Errors about the recording; anything else is thrown again. */
export function describeFailure(record: string, error: unknown): Failure {
  if (error instanceof RecordError && error.quality) {
    return { record, error: { code: error.code, message: error.message }, quality: error.quality };
  }
  if (error instanceof LeadwiseError || isSystemError(error)) return { record, error: { code: error.code, message: error.message } };
  if (error instanceof TypeError || error instanceof RangeError) return { record, error: { code: 'BAD_INPUT', message: error.message } };
  throw error;
}
