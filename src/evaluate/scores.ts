import type { DiagnosisClass } from '../classes.js';
import { splitmix32 } from '../splitmix32.js';
import { challengeMetric, type Rewards, recordRewards } from './challenge.js';
import type { ClassScores, Figure, MacroScores, OfficialScores, ReliabilityBin, Scores } from './evaluation.js';
import { areas, countDecisions, type DecisionCounts, fMeasure, type Labels, meanDefined, type Ranking, rank } from './metrics.js';

// K classes, N records.

/** What is known of N records and what a network said of them: for each class a list over the records. */
export interface Predictions {
  readonly classes: readonly DiagnosisClass[];
  /** [K][N]: 1, 0, NaN for unknown. */
  readonly labels: readonly Labels[];
  /** [K][N], any scale: only their order counts. */
  readonly scores: readonly ArrayLike<number>[];
  /** [K][N], 0 to 1. */
  readonly probabilities: readonly ArrayLike<number>[];
  /** [K][N], 1 or 0. */
  readonly decisions: readonly ArrayLike<number>[];
}

export interface ScoreOptions {
  /** Positives that a class needs to count in the macro means. */
  readonly minPositives: number;
  /** Bootstrap samples; 0: no intervals. */
  readonly resamples: number;
  readonly seed: number;
}

/** Share of the bootstrap values that an interval holds. */
export const LEVEL = 0.95;
const BINS = 10;

/** One draw: all that intervals are made of. */
interface Sample {
  auroc: number[];
  auprc: number[];
  f: number[];
  challenge: number;
  accuracy: number;
  ece: number;
}

/** Figures of all records, with bootstrap intervals. */
export function score(predictions: Predictions, options: ScoreOptions): Scores {
  const { classes, labels } = predictions;
  const records = labels[0]?.length ?? 0;
  const scorer = new Scorer(predictions);
  const value = scorer.sample();
  const samples = Array.from({ length: records > 0 ? options.resamples : 0 }, (_, i) => scorer.sample(draw(records, options.seed, i)));
  const rows = classes.map((diagnosis, k) => ({ ...diagnosis, ...scorer.classScores(k), ...figuresOf(value, samples, k) }));
  const covered = rows.flatMap((row, k) => (isCovered(row, options.minPositives) ? [k] : []));
  const brier = defined(scorer.brier(rows.map((_, k) => k)));
  return { records, macro: { ...macroScores(value, samples, covered), brier }, official: officialOf(value), classes: rows };
}

/** Whether a class counts in the macro means. */
export function isCovered({ positives, records }: Pick<ClassScores, 'positives' | 'records'>, minPositives: number): boolean {
  return positives >= minPositives && positives < records;
}

/** How often each record is drawn in bootstrap sample `index`: as many draws as there are records, with replacement. */
function draw(records: number, seed: number, index: number): Int32Array {
  const counts = new Int32Array(records);
  const stream = splitmix32(seed, index);
  for (let i = 0; i < records; i++) counts[Math.floor((splitmix32(stream, i) / 2 ** 32) * records)]!++;
  return counts;
}

class Scorer {
  private readonly rankings: readonly Ranking[];
  private readonly rewards: Rewards | undefined;
  /** Of each record, whether all its decisions are right. */
  private readonly isRight: Uint8Array;

  constructor(private readonly predictions: Predictions) {
    const { classes, labels, scores, decisions } = predictions;
    this.rankings = labels.map((column, k) => rank(column, scores[k]!));
    this.rewards = recordRewards(classes, labels, decisions);
    this.isRight = Uint8Array.from({ length: labels[0]?.length ?? 0 }, (_, record) =>
      labels.every((column, k) => Number.isNaN(column[record]!) || column[record]! > 0 === decisions[k]![record]! > 0) ? 1 : 0,
    );
  }

  sample(counts?: Int32Array): Sample {
    const { labels, decisions } = this.predictions;
    const both = this.rankings.map((ranking) => areas(ranking, counts));
    return {
      auroc: both.map(({ auroc }) => auroc),
      auprc: both.map(({ auprc }) => auprc),
      f: labels.map((column, k) => fMeasure(countDecisions(column, decisions[k]!, counts))),
      challenge: this.rewards ? challengeMetric(this.rewards, counts) : Number.NaN,
      accuracy: this.isRight.reduce((sum, right, i) => sum + right * (counts?.[i] ?? 1), 0) / this.isRight.length,
      ece: expectedCalibrationError(reliability(this.predictions, undefined, counts)),
    };
  }

