import type { EcgRecord } from '../ecg.js';
import { formatCsv, type Rhythm, type SimulateOptions, simulate } from '../simulate.js';
import { choiceFlag, numberFlag, parseArguments, UsageError } from './arguments.js';
import { report } from './console.js';
import { checkRecordName, writeRecord } from './record-output.js';

export const SIMULATE_HELP = `leadwise simulate [options]

Writes a simulated 12-lead ECG (dynamical model of McSharry 2003, three-dipole form of Sameni 2007): for trying things out, never for training.

  -o, --output FILE   .csv, .edf, or .hea for a WFDB record (default: CSV on standard output)
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
  else {
    checkRecordName(output);
    const { files } = await writeRecord(output, record, parsed.switches['force'] ?? false);
    report(`wrote ${files.join(', ')}: simulated, ${record.sigName.length} leads, ${record.fs} Hz`);
  }
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
