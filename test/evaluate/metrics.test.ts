import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { areas, countDecisions, curves, fMeasure, rank } from '../../src/evaluate/metrics.js';
import { officialScores } from '../../src/evaluate/official.js';
import { type Predictions, reliability, score } from '../../src/evaluate/scores.js';
import { describeWithData } from '../data-folder.js';

interface MetricCase {
  labels: number[][];
  binary: number[][];
  scalar: number[][];
  auroc: number | null;
  auprc: number | null;
  accuracy: number | null;
  f_measure: number | null;
  challenge_metric: number | null;
  auroc_classes: (number | null)[];
  auprc_classes: (number | null)[];
  f_classes: (number | null)[];
}

describeWithData("the official evaluation's worked cases", (data) => {
  const { cases } = JSON.parse(readFileSync(join(data, 'challenge', 'metric_cases.json'), 'utf8')) as { cases: MetricCase[] };
  const close = (actual: number | null, expected: number | null) => {
    if (expected === null) expect(actual).toBeNull();
    else expectClose(actual!, expected);
  };

  it.each(cases.map((entry, index) => [index, entry] as const))('case %i, to 1e-12', (_, entry) => {
    const scores = officialScores(entry);
    close(scores.auroc, entry.auroc);
    close(scores.auprc, entry.auprc);
    close(scores.accuracy, entry.accuracy);
    close(scores.f, entry.f_measure);
    close(scores.challengeMetric, entry.challenge_metric);
    scores.perClass.forEach(({ auroc, auprc, f }, k) => {
      close(auroc, entry.auroc_classes[k]!);
      close(auprc, entry.auprc_classes[k]!);
      close(f, entry.f_classes[k]!);
    });
  });

  it('there are some, of many records', () => expect(Math.max(...cases.map(({ labels }) => labels.length))).toBeGreaterThan(50));
});

/** By its meaning: the chance that a positive is scored above a negative, ties half. */
function pairwise(labels: number[], scores: number[]): number {
  let [won, pairs] = [0, 0];
  labels.forEach((a, i) => {
    labels.forEach((b, j) => {
      if (a !== 1 || b !== 0) return;
      pairs++;
      won += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    });
  });
  return won / pairs;
}

/** By its definition: precision at each distinct score, weighted by the recall gained there. */
function stepwise(labels: number[], scores: number[]): number {
  const positives = labels.filter((label) => label === 1).length;
  let [area, before] = [0, 0];
  for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
    const chosen = labels.filter((_, i) => scores[i]! >= threshold);
    const hits = chosen.filter((label) => label === 1).length;
    area += ((hits - before) / positives) * (hits / chosen.length);
    before = hits;
  }
  return area;
}

/** Equal to 1e-12, or both undefined. */
function expectClose(actual: number, expected: number): void {
  if (Number.isNaN(expected)) expect(actual).toBeNaN();
  else expect(Math.abs(actual - expected)).toBeLessThan(1e-12);
}

