import { constants } from 'node:fs';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FormatError, LeadwiseError } from '../errors.js';

/** The weights that ship with the package. */
export const DEFAULT_WEIGHTS = new URL('../weights/edge.safetensors', import.meta.url);

/** Everything that is no result goes to standard error. */
export function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What the operating system refused: a folder that is not there, no permission, a full disk. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

/** The bytes of a file that the command line names. @throws FormatError `FILE_NOT_FOUND`, `FILE_UNREADABLE` */
export async function readInput(file: string | URL): Promise<Uint8Array> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    const code = error.code === 'ENOENT' ? 'FILE_NOT_FOUND' : 'FILE_UNREADABLE';
    throw new FormatError(code, `the file cannot be read: ${error.code}`, { file: String(file) });
  });
}

/** Writes a file that the command line names. @throws LeadwiseError `FILE_EXISTS` without `force` */
export async function writeOutput(file: string, content: string | Uint8Array, force = false): Promise<void> {
  await writeFile(file, content, { flag: force ? 'w' : 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw fileExists(file);
    throw error;
  });
}

/** That `writeOutput` will be able to write there. @throws LeadwiseError `FILE_EXISTS`, `IS_FOLDER`, and what the system says of it or of its folder */
export async function checkOutput(file: string, force = false): Promise<void> {
  const entry = await stat(file).catch(() => undefined);
  if (entry?.isDirectory()) throw new LeadwiseError('IS_FOLDER', `${file} is a folder: name a file`);
  if (entry && !force) throw fileExists(file);
  await access(entry ? file : dirname(resolve(file)), constants.W_OK);
}

export function fileExists(file: string): LeadwiseError {
  return new LeadwiseError('FILE_EXISTS', `${file} exists: --force overwrites it`);
}
