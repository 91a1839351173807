// What must hold of whatever comes of a file: a record, or an error with a name; and no more memory than the file is good for.

import { checkRecord, type EcgRecord } from '../../src/ecg.js';
import { LeadwiseError } from '../../src/errors.js';

/** Bytes of typed arrays that a target may make in one run, in all: so much, and so much for each byte of its input. */
export interface Allowance {
  always: number;
  perByte: number;
}

/** The rule; the readers that expand what they read have their own bounds (docs/hardening.md). */
export const PLAIN: Allowance = { always: 2 ** 20, perByte: 64 };
/** 2^22 values, whatever the size: each as int32 and float64, twice where a part is cut out of them. */
export const EXPANDING: Allowance = { always: 160 * 2 ** 20, perByte: 4096 };

/** A run that takes longer is a finding: inputs here are small. */
export const SLOWEST_MS = 2000;

let allocated = 0;
for (const name of [
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
] as const) {
  const counted = countAllocations(globalThis[name]);
  Object.defineProperty(globalThis[name].prototype, 'constructor', { value: counted });
  Object.defineProperty(globalThis, name, { value: counted, writable: true, configurable: true });
}

/** The constructor, adding up the bytes of all arrays that are made by their length. */
function countAllocations<T extends { new (...args: never[]): ArrayBufferView; BYTES_PER_ELEMENT: number }>(original: T): T {
  const counted: T = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      const [source] = args;
      const length = typeof source === 'number' ? source : source instanceof ArrayBuffer ? 0 : ((source as ArrayLike<number>)?.length ?? 0);
      allocated += length * target.BYTES_PER_ELEMENT;
      return Reflect.construct(target, args, newTarget === counted ? target : newTarget) as object;
    },
  });
  return counted;
}

/** Bytes of typed arrays made since the program began. */
export function allocatedBytes(): number {
  return allocated;
}

/**
 * Runs a parser on a file. An error that is none of the library's own is thrown on, as is what it took too long or too much memory for.
 * @returns what it read, or undefined for a file that was refused
 */
export async function settle<T>(inputBytes: number, { always, perByte }: Allowance, run: () => T | Promise<T>): Promise<T | undefined> {
  const before = allocated;
  const start = performance.now();
  let value: T | undefined;
  try {
    value = await run();
  } catch (error) {
    if (!(error instanceof LeadwiseError)) throw error;
    requireMessage(error);
  }
  const milliseconds = performance.now() - start;
  if (milliseconds > SLOWEST_MS) throw new Error(`${inputBytes} bytes took ${milliseconds.toFixed(0)} ms`);
  const bytes = allocated - before;
  if (bytes > always + perByte * inputBytes) throw new Error(`${inputBytes} bytes made arrays of ${bytes} bytes`);
  return value;
}

/** One line, with a code, and short: it never quotes a file at length. */
function requireMessage({ code, message }: LeadwiseError): void {
  if (!/^[A-Z][A-Z0-9_]+$/.test(code)) throw new Error(`an error with the code ${JSON.stringify(code)}`);
  if (message.length > 2000 || /[\r\n]/.test(message))
    throw new Error(`an error message of several lines, or long: ${JSON.stringify(message).slice(0, 300)}`);
}

/** Reads a record and holds it to what all records are. */
export async function settleRecord(
  inputBytes: number,
  allowance: Allowance,
  read: () => EcgRecord | Promise<EcgRecord>,
): Promise<EcgRecord | undefined> {
  const record = await settle(inputBytes, allowance, read);
  if (record) requireSound(record);
  return record;
}

/** @throws Error for a record that no reader may give */
export function requireSound(record: EcgRecord): void {
  checkRecord(record);
  const { sigName, signal, digital, adcGain } = record;
  const sigLen = signal[0]!.length;
  for (const samples of [...signal, ...(digital ?? [])]) {
    if (samples.length !== sigLen) throw new Error(`leads of ${sigLen} and ${samples.length} samples`);
  }
  if (new Set(signal).size !== sigName.length) throw new Error('two leads share their samples');
  if (adcGain?.some((gain) => gain === 0)) throw new Error('a gain of 0');
}