const ranked = fc
  .array(fc.record({ label: fc.constantFrom(0, 1), score: fc.integer({ min: 0, max: 6 }), count: fc.integer({ min: 0, max: 3 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((rows) => ({
    labels: rows.map(({ label }) => label),
    scores: rows.map((row) => row.score),
    counts: rows.map(({ count }) => count),
  }));

describe('areas', () => {
  it('are what they mean, ties included', () => {
    fc.assert(
      fc.property(ranked, ({ labels, scores }) => {
        const { auroc, auprc } = areas(rank(labels, scores));
        expectClose(auroc, pairwise(labels, scores));
        expectClose(auprc, stepwise(labels, scores));
      }),
    );
  });

  it('with counts are those of records that stand so often', () => {
    fc.assert(
      fc.property(ranked, ({ labels, scores, counts }) => {
        const repeat = (values: number[]) => values.flatMap((value, i) => new Array<number>(counts[i]!).fill(value));
        const drawn = areas(rank(labels, scores), counts);
        const repeated = areas(rank(repeat(labels), repeat(scores)));
        expectClose(drawn.auroc, repeated.auroc);
        expectClose(drawn.auprc, repeated.auprc);
      }),
    );
  });

  it('do not depend on the order of the records, nor on unknown ones', () => {
    const [labels, scores] = [
      [1, 0, 1, 0, 0],
      [3, 1, 2, 2, 0],
    ];
    const expected = areas(rank(labels!, scores!));
    expect(areas(rank([...labels!].reverse(), [...scores!].reverse()))).toEqual(expected);
    expect(areas(rank([Number.NaN, ...labels!], [9, ...scores!]))).toEqual(expected);
  });

  it('are NaN where they have no meaning', () => {
    expect(areas(rank([0, 0], [1, 2]))).toEqual({ auroc: Number.NaN, auprc: Number.NaN });
    expect(areas(rank([1, 1], [1, 2]))).toEqual({ auroc: Number.NaN, auprc: 1 });
    expect(areas(rank([], []))).toEqual({ auroc: Number.NaN, auprc: Number.NaN });
  });

  it('refuse scores that are no numbers', () => {
    expect(() => rank([1, 0], [Number.NaN, 1])).toThrow(new RangeError('"scores" expected numbers, got NaN at 0'));
  });
});

describe('curves', () => {
  it('go from corner to corner, and keep the area where they are thinned', () => {
    const labels = Array.from({ length: 2000 }, (_, i) => (i % 17 === 0 ? 1 : 0));
    const scores = labels.map((label, i) => label * 3 + ((i * 7919) % 101) / 20);
    const { roc, pr } = curves(rank(labels, scores), 100);
    expect(roc[0]).toEqual([0, 0]);
    expect(roc.at(-1)).toEqual([1, 1]);
    expect(pr.at(-1)).toEqual([1, labels.filter((label) => label === 1).length / labels.length]);
    const area = roc.slice(1).reduce((sum, [x, y], i) => sum + ((x - roc[i]![0]) * (y + roc[i]![1])) / 2, 0);
    expect(area).toBeCloseTo(areas(rank(labels, scores)).auroc, 2);
    expect(roc.length).toBeLessThan(210);
  });
});

describe('decisions', () => {
  it('are counted, unknown ones left out', () => {
    const counts = countDecisions([1, 1, 0, 0, Number.NaN], [1, 0, 1, 0, 1]);
    expect(counts).toEqual({ truePositives: 1, falseNegatives: 1, falsePositives: 1, trueNegatives: 1 });
    expect(fMeasure(counts)).toBe(0.5);
    expect(fMeasure(countDecisions([0], [0]))).toBeNaN();
  });
});

/** 26 classes, the probability as the score. */
function predictionsOf(labels: number[][], probabilities: number[][]): Predictions {
  const column = (rows: number[][]) => CHALLENGE_CLASSES.map((_, k) => rows.map((row) => row[k] ?? 0));
  const [truth, probability] = [column(labels), column(probabilities)];
  const decisions = probability.map((values) => values.map((value) => (value >= 0.5 ? 1 : 0)));
  return { classes: CHALLENGE_CLASSES, labels: truth, scores: probability, probabilities: probability, decisions };
}

describe('score', () => {
  const records = 120;
  const labels = Array.from({ length: records }, (_, i) => CHALLENGE_CLASSES.map((_, k) => (k < 3 && i % (k + 3) === 0 ? 1 : 0)));
  const probabilities = labels.map((row, i) => row.map((label, k) => (label * 40 + ((i * 31 + k * 17) % 60)) / 100));
  const predictions = predictionsOf(labels, probabilities);
  const options = { minPositives: 5, resamples: 200, seed: 1 };

  it('takes the means over the classes with enough positives', () => {
    const { macro, classes } = score(predictions, options);
    expect(macro.classes).toBe(3);
    const mean = (classes[0]!.auroc.value! + classes[1]!.auroc.value! + classes[2]!.auroc.value!) / 3;
    expect(macro.auroc.value).toBeCloseTo(mean, 14);
    expect(score(predictions, { ...options, minPositives: 30 }).macro.classes).toBe(2);
  });

  it('has intervals around its figures, the same each time, none without resamples', () => {
    const { macro } = score(predictions, options);
    for (const { value, low, high } of [macro.auroc, macro.auprc, macro.f, macro.challengeMetric, macro.ece]) {
      expect(low!).toBeLessThanOrEqual(value! + 0.02);
      expect(high!).toBeGreaterThanOrEqual(value!);
      expect(high! - low!).toBeLessThan(0.5);
    }
    expect(score(predictions, options)).toEqual(score(predictions, options));
    expect(score(predictions, { ...options, seed: 2 }).macro.auroc).not.toEqual(macro.auroc);
    expect(score(predictions, { ...options, resamples: 0 }).macro.auroc).toEqual({ value: macro.auroc.value, low: null, high: null });
  });

  it('covers the true value about as often as it says', () => {
    // Sample means of the accuracy of one class against its true value: 95 of 100 on average, here 60 experiments of 60 records.
    let covered = 0;
    for (let trial = 0; trial < 60; trial++) {
      const draw = (i: number) => (Math.imul(trial * 1000 + i, 2654435761) >>> 0) / 2 ** 32;
      const truth = Array.from({ length: 60 }, (_, i) => [draw(i) < 0.7 ? 1 : 0]);
      const said = truth.map(() => [0.9]);
      const { accuracy } = score(predictionsOf(truth, said), { ...options, resamples: 200 }).macro;
      if (accuracy.low! <= 0.7 && accuracy.high! >= 0.7) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(50);
  });

  it('says nothing of classes without positives, and of other classes than the challenge has', () => {
    const { classes, official } = score(predictions, options);
    expect(classes[10]).toMatchObject({ positives: 0, auroc: { value: null, low: null, high: null }, sensitivity: null });
    expect(official.challengeMetric).not.toBeNull();
    const own = { ...predictions, classes: predictions.classes.map((entry) => ({ ...entry, code: `x${entry.code}` })) };
    expect(score(own, options).macro.challengeMetric).toEqual({ value: null, low: null, high: null });
  });

  it('is right of no record at all', () => {
    const { macro, records: none } = score(predictionsOf([], []), options);
    expect([none, macro.classes, macro.auroc.value, macro.ece.value]).toEqual([0, 0, null, null]);
  });
});

describe('reliability', () => {
  it('puts probabilities into ten bins, 1 into the last', () => {
    const bins = reliability(predictionsOf([[1], [0], [1]], [[1], [0.05], [0.55]]), [0]);
    expect(bins.map(({ count }) => count)).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(bins[9]).toMatchObject({ from: 0.9, to: 1, meanProbability: 1, frequency: 1 });
    expect(bins[0]).toMatchObject({ meanProbability: 0.05, frequency: 0 });
    expect(bins[1]).toMatchObject({ meanProbability: null, frequency: null });
  });
});
