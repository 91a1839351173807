import { checkFs, checkUnit, type EcgRecord, standardLead, type Unit } from '../ecg.js';
import { FormatError } from '../errors.js';
import { parseJsonWithin } from '../json.js';
import { checkLeadCount } from './limits.js';
import { decodeText } from './text.js';
import { unitOf } from './units.js';

export interface JsonOptions {
  /** Samples a second, where the file does not say; has to agree with it where it does. */
  fs?: number;
  /** Unit of the leads for which the file names none. */
  units?: Unit;
}

type JsonObject = { [key: string]: unknown };

const FORMAT = 'json';

/** True for bytes that begin as a JSON object does. FHIR resources do so too: `isFhir` tells them. */
export function isJson(bytes: Uint8Array): boolean {
  return /^\s*\{\s*(?:"|\}|$)/.test(decodeText(bytes.subarray(0, 4096)));
}

/**
 * Reads a record as JSON. Either an `EcgRecord` with lists for its arrays, `{ fs, sigName, units, signal: [leads][samples], digital?,
 * adcGain?, baseline? }`, or an object of leads, `{ fs, units, "I": […], "II": […] }`, of which other keys are passed over. `units` is one
 * for all, a list (of the first form), or an object by lead. A sample of `null` is invalid: NaN.
 *
 * @throws FormatError `BAD_JSON` with the path of the value that is wrong, `TOO_MANY_LEADS`, `FS_REQUIRED`, `FS_MISMATCH`, `UNITS_REQUIRED`.
 */
export function readJson(bytes: Uint8Array, options: JsonOptions = {}): EcgRecord {
  if (options.fs !== undefined) checkFs(options.fs, 'fs');
  if (options.units !== undefined) checkUnit(options.units, 'units');
  const root = parseJson(bytes, FORMAT);
  const fs = readFs(root, options.fs);
  return has(root, 'signal') ? readRecordForm(root, fs, options) : readLeadForm(root, fs, options);
}

/** The object that a JSON file holds. What the engine says of broken JSON may quote it: its message goes no further. */
export function parseJson(bytes: Uint8Array, format: string): JsonObject {
  let value: unknown;
  try {
    value = parseJsonWithin(decodeText(bytes), (what) => new FormatError('BAD_JSON', `${what}: no recording is written so`, { format }));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError('BAD_JSON', 'the JSON is broken or ends too early', { format });
  }
  if (!isObject(value)) throw new FormatError('BAD_JSON', 'expected an object', { format });
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function has(object: JsonObject, key: string): boolean {
  return Object.hasOwn(object, key) && object[key] !== null && object[key] !== undefined;
}

function readFs(root: JsonObject, given: number | undefined): number {
  if (!has(root, 'fs')) {
    if (given !== undefined) return given;
    const message = 'fs is missing: give the sampling frequency, { fs } or --fs on the command line';
    throw new FormatError('FS_REQUIRED', message, { format: FORMAT });
  }
  const { fs } = root;
  if (typeof fs !== 'number' || !(fs > 0 && fs < Number.POSITIVE_INFINITY)) throw bad('fs', 'a positive number');
  if (given !== undefined && given !== fs) {
    throw new FormatError('FS_MISMATCH', `the file says ${fs} samples a second, ${given} were asked for`, { format: FORMAT });
  }
  return fs;
}

function readRecordForm(root: JsonObject, fs: number, options: JsonOptions): EcgRecord {
  const sigName = list(root['sigName'], 'sigName', (name, path) => {
    if (typeof name !== 'string') throw bad(path, 'a string');
    return name;
  });
  const count = sigName.length;
  if (count === 0) throw bad('sigName', 'one lead at least');
  checkLeadCount(count, FORMAT);
  const rows = list(root['signal'], 'signal', (row, path) => samples(row, path), count);
  requireEqual(rows, (index) => `signal[${index}]`);
  const { units } = root;
  const unitAt = (index: number) => (Array.isArray(units) ? units[index] : isObject(units) ? own(units, sigName[index]!) : units);
  if (Array.isArray(units) && units.length !== count) throw bad('units', `${count} entries, one for each lead`);
  const numbers = (key: string, read = finite) => has(root, key) && { [key]: list(root[key], key, read, count) };
  return {
    fs,
    sigName,
    units: sigName.map((name, index) => unit(unitAt(index), Array.isArray(units) ? `units[${index}]` : 'units', name, options)),
    signal: rows,
    ...(has(root, 'digital') && {
      digital: list(root['digital'], 'digital', (row, path) => integers(row, path, rows[0]!.length), count),
    }),
    ...numbers('adcGain', gain),
    ...numbers('baseline'),
  };
}

function readLeadForm(root: JsonObject, fs: number, options: JsonOptions): EcgRecord {
  const sigName = Object.keys(root).filter((key) => standardLead(key) !== undefined);
  if (sigName.length === 0) {
    throw new FormatError('BAD_JSON', 'expected signal with sigName, or leads by their names (I, II, …)', { format: FORMAT });
  }
  checkLeadCount(sigName.length, FORMAT);
  const rows = sigName.map((name) => samples(root[name], name));
  requireEqual(rows, (index) => sigName[index]!);
  const { units } = root;
  if (Array.isArray(units)) throw bad('units', 'one unit, or an object of units by lead');
  const unitOfLead = (name: string) =>
    isObject(units) ? unit(own(units, name), `units.${name}`, name, options) : unit(units, 'units', name, options);
  return { fs, sigName, units: sigName.map(unitOfLead), signal: rows };
}

function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function unit(value: unknown, path: string, name: string, options: JsonOptions): Unit {
  if (typeof value === 'string') return unitOf(value);
  if (value !== undefined && value !== null) throw bad(path, 'a unit such as "mV"');
  if (options.units !== undefined) return options.units;
  const lead = standardLead(name);
  if (lead === undefined) return 'unknown';
  const message = 'units are missing: write "units": "mV", or give { units } or --units on the command line';
  throw new FormatError('UNITS_REQUIRED', message, { format: FORMAT, lead });
}

function list<T>(value: unknown, path: string, read: (entry: unknown, path: string) => T, length?: number): T[] {
  if (!Array.isArray(value)) throw bad(path, 'a list');
  if (length !== undefined && value.length !== length) {
    throw bad(path, `${length} entries, one for each lead in sigName${path === 'signal' ? ' ([leads][samples])' : ''}`);
  }
  return value.map((entry, index) => read(entry, `${path}[${index}]`));
}

function samples(value: unknown, path: string): Float64Array {
  if (!Array.isArray(value)) throw bad(path, 'a list of samples');
  const values = new Float64Array(value.length);
  for (let index = 0; index < value.length; index++) {
    const sample: unknown = value[index];
    if (sample !== null && typeof sample !== 'number') throw bad(`${path}[${index}]`, 'a number, or null for an invalid sample');
    values[index] = sample ?? Number.NaN;
  }
  return values;
}

function integers(value: unknown, path: string, length: number): Int32Array {
  const values = samples(value, path);
  if (values.length !== length) throw bad(path, `${length} samples, as signal has`);
  const wrong = values.findIndex((sample) => sample !== (sample | 0));
  if (wrong >= 0) throw bad(`${path}[${wrong}]`, 'an integer of 32 bits');
  return Int32Array.from(values);
}

function finite(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw bad(path, 'a number');
  return value;
}

/** What a sample is divided by. */
function gain(value: unknown, path: string): number {
  if (value === 0) throw bad(path, 'a number other than 0');
  return finite(value, path);
}

function requireEqual(rows: Float64Array[], pathOf: (index: number) => string): void {
  if (rows[0]!.length === 0) throw bad(pathOf(0), 'one sample at least');
  const other = rows.findIndex(({ length }) => length !== rows[0]!.length);
  if (other >= 0) throw bad(pathOf(other), `${rows[0]!.length} samples as the first lead has, not ${rows[other]!.length}`);
}

function bad(path: string, expected: string): FormatError {
  return new FormatError('BAD_JSON', `${path}: expected ${expected}`, { format: FORMAT });
}
