// The challenge's metrics of one class, on counts, so that a bootstrap sample is only other counts.
// Definitions as in the official evaluation of the PhysioNet/CinC Challenge 2021 (evaluate_model.py): a threshold at every score,
// trapezoids for AUROC, steps for AUPRC.

/** Labels of one class: 1, 0, or NaN where it is not known; such records are left out. */
export type Labels = ArrayLike<number>;

/** The records of one class whose label is known, from the highest score down, in groups of equal scores. */
export interface Ranking {
  /** Record indices. */
  readonly order: Int32Array;
  /** Of each record in `order`: 1 or 0. */
  readonly truth: Uint8Array;
  /** Whether a record is the last of its score. */
  readonly isLast: Uint8Array;
}

export interface Areas {
  /** NaN without positives or without negatives. */
  auroc: number;
  /** NaN without positives. */
  auprc: number;
}

/** Sorts the records of one class. @throws RangeError for scores that are NaN */
export function rank(labels: Labels, scores: ArrayLike<number>): Ranking {
  const known: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(labels[i]!)) continue;
    if (Number.isNaN(scores[i]!)) throw new RangeError(`"scores" expected numbers, got NaN at ${i}`);
    known.push(i);
  }
  const order = Int32Array.from(known).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return {
    order,
    truth: Uint8Array.from(order, (record) => (labels[record]! > 0 ? 1 : 0)),
    isLast: Uint8Array.from(order, (record, i) => (i + 1 < order.length && scores[order[i + 1]!] === scores[record] ? 0 : 1)),
  };
}

/** Both areas; `counts` says how often each record is drawn (default: once). */
export function areas({ order, truth, isLast }: Ranking, counts?: ArrayLike<number>): Areas {
  let [positives, negatives] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const count = counts ? counts[order[i]!]! : 1;
    if (truth[i]) positives += count;
    else negatives += count;
  }
  let [truePositives, falsePositives] = [0, 0];
  let [before, beforeFalse] = [0, 0];
  let [area, gained] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    const count = counts ? counts[order[i]!]! : 1;
    if (truth[i]) truePositives += count;
    else falsePositives += count;
    if (!isLast[i]) continue;
    // In whole counts: divided once, at the end.
    area += (falsePositives - beforeFalse) * (truePositives + before);
    if (truePositives > before) gained += ((truePositives - before) * truePositives) / (truePositives + falsePositives);
    before = truePositives;
    beforeFalse = falsePositives;
  }
  return { auroc: area / (2 * positives * negatives), auprc: gained / positives };
}

/** Points of both curves from the highest threshold down, at least 1 / `steps` apart along one axis of the ROC curve. */
export function curves({ order, truth, isLast }: Ranking, steps: number): { roc: [number, number][]; pr: [number, number][] } {
  const positives = truth.reduce((sum, value) => sum + value, 0);
  const negatives = order.length - positives;
  const roc: [number, number][] = [];
  const pr: [number, number][] = [];
  if (positives === 0 || negatives === 0) return { roc, pr };
  roc.push([0, 0]);
  let truePositives = 0;
  for (let i = 0; i < order.length; i++) {
    truePositives += truth[i]!;
    if (!isLast[i]) continue;
    const [x, y] = [(i + 1 - truePositives) / negatives, truePositives / positives];
    const [beforeX, beforeY] = roc.at(-1)!;
    if (i < order.length - 1 && x - beforeX < 1 / steps && y - beforeY < 1 / steps) continue;
    roc.push([x, y]);
    pr.push([y, truePositives / (i + 1)]);
  }
  return { roc, pr };
}

/** How decisions of one class came out. */
export interface DecisionCounts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
}

export function countDecisions(labels: Labels, decisions: ArrayLike<number>, counts?: ArrayLike<number>): DecisionCounts {
  const result = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isNaN(label)) continue;
    const count = counts ? counts[i]! : 1;
    if (label > 0) result[decisions[i] ? 'truePositives' : 'falseNegatives'] += count;
    else result[decisions[i] ? 'falsePositives' : 'trueNegatives'] += count;
  }
  return result;
}

/** F1; NaN where there is neither a label nor a decision. */
export function fMeasure({ truePositives, falsePositives, falseNegatives }: DecisionCounts): number {
  return (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives);
}

/** The mean of what is defined; NaN where nothing is. */
export function meanDefined(values: Iterable<number>): number {
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}
