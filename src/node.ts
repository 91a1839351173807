import { open as openFile, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EcgRecord } from './ecg.js';
import { FormatError, UnsupportedError } from './errors.js';
import { type LoadOptions, loadModel } from './index.js';
import type { Model } from './model.js';
import { type ByteSource, type Libraries, type ReadOptions, readBytes, type SourceFormat, sniff } from './readers/index.js';

export type RecordOptions = Omit<ReadOptions, 'name' | 'open'>;

/** Endings that stand for a file, not for a part of a record's name. */
const FILE_ENDINGS = ['.hea', '.mat', '.dat', '.csv', '.tsv', '.txt', '.edf', '.bdf', '.dcm', '.xml', '.json', '.ecg'];

/** What `sniff` needs to see. */
const SNIFFED_BYTES = 65536;

/**
 * Reads a recording from the file system, in any format of `readBytes`: a WFDB record by its header, by a signal file (`.mat`, `.dat`) with the
 * header beside it or by its bare name; anything else by its content. `path` is a path, or a `file:` URL as string or `URL`.
 * Of long WFDB records only the part that is wanted is read (`startSeconds`, `seconds`).
 *
 * @throws FormatError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, and what `readBytes` throws.
 */
export async function readRecord(path: string | URL, options: RecordOptions = {}): Promise<EcgRecord> {
  const filePath = toFilePath(path);
  const folder = dirname(filePath);
  const open = (fileName: string) => openSource(join(folder, fileName));
  const { bytes, found } = await readOneOf(candidates(filePath));
  return readRecordBytes(bytes, { ...options, name: basename(found), open });
}

/** As `readBytes`, with the libraries that are installed: for bytes that are no file, such as those of standard input. */
export async function readRecordBytes(bytes: Uint8Array, options: ReadOptions = {}): Promise<EcgRecord> {
  try {
    return await readBytes(bytes, options);
  } catch (error) {
    if (!(error instanceof UnsupportedError && error.code === 'LIBRARY_REQUIRED') || options.libraries) throw error;
    const libraries = await installedLibraries();
    if (Object.keys(libraries).length === 0) throw error;
    return readBytes(bytes, { ...options, libraries });
  }
}

/** What a file is, by the beginning of its content; undefined for what is none of the formats, and for bare signal files. */
export async function identifyRecord(path: string | URL): Promise<SourceFormat | undefined> {
  for (const file of candidates(toFilePath(path))) {
    const source = await openSource(file).catch(() => undefined);
    if (source) return sniff(await source.slice(0, Math.min(source.byteLength, SNIFFED_BYTES)));
  }
  return undefined;
}

/** The bare name of a WFDB record stands for its header. */
function candidates(path: string): string[] {
  return FILE_ENDINGS.includes(extname(path).toLowerCase()) ? [path] : [path, `${path}.hea`];
}

/** Those optional packages that can be imported here. */
async function installedLibraries(): Promise<Libraries> {
  const libraries: Record<string, unknown> = {};
  for (const name of ['fast-xml-parser', '@wasm-audio-decoders/flac'] satisfies (keyof Libraries)[]) {
    const module: unknown = await import(name).catch(() => undefined);
    if (module) libraries[name] = module;
  }
  return libraries as Libraries;
}

interface FileSource extends ByteSource {
  slice(start: number, end: number): Promise<Uint8Array>;
}

/** A file of which parts are read. It is open only while it is. @throws FormatError `FILE_NOT_FOUND`, `FILE_UNREADABLE` */
async function openSource(path: string): Promise<FileSource> {
  const withFile = async <Value>(use: (file: Awaited<ReturnType<typeof openFile>>) => Promise<Value>): Promise<Value> => {
    const file = await openFile(path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? notFound(path) : unreadable(path, error.code);
    });
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  };
  const { size, isFolder } = await withFile(async (file) => {
    const stat = await file.stat();
    return { size: stat.size, isFolder: stat.isDirectory() };
  });
  if (isFolder) throw notFound(path);
  const slice = (start: number, end: number) =>
    withFile(async (file) => {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
      return bytes.subarray(0, bytesRead);
    });
  return { byteLength: size, slice };
}

function notFound(path: string, also = ''): FormatError {
  return new FormatError('FILE_NOT_FOUND', `there is no such file${also}`, { file: basename(path) });
}

function unreadable(path: string, code: string | undefined): FormatError {
  return new FormatError('FILE_UNREADABLE', `the file cannot be read: ${code}`, { file: basename(path) });
}

/**
 * Loads a weight file from the file system. `path` is a path, or a `file:` URL as string or `URL`.
 *
 * @throws FormatError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, and what `loadModel` throws.
 */
export async function loadModelFile(path: string | URL, options: LoadOptions = {}): Promise<Model> {
  const { bytes } = await readOneOf([toFilePath(path)]);
  return loadModel(bytes, options);
}

function toFilePath(path: string | URL): string {
  if (typeof path === 'string') return /^file:/i.test(path) ? fileURLToPath(path) : path;
  if (!(path instanceof URL)) throw new TypeError(`"path" expected a string or a file: URL, got ${typeof path}`);
  if (path.protocol !== 'file:') throw new RangeError(`"path" expected a file: URL, got ${path.protocol}`);
  return fileURLToPath(path);
}

/** The first of `paths` that is there and is no folder. */
async function readOneOf(paths: string[]): Promise<{ bytes: Uint8Array; found: string }> {
  for (const found of paths) {
    try {
      const { buffer, byteOffset, byteLength } = await readFile(found);
      return { bytes: new Uint8Array(buffer, byteOffset, byteLength), found };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') continue;
      if (code === undefined || code === 'ERR_INVALID_ARG_VALUE') throw error;
      throw unreadable(found, code);
    }
  }
  throw notFound(paths[0]!, paths.length > 1 ? ', nor a WFDB record of this name' : '');
}
