// leadwise/evaluate: how well a network does on labelled recordings. Runs in every engine.

import { chooseLeads } from '../choose-leads.js';
import { type EcgRecord, LEAD_SETS, standardLead } from '../ecg.js';
import { FormatError, LeadwiseError } from '../errors.js';
import type { Model } from '../model.js';
import { checkQualityMode, type QualityMode } from '../quality/mode.js';
import type { Result } from '../result.js';
import { NOTICE } from '../version.js';
import { yieldToHost } from '../yield.js';
import type { Evaluation, Labelling, LeadSetEvaluation } from './evaluation.js';
import { headerCodes, labelOf, type RecordLabels, recordName, sourceOf } from './labels.js';
import { curves, rank } from './metrics.js';
import { LEVEL, type Predictions, reliability, type ScoreOptions, score } from './scores.js';

export type { DiagnosisClass } from '../classes.js';
export type { EcgRecord } from '../ecg.js';
export { LEAD_SETS } from '../ecg.js';
export { FormatError, LeadwiseError, RecordError } from '../errors.js';
export type * from './evaluation.js';
export { headerCodes, type RecordLabels, readLabels, recordName } from './labels.js';
export { type OfficialInput, officialScores } from './official.js';
export { renderReport } from './report/page.js';

/** One recording and what is known of it. */
export interface LabelledRecord {
  /** How it is called in messages and reports. */
  readonly name: string;
  /** Default: those of the header line `#Dx:` in the record's comments. */
  readonly labels?: RecordLabels | undefined;
  /** The data set it is from. Default: what the labels say, else what the name says in the challenge. */
  readonly source?: string | undefined;
  /** The recording, or a function that reads it: it is called once, and nothing is kept. */
  readonly record: EcgRecord | (() => EcgRecord | Promise<EcgRecord>);
}

export interface EvaluateOptions {
  /** Numbers of the challenge's lead sets (12, 8, 6, 4, 3, 2), or lists of leads. Default: all twelve. */
  leadSets?: readonly (number | readonly string[])[];
  /** Default `gate`. */
  quality?: QualityMode;
  /** Positives that a class needs to count in the macro means. Default 5. */
  minPositives?: number;
  /** Bootstrap samples for the intervals. Default 1000, at most 100,000; 0 for none. */
  resamples?: number;
  /** Of the bootstrap. Default 1. */
  seed?: number;
  signal?: AbortSignal;
  /** After each record; `count` is undefined where the records' number is not known beforehand. */
  onProgress?: (progress: { done: number; count: number | undefined; record: string }) => void;
}

const UNNAMED = 'not stated';
const CURVE_STEPS = 100;
/** Enough for any interval; every one costs a pass over all records and classes. */
export const MOST_RESAMPLES = 100_000;
const BESIDE = ['pvc-164884008', 'ludb-unstated-unknown'] as const;

/** What the network said of one record with one lead set: f64[K] each. */
interface Outcome {
  readonly logits: Float64Array;
  readonly probabilities: Float64Array;
  readonly decisions: Uint8Array;
  readonly saturated: number;
}

/** One record that was classified, with each lead set. */
interface Case {
  readonly codes: readonly string[];
  readonly source: string;
  readonly outcomes: readonly Outcome[];
}

/**
 * Runs a network over labelled recordings, with each lead set, and scores it. Records that cannot be read or classified are listed as
 * `failures` and count in no figure.
 * @throws TypeError, RangeError for wrong options
 * @throws LeadwiseError `NO_RECORDS` when no record could be classified
 * @throws the signal's reason when aborted
 */
export async function evaluate(
  model: Model,
  records: Iterable<LabelledRecord> | AsyncIterable<LabelledRecord>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { leadSets = [12], quality = 'gate', minPositives = 5, resamples = 1000, seed = 1, signal, onProgress } = options;
  checkOptions({ minPositives, resamples, seed });
  checkQualityMode(quality);
  if (leadSets.length === 0) throw new RangeError('"leadSets" expected at least one');
  const sets = leadSets.map(leadsOf);
  const cases: Case[] = [];
  const failures: Evaluation['failures'][number][] = [];
  let last: Result | undefined;
  const count = Array.isArray(records) ? records.length : undefined;
  for await (const entry of records) {
    signal?.throwIfAborted();
    try {
      const { results, ...labels } = await classifyEntry(model, entry, sets, quality);
      last = results[0]!;
      cases.push({ ...labels, outcomes: results.map((result) => outcomeOf(model, result)) });
    } catch (error) {
      failures.push({ record: entry.name, error: describeFailure(error) });
    }
    onProgress?.({ done: cases.length + failures.length, count, record: entry.name });
    await yieldToHost();
  }
  if (!last) throw new LeadwiseError('NO_RECORDS', describeNothing(failures));
  const scoring = { minPositives, resamples, seed };
  return {
    schema: 1,
    model: last.model,
    kernels: last.kernels,
    quality,
    records: cases.length,
    sources: countSources(cases),
    failures,
    minPositives,
    bootstrap: { resamples, seed, level: LEVEL },
    classes: model.classes,
    leadSets: sets.map((leads, set) => evaluateLeadSet(model, cases, { leads, set }, scoring)),
    notice: NOTICE,
  };
}

