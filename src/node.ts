import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EcgRecord } from './ecg.js';
import { FormatError } from './errors.js';
import { type LoadOptions, loadModel } from './index.js';
import type { Model } from './model.js';
import { type ReadOptions, readBytes } from './readers/index.js';

export type RecordOptions = Omit<ReadOptions, 'name' | 'open'>;

/** Endings that stand for a file, not for a part of a record's name. */
const FILE_ENDINGS = ['.hea', '.mat', '.dat', '.csv', '.tsv', '.txt'];

/**
 * Reads a recording from the file system: a WFDB record by its header, by a signal file (`.mat`, `.dat`) with the header beside it or by
 * its bare name, or a CSV table. `path` is a path, or a `file:` URL as string or `URL`.
 *
 * @throws FormatError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, and what `readBytes` throws.
 */
export async function readRecord(path: string | URL, options: RecordOptions = {}): Promise<EcgRecord> {
  const filePath = toFilePath(path);
  const folder = dirname(filePath);
  const open = (fileName: string) => readOneOf([join(folder, fileName)]).then(({ bytes }) => bytes);
  const isFile = FILE_ENDINGS.includes(extname(filePath).toLowerCase());
  const { bytes, found } = await readOneOf(isFile ? [filePath] : [filePath, `${filePath}.hea`]);
  return readBytes(bytes, { ...options, name: basename(found), open });
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
      throw new FormatError('FILE_UNREADABLE', `the file cannot be read: ${code}`, { file: basename(found) });
    }
  }
  const also = paths.length > 1 ? ', nor a WFDB record of this name' : '';
  throw new FormatError('FILE_NOT_FOUND', `there is no such file${also}`, { file: basename(paths[0]!) });
}
