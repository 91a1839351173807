// The command line in process: its commands with any arguments, with any file, and the tables of labels.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Flags, leadsFlag, numberFlag, parseArguments, UsageError } from '../../../src/cli/arguments.js';
import { classifyCommand } from '../../../src/cli/classify.js';
import { compareCommand } from '../../../src/cli/compare.js';
import { isSystemError } from '../../../src/cli/console.js';
import { convertCommand } from '../../../src/cli/convert.js';
import { convertRecordCommand } from '../../../src/cli/convert-record.js';
import { evaluateCommand } from '../../../src/cli/evaluate.js';
import { infoCommand } from '../../../src/cli/info.js';
import { inspectCommand } from '../../../src/cli/inspect.js';
import { simulateCommand } from '../../../src/cli/simulate.js';
import { verifyCommand } from '../../../src/cli/verify.js';
import { LeadwiseError } from '../../../src/errors.js';
import { headerCodes, readLabels, recordName, sourceOf } from '../../../src/evaluate/labels.js';
import { PLAIN, settle } from '../oracle.js';

type Command = (args: string[]) => Promise<number>;

const COMMANDS: readonly Command[] = [
  infoCommand,
  convertRecordCommand,
  inspectCommand,
  simulateCommand,
  convertCommand,
  classifyCommand,
  evaluateCommand,
  compareCommand,
  verifyCommand,
];

/** Where commands run: they see no other file, because no argument here holds a path. */
const FOLDER = mkdtempSync(join(tmpdir(), 'leadwise-fuzz-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));

/** Not minutes of simulation for one run. */
const SLOW = /^\d{2,}|e\d/i;

/** The first byte is the command, then one argument a line. */
export async function commandLine(input: Uint8Array): Promise<void> {
  const [first = 0, ...rest] = new Uint8Array(input);
  const args = new TextDecoder('latin1')
    .decode(Uint8Array.from(rest))
    .split('\n')
    .map((arg) => arg.replace(/[/\\:\0]|\.\./g, '_').slice(0, 200));
  if (args.some((arg, index) => SLOW.test(arg.replace(/^.*=/, '')) && /^--(?:seconds|fs)/.test(args[index - 1] ?? arg))) return;
  await runCommand(COMMANDS[first % COMMANDS.length]!, args.slice(0, 20));
}

const RECORD_COMMANDS: readonly [Command, string[]][] = [
  [infoCommand, ['--json']],
  [infoCommand, ['--start', '0.01', '--fs', '250', '--units', 'mV']],
  [convertRecordCommand, ['out.csv', '--force']],
  [convertRecordCommand, ['out.edf', '--force', '--fs', '250']],
  [convertRecordCommand, ['out.hea', '--force', '--comments']],
];
const ENDINGS = ['hea', 'csv', 'edf', 'dcm', 'xml', 'json', 'ecg'];

/** A file that is named as a recording is: the first byte says what is done with it, and its ending. */
export async function recordFile(input: Uint8Array): Promise<void> {
  const [first = 0] = input;
  const name = `in.${ENDINGS[first % ENDINGS.length]}`;
  writeFileSync(join(FOLDER, name), input.subarray(1));
  const [command, args] = RECORD_COMMANDS[(first >> 3) % RECORD_COMMANDS.length]!;
  await runCommand(command, [name, ...args]);
  rmSync(join(FOLDER, name), { force: true });
}

export async function labels(input: Uint8Array): Promise<void> {
  const bytes = new Uint8Array(input);
  const table = await settle(bytes.length, PLAIN, () => readLabels(bytes));
  for (const name of table?.keys() ?? []) sourceOf(recordName(name));
  headerCodes(new TextDecoder().decode(bytes).split('\n'));
}

const FLAGS: Flags = { number: 'value', list: 'list', leads: 'value', on: 'switch' };

export function argumentParser(input: Uint8Array): void {
  try {
    const parsed = parseArguments(new TextDecoder().decode(input).split('\n'), FLAGS);
    numberFlag(parsed, 'number');
    leadsFlag(parsed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
}

/** Runs a command in the folder, unheard. @throws what is no mistake of the caller, nor of a file */
async function runCommand(command: Command, args: string[]): Promise<void> {
  if (!existsSync(FOLDER)) mkdirSync(FOLDER);
  const before = process.cwd();
  const writers = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  const exitCode = process.exitCode;
  process.chdir(FOLDER);
  for (const { stream } of writers) stream.write = () => true;
  try {
    const code = await command(args);
    if (code !== 0 && code !== 1 && code !== 2) throw new Error(`exit code ${code}`);
  } catch (error) {
    if (!isExpected(error)) throw error;
  } finally {
    for (const { stream, write } of writers) stream.write = write;
    process.chdir(before);
    process.exitCode = exitCode;
    if (readdirSync(FOLDER).length > 20) rmSync(FOLDER, { recursive: true, force: true });
  }
}

/** What the command line explains to its user: a caller's mistake says what it expected. */
function isExpected(error: unknown): boolean {
  if (error instanceof UsageError || error instanceof LeadwiseError || isSystemError(error)) return true;
  return (error instanceof TypeError || error instanceof RangeError) && /^"[\w.[\]]+" expected /.test(error.message);
}
