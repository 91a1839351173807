import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Evaluation,
  evaluate,
  type Figure,
  type LabelledRecord,
  LEAD_SETS,
  type LeadSetEvaluation,
  type MacroScores,
  MOST_RESAMPLES,
  type RecordLabels,
  readLabels,
  recordName,
  renderReport,
} from '../evaluate/index.js';
import { loadModelFile, readRecord } from '../node.js';
import type { QualityMode } from '../quality/mode.js';
import { choiceFlag, type Flags, numberFlag, parseArguments, UsageError } from './arguments.js';
import { DEFAULT_WEIGHTS, pageFlag, readInput, report, writeOutput } from './console.js';

export const EVALUATE_HELP = `leadwise evaluate PATH… [options]

Runs a network over labelled recordings and scores it with the metrics of the PhysioNet/CinC Challenge 2021. PATH is a folder in the
challenge's layout (searched with all folders in it for .hea files whose #Dx: line names SNOMED codes), or a record.

  --labels FILE       labels as CSV instead: columns record_id (or file), snomed_codes (or scored_codes), and dataset if known
  --weights FILE      weight file (default: the shipped edge network)
  --lead-sets LIST    lead sets of the challenge: any of 12,8,6,4,3,2 (default: 12)
  --quality MODE      gate (default), report or off, as in leadwise classify
  --resamples N       bootstrap samples for the 95 % intervals (default: 1000; 0: none)
  --json              everything as one JSON object on standard output
  --report FILE       everything as one HTML page (.html or .htm), with curves
  --force             overwrite the report

Exit code 0: all were classified; 1: some could not be read or classified, or have no labels; 2: wrong call.`;

const FLAGS: Flags = {
  labels: 'value',
  weights: 'value',
  'lead-sets': 'value',
  quality: 'value',
  resamples: 'value',
  json: 'switch',
  report: 'value',
  force: 'switch',
};

/** Runs the command; returns the exit code. */
export async function evaluateCommand(args: string[]): Promise<number> {
  const parsed = parseArguments(args, FLAGS);
  const { files, values, switches } = parsed;
  if (files.length === 0) throw new UsageError('evaluate needs at least one PATH');
  const leadSets = parseLeadSets(values['lead-sets'] ?? '12');
  const quality = choiceFlag<QualityMode>(parsed, 'quality', ['gate', 'report', 'off']) ?? 'gate';
  const resamples = numberFlag(parsed, 'resamples') ?? 1000;
  if (!Number.isSafeInteger(resamples) || resamples < 0 || resamples > MOST_RESAMPLES) {
    throw new UsageError(`--resamples expected a whole number up to ${MOST_RESAMPLES}, got ${resamples}`);
  }
  const reportFile = await pageFlag(parsed, [...files, values['labels'], values['weights']]);
  const labels = values['labels'] === undefined ? undefined : readLabels(await readInput(values['labels']));
  const model = await loadModelFile(values['weights'] ?? DEFAULT_WEIGHTS);
  const records = (await findRecords(files)).map((path) => labelled(path, labels));
  const evaluation = await evaluate(model, records, { leadSets, quality, resamples, onProgress: progress() });
  for (const { record, error } of evaluation.failures) report(`${record}: ${error.message} [${error.code}]`);
  process.stdout.write(switches['json'] ? `${JSON.stringify(evaluation, null, 1)}\n` : renderEvaluation(evaluation));
  if (reportFile !== undefined) {
    await writeOutput(reportFile, renderReport(evaluation), switches['force']);
    report(`wrote ${reportFile}`);
  }
  return evaluation.failures.length > 0 ? 1 : 0;
}

function parseLeadSets(text: string): number[] {
  return text.split(',').map((word) => {
    const count = Number(word);
    if (!LEAD_SETS.has(count)) throw new UsageError(`--lead-sets expected numbers of ${[...LEAD_SETS.keys()].join(', ')}, got "${word}"`);
    return count;
  });
}

