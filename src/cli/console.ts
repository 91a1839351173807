import { constants } from 'node:fs';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FormatError, LeadwiseError, oneLine } from '../errors.js';
import { type Arguments, UsageError } from './arguments.js';

/** The weights that ship with the package. */
export const DEFAULT_WEIGHTS = new URL('../weights/edge.safetensors', import.meta.url);

/** Everything that is no result goes to standard error. Names in it may hold anything: it stays one line. */
export function report(line: string): void {
  process.stderr.write(`${oneLine(line)}\n`);
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

interface OutputRules {
  /** Whether a file that is there may be overwritten. */
  force?: boolean | undefined;
  /** What the call reads: no `force` overwrites that. */
  inputs: readonly (string | undefined)[];
}

/**
 * That `writeOutput` will be able to write there.
 * @throws UsageError for a file that the call reads
 * @throws LeadwiseError `FILE_EXISTS`, `IS_FOLDER`, and what the system says of it or of its folder
 */
export async function checkOutput(file: string, { force = false, inputs }: OutputRules): Promise<void> {
  await checkNoInput(file, inputs);
  const entry = await stat(file).catch(() => undefined);
  if (entry?.isDirectory()) throw new LeadwiseError('IS_FOLDER', `${file} is a folder: name a file`);
  if (entry && !force) throw fileExists(file);
  await access(entry ? file : dirname(resolve(file)), constants.W_OK);
}

/** That a file is none of those that the call reads, under whatever name. @throws UsageError */
export async function checkNoInput(file: string, inputs: readonly (string | undefined)[]): Promise<void> {
  // Of Windows, a number does not hold all digits of a file's index.
  const lookUp = (path: string) => stat(path, { bigint: true }).catch(() => undefined);
  const output = await lookUp(file);
  if (!output?.isFile()) return;
  for (const input of inputs) {
    const entry = input === undefined ? undefined : await lookUp(input);
    if (entry?.ino === output.ino && entry.dev === output.dev) throw new UsageError(`${file} is to be read: write to another file`);
  }
}

/** Where `--report` is to write its page, if it is given; that it can is checked before the work. @throws UsageError, and as `checkOutput` */
export async function pageFlag({ values, switches }: Arguments, inputs: readonly (string | undefined)[]): Promise<string | undefined> {
  const file = values['report'];
  if (file === undefined) {
    if (switches['force']) throw new UsageError('--force is for --report');
    return undefined;
  }
  // The name of a recording is none: --force would overwrite it.
  if (!/\.html?$/i.test(file)) throw new UsageError(`--report expected a file whose name ends in .html or .htm, got "${file}"`);
  await checkOutput(file, { force: switches['force'], inputs });
  return file;
}

export function fileExists(file: string): LeadwiseError {
  return new LeadwiseError('FILE_EXISTS', `${file} exists: --force overwrites it`);
}
