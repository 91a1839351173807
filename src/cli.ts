#!/usr/bin/env node
// The command line: results on standard output, everything else on standard error. Exit codes: 0 ok, 1 bad input, 2 usage.

import { UsageError } from './cli/arguments.js';
import { BENCH_HELP, benchCommand } from './cli/bench.js';
import { CLASSIFY_HELP, classifyCommand } from './cli/classify.js';
import { COMPARE_HELP, compareCommand } from './cli/compare.js';
import { isSystemError, report } from './cli/console.js';
import { CONVERT_HELP, convertCommand } from './cli/convert.js';
import { CONVERT_RECORD_HELP, convertRecordCommand } from './cli/convert-record.js';
import { EVALUATE_HELP, evaluateCommand } from './cli/evaluate.js';
import { INFO_HELP, infoCommand } from './cli/info.js';
import { INSPECT_HELP, inspectCommand } from './cli/inspect.js';
import { RENDER_HELP, renderCommand } from './cli/render.js';
import { SIMULATE_HELP, simulateCommand } from './cli/simulate.js';
import { VERIFY_HELP, verifyCommand } from './cli/verify.js';
import { LeadwiseError } from './errors.js';
import { NOTICE, VERSION } from './version.js';
import { builtKernels } from './wasm.js';

interface Command {
  run(args: string[]): Promise<number>;
  help: string;
}

const COMMANDS = new Map<string, Command>([
  ['classify', { run: classifyCommand, help: CLASSIFY_HELP }],
  ['render', { run: renderCommand, help: RENDER_HELP }],
  ['convert', { run: convertCommand, help: CONVERT_HELP }],
  ['evaluate', { run: evaluateCommand, help: EVALUATE_HELP }],
  ['inspect', { run: inspectCommand, help: INSPECT_HELP }],
  ['compare', { run: compareCommand, help: COMPARE_HELP }],
  ['verify', { run: verifyCommand, help: VERIFY_HELP }],
  ['bench', { run: benchCommand, help: BENCH_HELP }],
  ['info', { run: infoCommand, help: INFO_HELP }],
  ['convert-record', { run: convertRecordCommand, help: CONVERT_RECORD_HELP }],
  ['simulate', { run: simulateCommand, help: SIMULATE_HELP }],
]);

const HELP = `leadwise ${VERSION}: reads a 12-lead ECG and names what it shows

  leadwise classify FILE…        name what recordings show
  leadwise render FILE           draw a recording as a sheet: SVG or PNG
  leadwise convert FILE          make a weight file of a trained checkpoint
  leadwise evaluate PATH…        score a network on labelled recordings
  leadwise inspect [FILE]        show what a weight file holds
  leadwise compare A B RECORD…   show how far two weight files are apart
  leadwise verify [FILE…]        check weight files, and this engine, to the last bit
  leadwise bench                 measure a network on this machine, layer by layer
  leadwise info FILE…            show what recordings hold
  leadwise convert-record IN OUT write a recording in another format
  leadwise simulate              write a simulated ECG
  leadwise COMMAND --help        more about a command
  leadwise --version             version and kernels

${NOTICE}`;

async function main(args: string[]): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--help' || name === '-h' || name === 'help') return print(HELP);
  if (name === '--version' || name === '-V') return print(describeVersion());
  const command = COMMANDS.get(name);
  if (!command) throw new UsageError(`unknown command "${name}"; there are ${[...COMMANDS.keys()].join(', ')}`);
  if (rest.includes('--help') || rest.includes('-h')) return print(command.help);
  return command.run(rest);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function describeVersion(): string {
  const { variant, sha256 } = builtKernels();
  return `leadwise ${VERSION}, ${variant} kernels sha256 ${sha256}`;
}

/** What went wrong, for a person: the stack is of use only when it is our own mistake. */
function explain(error: unknown): number {
  if (error instanceof UsageError) {
    report(`leadwise: ${error.message}`);
    report('See leadwise --help.');
    return 2;
  }
  if (error instanceof LeadwiseError) report(`leadwise: ${error.message} [${error.code}]`);
  else if (error instanceof TypeError || error instanceof RangeError || isSystemError(error)) report(`leadwise: ${error.message}`);
  else throw error;
  return 1;
}

// A reader that closes the pipe early (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main(process.argv.slice(2)).catch(explain);
