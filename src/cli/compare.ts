import { Comparer, type Comparison } from '../comparison.js';
import { WeightsError } from '../errors.js';
import { loadModelFile } from '../node.js';
import { NOTICE } from '../version.js';
import { parseArguments, UsageError } from './arguments.js';
import { report } from './console.js';
import { describeFailure, expandRecords, readArgument } from './records.js';

export const COMPARE_HELP = `leadwise compare A B RECORD… [options]

Runs two weight files on the same recordings and shows how far apart they are: logits and decisions, over all and by class.
RECORD is what leadwise classify takes; a folder stands for all records in it.

  --json     the same as one JSON object on standard output; where no record could be compared, with records 0 and without figures

Exit code 0: compared; 1: a file could not be read, or the two have different classes; 2: wrong call.`;

/** Runs the command; returns the exit code. */
export async function compareCommand(args: string[]): Promise<number> {
  const { files, switches } = parseArguments(args, { json: 'switch' });
  const [first, second, ...rest] = files;
  if (first === undefined || second === undefined || rest.length === 0) throw new UsageError('compare needs two weight files and a RECORD');
  const a = await loadModelFile(first);
  const b = await loadModelFile(second);
  const codes = (model: typeof a) => model.classes.map(({ code }) => code).join(' ');
  if (codes(a) !== codes(b)) throw new WeightsError('CLASSES_DIFFER', 'The two files have different classes: there is nothing to compare');
  const comparer = new Comparer(a.classes);
  const records = await expandRecords(rest);
  let failures = 0;
  for (const [index, record] of records.entries()) {
    if (index > 0 && index % 50 === 0) report(`${index}/${records.length} records`);
    try {
      const source = await readArgument(record);
      comparer.add(a.classify(source), b.classify(source));
    } catch (error) {
      const { message, code } = describeFailure(record, error).error;
      report(`${record}: ${message} [${code}]`);
      failures++;
    }
  }
  // Of no records there is no mean.
  const comparison = failures < records.length ? comparer.summary() : undefined;
  if (switches['json']) {
    process.stdout.write(`${JSON.stringify({ a: first, b: second, failures, ...(comparison ?? { records: 0 }) }, null, 2)}\n`);
  } else if (comparison) process.stdout.write(renderComparison(comparison));
  return failures > 0 ? 1 : 0;
}

/** The comparison as a person reads it. */
export function renderComparison({ records, logits, decisions, classes }: Comparison): string {
  const lines = [
    `${records} records, logits with standard deviation ${logits.standardDeviation.toFixed(3)}`,
    `  difference    mean ${logits.meanDifference.toFixed(4)}, largest ${logits.largestDifference.toFixed(4)}`,
    `  decisions     ${decisions.flips} of ${decisions.count} differ (${((100 * decisions.flips) / decisions.count).toFixed(3)} %)`,
    '',
    '  class        mean difference   largest   flips',
    ...classes.map(
      ({ abbreviation, meanDifference, largestDifference, flips }) =>
        `  ${abbreviation.padEnd(12)} ${meanDifference.toFixed(4).padStart(15)} ${largestDifference.toFixed(4).padStart(9)} ${String(flips).padStart(7)}`,
    ),
    '',
    `  ${NOTICE}`,
  ];
  return `${lines.join('\n')}\n`;
}