  classScores(k: number): Pick<ClassScores, 'records' | 'positives' | 'accuracy' | 'sensitivity' | 'specificity' | 'brier' | 'ece'> {
    const { labels, decisions } = this.predictions;
    const counts = countDecisions(labels[k]!, decisions[k]!);
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts;
    const records = total(counts);
    return {
      records,
      positives: truePositives + falseNegatives,
      accuracy: defined((truePositives + trueNegatives) / records),
      sensitivity: defined(truePositives / (truePositives + falseNegatives)),
      specificity: defined(trueNegatives / (trueNegatives + falsePositives)),
      brier: defined(this.brier([k])),
      ece: defined(expectedCalibrationError(reliability(this.predictions, [k]))),
    };
  }

  /** Mean squared difference of probability and label, over these classes. */
  brier(indices: readonly number[]): number {
    const { labels, probabilities } = this.predictions;
    let [sum, count] = [0, 0];
    for (const k of indices) {
      const [column, probability] = [labels[k]!, probabilities[k]!];
      for (let i = 0; i < column.length; i++) {
        if (Number.isNaN(column[i]!)) continue;
        const difference = probability[i]! - column[i]!;
        sum += difference * difference;
        count++;
      }
    }
    return sum / count;
  }
}

/** Predicted probability against frequency in bins of equal width, all classes together or some. */
export function reliability(
  { labels, probabilities }: Predictions,
  indices = labels.map((_, k) => k),
  counts?: Int32Array,
): ReliabilityBin[] {
  const [sums, hits, sizes] = [new Float64Array(BINS), new Float64Array(BINS), new Float64Array(BINS)];
  for (const k of indices) {
    const [column, probability] = [labels[k]!, probabilities[k]!];
    for (let i = 0; i < column.length; i++) {
      if (Number.isNaN(column[i]!)) continue;
      const count = counts ? counts[i]! : 1;
      const bin = Math.min(BINS - 1, Math.floor(probability[i]! * BINS));
      sums[bin] = sums[bin]! + count * probability[i]!;
      hits[bin] = hits[bin]! + count * column[i]!;
      sizes[bin] = sizes[bin]! + count;
    }
  }
  return Array.from(sizes, (count, bin) => ({
    from: bin / BINS,
    to: (bin + 1) / BINS,
    count,
    meanProbability: defined(sums[bin]! / count),
    frequency: defined(hits[bin]! / count),
  }));
}

function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  let [sum, all] = [0, 0];
  for (const { count, meanProbability, frequency } of bins) {
    if (count === 0) continue;
    sum += count * Math.abs(meanProbability! - frequency!);
    all += count;
  }
  return sum / all;
}

function figuresOf(value: Sample, samples: readonly Sample[], k: number): Pick<ClassScores, 'auroc' | 'auprc' | 'f'> {
  const figure = (name: 'auroc' | 'auprc' | 'f') =>
    withInterval(
      value[name][k]!,
      samples.map((sample) => sample[name][k]!),
    );
  return { auroc: figure('auroc'), auprc: figure('auprc'), f: figure('f') };
}

function macroScores(value: Sample, samples: readonly Sample[], covered: readonly number[]): Omit<MacroScores, 'brier'> {
  const figure = (of: (sample: Sample) => number) => withInterval(of(value), samples.map(of));
  const mean = (name: 'auroc' | 'auprc' | 'f') => figure((sample) => meanDefined(covered.map((k) => sample[name][k]!)));
  return {
    classes: covered.length,
    auroc: mean('auroc'),
    auprc: mean('auprc'),
    f: mean('f'),
    challengeMetric: figure(({ challenge }) => challenge),
    accuracy: figure(({ accuracy }) => accuracy),
    ece: figure(({ ece }) => ece),
  };
}

function officialOf({ auroc, auprc, accuracy, f, challenge }: Sample): OfficialScores {
  return {
    auroc: defined(meanDefined(auroc)),
    auprc: defined(meanDefined(auprc)),
    accuracy: defined(accuracy),
    f: defined(meanDefined(f)),
    challengeMetric: defined(challenge),
  };
}

/** The percentile interval; samples in which the figure is not defined are left out. */
function withInterval(value: number, samples: readonly number[]): Figure {
  const sorted = Float64Array.from(samples.filter((sample) => !Number.isNaN(sample))).sort();
  const tail = (1 - LEVEL) / 2;
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (Number.isNaN(value) || sorted.length === 0) return { value: defined(value), low: null, high: null };
  return { value, low: at(tail)!, high: at(1 - tail)! };
}

function total({ truePositives, falsePositives, falseNegatives, trueNegatives }: DecisionCounts): number {
  return truePositives + falsePositives + falseNegatives + trueNegatives;
}

function defined(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
