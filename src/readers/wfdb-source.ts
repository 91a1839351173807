import { type ErrorPlace, FormatError } from '../errors.js';

/** A file of which parts are read: `slice` gives the bytes from `start` up to `end`, without `end`. */
export interface ByteSource {
  byteLength: number;
  slice(start: number, end: number): Uint8Array | ArrayBuffer | Promise<Uint8Array | ArrayBuffer>;
}

/** Gives the bytes of a file that a header names; the name never holds a path. */
export type OpenFile = (fileName: string) => Uint8Array | Promise<Uint8Array>;

/** As `OpenFile`, or a source from which only the parts that are needed are read. */
export type OpenSource = (fileName: string) => Uint8Array | ByteSource | Promise<Uint8Array | ByteSource>;

/** An opened file, whatever it was opened as. */
export interface SignalSource {
  byteLength: number;
  /** Bytes from `start` up to `end`, which the file has. */
  read(start: number, end: number): Uint8Array | Promise<Uint8Array>;
}

/** A name that could lead out of the folder of the header. */
const PATH = /[/\\:\0]|\.\./;

/** @throws FormatError `UNSAFE_FILE_NAME` for a name that holds a path. */
export function requireSafeName(fileName: string, what: string, place: ErrorPlace): void {
  if (!PATH.test(fileName)) return;
  const message = `${what} must lie beside its header, so its name cannot hold a path`;
  throw new FormatError('UNSAFE_FILE_NAME', message, place);
}

/** Opens a file whose name is safe. @throws TypeError when `open` gives neither bytes nor a source. */
export async function openSource(open: OpenSource, fileName: string): Promise<SignalSource> {
  const opened: unknown = await open(fileName);
  if (isBytes(opened)) return { byteLength: opened.length, read: (start, end) => opened.subarray(start, end) };
  const { byteLength, slice } = (opened ?? {}) as Partial<ByteSource>;
  if (!Number.isSafeInteger(byteLength) || byteLength! < 0 || typeof slice !== 'function') {
    throw new TypeError('"open" expected to return a Uint8Array, or { byteLength, slice(start, end) }');
  }
  return { byteLength: byteLength!, read: (start, end) => readSlice(opened as ByteSource, start, end, fileName) };
}

async function readSlice(source: ByteSource, start: number, end: number, file: string): Promise<Uint8Array> {
  const part: unknown = await source.slice(start, end);
  if (!isBytes(part) && tagOf(part) !== 'ArrayBuffer') throw new TypeError('"slice" expected to return a Uint8Array or an ArrayBuffer');
  const bytes = isBytes(part) ? part : new Uint8Array(part as ArrayBuffer);
  if (bytes.length === end - start) return bytes;
  const message = `${end - start} bytes were asked for, ${bytes.length} came`;
  throw new FormatError('TRUNCATED', message, { format: 'wfdb', file, offset: start });
}

/** By tag: arrays of another realm, and Node's Buffer, are bytes too. */
function isBytes(value: unknown): value is Uint8Array {
  return tagOf(value) === 'Uint8Array';
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