/** Paths of the records in files and folders, all folders below them included, in order of name. */
async function findRecords(paths: readonly string[]): Promise<string[]> {
  const records: string[] = [];
  for (const path of paths) {
    const isFolder = await stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      records.push(path);
      continue;
    }
    const found = (await readdir(path, { recursive: true })).filter((name) => /\.hea$/i.test(name)).sort();
    if (found.length === 0) report(`${path}: no records (.hea) in this folder`);
    records.push(...found.map((name) => join(path, name)));
  }
  // The same record by two of its names is one.
  const seen = new Set<string>();
  return records.filter((path) => {
    const name = resolve(path).replace(/\.(hea|mat|dat)$/i, '');
    return !seen.has(name) && seen.add(name);
  });
}

function labelled(path: string, table: ReadonlyMap<string, RecordLabels> | undefined): LabelledRecord {
  const labels = table?.get(recordName(path));
  const record = async () => {
    const loaded = await readRecord(path);
    // With a table, a record that it does not list has no labels, whatever its header says.
    return table && !labels ? { ...loaded, comments: [] } : loaded;
  };
  return { name: path, record, labels };
}

/** A line on standard error now and then: how far, and how long it will take. */
function progress(): (state: { done: number; count: number | undefined }) => void {
  const start = Date.now();
  let shown = start;
  return ({ done, count }) => {
    const now = Date.now();
    if (now - shown < 5000) return;
    shown = now;
    const left = count === undefined ? '' : `/${count}, about ${Math.ceil(((now - start) / done / 1000) * (count - done))} s left`;
    report(`${done}${left}`);
  };
}

function renderEvaluation({ model, records, sources, failures, leadSets, minPositives, notice }: Evaluation): string {
  const from = sources.map(({ source, records: count }) => `${source} ${count}`).join(', ');
  const first = leadSets[0]!;
  const lines = [
    `${model.name}: ${records} records (${from})${failures.length > 0 ? `, ${failures.length} left out` : ''}`,
    '',
    `  leads  classes  AUROC                AUPRC                F                    challenge            ECE    (macro over classes with ${minPositives} or more positives)`,
    ...leadSets.map(({ leads, strict }) => renderMacro(leads.length, strict.macro)),
    '',
    `  with other labels, ${first.leads.length} leads:`,
    ...first.beside.map(
      ({ labelling, macro }) => `    ${labelling.padEnd(24)} AUROC ${figure(macro.auroc)} challenge ${figure(macro.challengeMetric)}`,
    ),
    ...renderSources(first),
    '',
    `  class        positives  AUROC                AUPRC                F                    (${first.leads.length} leads)`,
    ...first.strict.classes.map(
      ({ abbreviation, positives, auroc, auprc, f }) =>
        `  ${abbreviation.padEnd(12)} ${String(positives).padStart(9)}  ${figure(auroc)} ${figure(auprc)} ${figure(f)}`,
    ),
    '',
    `  ${notice}`,
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function renderMacro(leads: number, { classes, auroc, auprc, f, challengeMetric, ece }: MacroScores): string {
  const cells = [auroc, auprc, f, challengeMetric].map(figure).join(' ');
  return `  ${String(leads).padStart(5)}  ${String(classes).padStart(7)}  ${cells} ${ece.value?.toFixed(3) ?? '–'}`;
}

function renderSources({ sources }: LeadSetEvaluation): string[] {
  if (sources.length === 0) return [];
  const rows = sources.map(
    ({ source, records, macro }) =>
      `    ${source.padEnd(24)} AUROC ${figure(macro.auroc)} over ${macro.classes} classes, challenge ${figure(macro.challengeMetric)} ${records} records`,
  );
  return ['', '  by source:', ...rows];
}

/** `0.912 [0.901, 0.921]`, in 20 columns. */
function figure({ value, low, high }: Figure): string {
  if (value === null) return '–'.padEnd(20);
  return `${value.toFixed(3)}${low === null ? '' : ` [${low.toFixed(3)}, ${high!.toFixed(3)}]`}`.padEnd(20);
}
