import { access, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { EcgRecord } from '../ecg.js';
import { LeadwiseError } from '../errors.js';
import { formatCsv, formatWfdb, type Rhythm, type SimulateOptions, simulate } from '../simulate.js';
import { choiceFlag, numberFlag, parseArguments, UsageError } from './arguments.js';
import { report } from './console.js';

export const SIMULATE_HELP = `leadwise simulate [options]

Writes a simulated 12-lead ECG (dynamical model of McSharry 2003, three-dipole form of Sameni 2007): for trying things out, never for training.

  -o, --output FILE   .csv, or .hea for a WFDB record (default: CSV on standard output)
  --rhythm NAME       sinus (default), bradycardia, tachycardia, af, pvc
  --heart-rate N      beats a minute (default: by rhythm)
  --seconds N         length (default 10)
  --fs N              samples a second (default 500)
  --seed N            whole number; the same seed gives the same bits (default 1)
  --noise MODE        default or none
  --force             overwrite FILE`;

const RHYTHMS: readonly Rhythm[] = ['sinus', 'bradycardia', 'tachycardia', 'af', 'pvc'];

/** Runs the command; returns the exit code. */
export async function simulateCommand(args: string[]): Promise<number> {
  const long = args.map((argument) => (argument === '-o' ? '--output' : argument));
  const parsed = parseArguments(long, {
    output: 'value',
    rhythm: 'value',
    'heart-rate': 'value',
    seconds: 'value',
    fs: 'value',
    seed: 'value',
    noise: 'value',
    force: 'switch',
  });
  if (parsed.files.length > 0) throw new UsageError(`simulate takes no FILE: --output ${parsed.files[0]}`);
  const chosen = {
    rhythm: choiceFlag(parsed, 'rhythm', RHYTHMS),
    heartRate: numberFlag(parsed, 'heart-rate'),
    seconds: numberFlag(parsed, 'seconds'),
    fs: numberFlag(parsed, 'fs'),
    seed: numberFlag(parsed, 'seed'),
    noise: choiceFlag(parsed, 'noise', ['default', 'none']) === 'none' ? ('none' as const) : undefined,
  };
  const options = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
  const record = simulateOrExplain(options);
  const output = parsed.values['output'];
  if (output === undefined) process.stdout.write(formatCsv(record));
  else await writeRecord(output, record, parsed.switches['force'] ?? false);
  return 0;
}

/** A value that the simulator refuses is a mistake in the call. */
function simulateOrExplain(options: SimulateOptions): EcgRecord {
  try {
    return simulate(options);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

async function writeRecord(output: string, record: EcgRecord, force: boolean): Promise<void> {
  const ending = extname(output).toLowerCase();
  if (ending !== '.csv' && ending !== '.hea') throw new UsageError(`--output expected a name ending in .csv or .hea, got "${output}"`);
  const files = new Map<string, string | Uint8Array>();
  if (ending === '.csv') files.set(output, formatCsv(record));
  else {
    const name = basename(output, extname(output));
    const { header, signal } = formatWfdb(record, name);
    files.set(output, header).set(join(dirname(output), `${name}.dat`), signal);
  }
  for (const file of files.keys()) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists && !force) throw new LeadwiseError('FILE_EXISTS', `${file} exists: --force overwrites it`);
  }
  for (const [file, content] of files) await writeFile(file, content);
  report(`wrote ${Array.from(files.keys()).join(', ')}: simulated, ${record.sigName.length} leads, ${record.fs} Hz`);
}
