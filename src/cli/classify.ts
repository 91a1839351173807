import { chooseLeads, type Unit } from '../ecg.js';
import { loadModelFile } from '../node.js';
import type { QualityMode } from '../quality.js';
import type { Result } from '../result.js';
import { choiceFlag, type Flags, leadsFlag, numberFlag, parseArguments, UsageError } from './arguments.js';
import { DEFAULT_WEIGHTS, report } from './console.js';
import { describeFailure, expandRecords, type Failure, readArgument } from './records.js';
import { renderTable } from './table.js';

export const CLASSIFY_HELP = `leadwise classify FILE… [options]

Names what ECG recordings show. FILE is a WFDB header (.hea), a signal file with its header beside it (.mat, .dat), a bare record name,
a CSV table, a folder of any of these, or - for one of them on standard input (CSV).

  --weights FILE   weight file (default: the shipped edge network)
  --json           one JSON array on standard output: all findings, logits and what was done to each record
  --all            all classes in the table, not only the likely ones
  --leads I,II     use these leads only
  --fs N           samples a second, for a CSV table without a time column
  --units U        mV, uV, adc or unknown, for a CSV table that does not say
  --quality MODE   gate (default): drop leads that are flat or not finite; report: keep flat leads, flag them; off: as published

Exit code 0: all classified; 1: some could not be read or classified; 2: wrong call.`;

const FLAGS: Flags = { weights: 'value', json: 'switch', all: 'switch', leads: 'value', fs: 'value', units: 'value', quality: 'value' };

/** Runs the command; returns the exit code. */
export async function classifyCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, FLAGS);
  if (parsed.files.length === 0) throw new UsageError('classify needs at least one FILE');
  const fs = numberFlag(parsed, 'fs');
  if (fs !== undefined && fs <= 0) throw new UsageError(`--fs expected a positive number, got ${fs}`);
  const units = choiceFlag<Unit>(parsed, 'units', ['mV', 'uV', 'adc', 'unknown']);
  const quality = choiceFlag<QualityMode>(parsed, 'quality', ['gate', 'report', 'off']) ?? 'gate';
  const leads = leadsFlag(parsed);
  const model = await loadModelFile(parsed.values['weights'] ?? DEFAULT_WEIGHTS);
  const readOptions = { ...(fs === undefined ? {} : { fs }), ...(units === undefined ? {} : { units }) };
  const elements: (({ record: string } & Result) | Failure)[] = [];
  const records = await expandRecords(parsed.files);
  for (const [index, record] of records.entries()) {
    if (records.length > 1) report(`${index + 1}/${records.length} ${record}`);
    try {
      const source = await readArgument(record, readOptions);
      const result = model.classify(leads ? chooseLeads(source, leads) : source, { quality });
      elements.push({ record, ...result });
      if (!parsed.switches['json']) process.stdout.write(`${renderTable(record, source, result, parsed.switches['all'] ?? false)}\n`);
    } catch (error) {
      const failure = describeFailure(record, error);
      elements.push(failure);
      report(`${record}: ${failure.error.message} [${failure.error.code}]`);
    }
  }
  if (parsed.switches['json']) process.stdout.write(`${JSON.stringify(elements, plainArrays, 2)}\n`);
  return elements.some((element) => 'error' in element) ? 1 : 0;
}

/** Typed arrays as JSON arrays. */
function plainArrays(_key: string, value: unknown): unknown {
  return value instanceof Float32Array ? Array.from(value) : value;
}
