import { chooseLeads, type EcgRecord, type Unit } from '../ecg.js';
import { LeadwiseError } from '../errors.js';
import { cutRecord, type WindowsMode } from '../index.js';
import { loadModelFile } from '../node.js';
import type { QualityMode } from '../quality.js';
import type { Result } from '../result.js';
import { type Arguments, choiceFlag, type Flags, leadsFlag, numberFlag, parseArguments, UsageError } from './arguments.js';
import { DEFAULT_WEIGHTS, report } from './console.js';
import { appendTo, plainArrays, standardOutput } from './ndjson.js';
import { describeFailure, expandRecords, type Failure, readArgument } from './records.js';
import { renderTable } from './table.js';

export const CLASSIFY_HELP = `leadwise classify FILE… [options]

Names what ECG recordings show. FILE is a WFDB header (.hea), a signal file with its header beside it (.mat, .dat), a bare record name,
a CSV table, a folder of any of these, or - for one of them on standard input (CSV).

  --weights FILE   weight file (default: the shipped edge network)
  --json           one JSON array on standard output: all findings, logits and what was done to each record
  --ndjson         the same as one line a record, written as it comes: for folders of any size
  --output FILE    with --ndjson: write to FILE, behind what is there; records that it holds are left out, so that a stopped run goes on
  --all            all classes in the table, not only the likely ones
  --leads I,II     use these leads only
  --start S        begin at this second of each record
  --windows MODE   first (default): the first window of a long record, as published; all: every window, with a timeline
  --fs N           samples a second, for a CSV table without a time column
  --units U        mV, uV, adc or unknown, for a CSV table that does not say
  --quality MODE   gate (default): drop leads that are flat or not finite; report: keep flat leads, flag them; off: as published

Exit code 0: all classified; 1: some could not be read or classified; 2: wrong call.`;

const FLAGS: Flags = {
  weights: 'value',
  json: 'switch',
  ndjson: 'switch',
  output: 'value',
  all: 'switch',
  leads: 'value',
  start: 'value',
  windows: 'value',
  fs: 'value',
  units: 'value',
  quality: 'value',
};

type Element = ({ record: string } & Result) | Failure;

/** Runs the command; returns the exit code. */
export async function classifyCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, FLAGS);
  if (parsed.files.length === 0) throw new UsageError('classify needs at least one FILE');
  const output = await openOutput(parsed);
  const read = reader(parsed);
  const quality = choiceFlag<QualityMode>(parsed, 'quality', ['gate', 'report', 'off']) ?? 'gate';
  const windows = choiceFlag<WindowsMode>(parsed, 'windows', ['first', 'all']) ?? 'first';
  const model = await loadModelFile(parsed.values['weights'] ?? DEFAULT_WEIGHTS);
  const all = await expandRecords(parsed.files);
  const records = all.filter((record) => !output.done.has(record));
  if (records.length < all.length) report(`${all.length - records.length} of ${all.length} records are there already`);
  let failed = 0;
  for (const [index, record] of records.entries()) {
    if (records.length > 1) report(`${index + 1}/${records.length} ${record}`);
    try {
      const source = await read(record);
      await output.write({ record, ...model.classify(source, { quality, windows }) }, source);
    } catch (error) {
      const failure = describeFailure(record, error);
      failed++;
      report(`${record}: ${failure.error.message} [${failure.error.code}]`);
      await output.write(failure);
    }
  }
  await output.close();
  return failed > 0 ? 1 : 0;
}

interface Output {
  /** Records that need not be classified again. */
  readonly done: ReadonlySet<string>;
  write(element: Element, source?: EcgRecord): Promise<void>;
  close(): Promise<void>;
}

/** A table, one JSON array, or lines of JSON. */
async function openOutput({ switches, values }: Arguments): Promise<Output> {
  const { json = false, ndjson = false, all = false } = switches;
  const file = values['output'];
  if (json && ndjson) throw new UsageError('--json and --ndjson exclude each other');
  if (file !== undefined && !ndjson) throw new UsageError('--output is for --ndjson');
  if (ndjson) return file === undefined ? standardOutput() : appendTo(file);
  const elements: Element[] = [];
  return {
    done: new Set(),
    async write(element, source) {
      if (json) elements.push(element);
      else if (!('error' in element)) process.stdout.write(`${renderTable(element.record, source!, element, all)}\n`);
    },
    async close() {
      if (json) process.stdout.write(`${JSON.stringify(elements, plainArrays, 2)}\n`);
    },
  };
}

/** Reads a record as the flags say. */
function reader(parsed: Arguments): (record: string) => Promise<EcgRecord> {
  const fs = numberFlag(parsed, 'fs');
  if (fs !== undefined && fs <= 0) throw new UsageError(`--fs expected a positive number, got ${fs}`);
  const start = numberFlag(parsed, 'start') ?? 0;
  if (start < 0) throw new UsageError(`--start expected seconds, got ${start}`);
  const units = choiceFlag<Unit>(parsed, 'units', ['mV', 'uV', 'adc', 'unknown']);
  const leads = leadsFlag(parsed);
  const options = { ...(fs === undefined ? {} : { fs }), ...(units === undefined ? {} : { units }) };
  return async (name) => {
    const whole = await readArgument(name, options);
    const record = leads ? chooseLeads(whole, leads) : whole;
    return start === 0 ? record : from(record, start);
  };
}

function from(record: EcgRecord, startSeconds: number): EcgRecord {
  const samples = record.signal[0]!.length;
  const start = Math.round(startSeconds * record.fs);
  if (start < samples) return cutRecord(record, start, samples);
  throw new LeadwiseError(
    'START_BEYOND_END',
    `--start ${startSeconds} lies behind the end of the record, which has ${samples / record.fs} s`,
  );
}