function checkOptions(options: Record<'minPositives' | 'resamples' | 'seed', unknown>): void {
  for (const [key, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw new RangeError(`"${key}" expected a whole number, got ${value}`);
  }
  if ((options.resamples as number) > MOST_RESAMPLES) {
    throw new RangeError(`"resamples" expected at most ${MOST_RESAMPLES}, got ${options.resamples}`);
  }
}

/** Reads, checks and classifies one record with every lead set. */
async function classifyEntry(
  model: Model,
  { name, record, labels, source }: LabelledRecord,
  sets: readonly (readonly string[])[],
  quality: QualityMode,
): Promise<Pick<Case, 'codes' | 'source'> & { results: Result[] }> {
  const loaded = typeof record === 'function' ? await record() : record;
  const codes = labels?.codes ?? headerCodes(loaded.comments);
  if (!codes) throw new FormatError('NO_LABELS', 'neither the labels nor a header line "#Dx:" say what this record shows');
  const isKnown = (code: unknown) => typeof code === 'string' && (/^\d+$/.test(code) || model.classes.some((entry) => entry.code === code));
  if (!Array.isArray(codes) || !codes.every(isKnown)) {
    throw new FormatError('BAD_LABELS', 'the labels are neither SNOMED CT codes nor codes of the classes of this network');
  }
  const results = sets.map((leads) => model.classify(chooseLeads(loaded, leads), { quality }));
  return { codes, source: source ?? labels?.source ?? sourceOf(recordName(name)) ?? UNNAMED, results };
}

/** What is wrong with a record; whatever else was thrown goes on. */
function describeFailure(error: unknown): { code: string; message: string } {
  if (error instanceof LeadwiseError && error.code !== 'MODEL_DISPOSED') return { code: error.code, message: error.message };
  if (error instanceof RangeError || error instanceof TypeError) return { code: 'BAD_INPUT', message: error.message };
  throw error;
}

function describeNothing(failures: Evaluation['failures']): string {
  const [first] = failures;
  if (!first) return 'There were no records';
  return `None of the ${failures.length} records could be classified; the first, ${first.record}: ${first.error.message} [${first.error.code}]`;
}

function leadsOf(set: number | readonly string[]): readonly string[] {
  if (typeof set === 'number') {
    const leads = LEAD_SETS.get(set);
    if (!leads) throw new RangeError(`"leadSets" expected ${[...LEAD_SETS.keys()].join(', ')}, or lists of leads, got ${set}`);
    return leads;
  }
  if (!Array.isArray(set) || set.length === 0 || !set.every((name) => typeof name === 'string')) {
    throw new TypeError('"leadSets" expected numbers or lists of lead names');
  }
  return set.map((name) => {
    const lead = standardLead(name);
    if (lead === undefined) throw new RangeError(`"leadSets" expected names of leads, got ${JSON.stringify(name)}`);
    return lead;
  });
}

function outcomeOf({ classes }: Model, { findings, logits, saturated }: Result): Outcome {
  const byCode = new Map(findings.map((finding) => [finding.code, finding]));
  const ordered = classes.map(({ code }) => byCode.get(code)!);
  return {
    logits: Float64Array.from(logits),
    probabilities: Float64Array.from(ordered, ({ probability }) => probability),
    decisions: Uint8Array.from(ordered, ({ present }) => (present ? 1 : 0)),
    saturated,
  };
}

function evaluateLeadSet(
  model: Model,
  cases: readonly Case[],
  { leads, set }: { leads: readonly string[]; set: number },
  options: ScoreOptions,
): LeadSetEvaluation {
  const strict = predictionsOf(model, cases, set, 'strict');
  const sources = countSources(cases);
  return {
    leads,
    strict: score(strict, options),
    beside: BESIDE.map((labelling) => {
      const { macro, official } = score(predictionsOf(model, cases, set, labelling), options);
      return { labelling, macro, official };
    }),
    sources:
      sources.length < 2
        ? []
        : sources.map(({ source, records }) => {
            const own = cases.filter((entry) => entry.source === source);
            const { macro, official } = score(predictionsOf(model, own, set, 'strict'), options);
            return { source, records, macro, official };
          }),
    reliability: reliability(strict),
    curves: strict.labels.map((labels, k) => curves(rank(labels, strict.scores[k]!), CURVE_STEPS)),
    confusion: confusionOf(strict),
    saturated: cases.reduce((sum, { outcomes }) => sum + outcomes[set]!.saturated, 0),
  };
}

function predictionsOf({ classes }: Model, cases: readonly Case[], set: number, labelling: Labelling): Predictions {
  const columns = (pick: (outcome: Outcome, k: number) => number) =>
    classes.map((_, k) => Float64Array.from(cases, ({ outcomes }) => pick(outcomes[set]!, k)));
  return {
    classes,
    labels: classes.map(({ code }) => Float64Array.from(cases, (entry) => labelOf(code, entry, labelling))),
    // By the logit: probabilities that round to 1 would be ties.
    scores: columns(({ logits }, k) => logits[k]!),
    probabilities: columns(({ probabilities }, k) => probabilities[k]!),
    decisions: columns(({ decisions }, k) => decisions[k]!),
  };
}

/** Rows: the classes that a record has, then none of them; columns: its most probable finding. */
function confusionOf({ classes, labels, probabilities }: Predictions): number[][] {
  const counts = Array.from({ length: classes.length + 1 }, () => new Array<number>(classes.length).fill(0));
  for (let record = 0; record < labels[0]!.length; record++) {
    const strongest = probabilities.reduce((best, column, k) => (column[record]! > probabilities[best]![record]! ? k : best), 0);
    const present = classes.flatMap((_, k) => (labels[k]![record]! > 0 ? [k] : []));
    for (const row of present.length > 0 ? present : [classes.length]) counts[row]![strongest]!++;
  }
  return counts;
}

function countSources(cases: readonly Case[]): { source: string; records: number }[] {
  const counts = new Map<string, number>();
  for (const { source } of cases) counts.set(source, (counts.get(source) ?? 0) + 1);
  return Array.from(counts, ([source, records]) => ({ source, records })).sort(
    (a, b) => b.records - a.records || (a.source < b.source ? -1 : 1),
  );
}
