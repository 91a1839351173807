import { describe, expect, it } from 'vitest';
import { makeFeedback, roundHalfEven, roundWithFeedback } from '../../src/convert/round.js';
import { random } from '../kernels/harness.js';

const INNER = 12;
const ROWS = 400;

/** Inputs that have much in common, with a mean: x[row][k]. */
const inputs = Array.from({ length: ROWS }, (_, row) => {
  const [own, common] = [random(INNER, 100 + row), random(3, 5000 + row)];
  return Array.from(own, (value, k) => 0.2 * value + common[k % 3]! + k / 10);
});

function statistics(rows: readonly number[][]): { moments: Float64Array; sums: Float64Array } {
  const inner = rows[0]!.length;
  const [moments, sums] = [new Float64Array(inner * inner), new Float64Array(inner)];
  for (const x of rows) {
    for (let i = 0; i < inner; i++) {
      sums[i] = sums[i]! + x[i]!;
      for (let j = i; j < inner; j++) moments[i * inner + j] = moments[i * inner + j]! + x[i]! * x[j]!;
    }
  }
  return { moments, sums };
}

/** Variance of the output's error: its mean is the bias's business. */
function outputError(weights: ArrayLike<number>, rounded: ArrayLike<number>, scale: number): number {
  const errors = inputs.map((x) => x.reduce((sum, value, k) => sum + value * (weights[k]! - rounded[k]! * scale), 0));
  const mean = errors.reduce((sum, value) => sum + value, 0) / errors.length;
  return errors.reduce((sum, value) => sum + (value - mean) ** 2, 0) / errors.length;
}

describe('makeFeedback', () => {
  it('is an upper triangle whose square is the inverse of the damped covariance', () => {
    const { moments, sums } = statistics(inputs);
    const feedback = makeFeedback(moments, sums, ROWS);
    const at = (matrix: Float64Array, i: number, j: number) => matrix[i * INNER + j]!;
    const covariance = new Float64Array(INNER * INNER);
    for (let i = 0; i < INNER; i++) {
      for (let j = 0; j < INNER; j++) {
        const [a, b] = [Math.min(i, j), Math.max(i, j)];
        covariance[i * INNER + j] = at(moments, a, b) / ROWS - (sums[i]! * sums[j]!) / ROWS ** 2;
      }
    }
    const trace = Array.from({ length: INNER }, (_, i) => at(covariance, i, i)).reduce((sum, value) => sum + value, 0);
    for (let i = 0; i < INNER; i++) covariance[i * INNER + i] = at(covariance, i, i) + (0.01 * trace) / INNER;
    for (let i = 0; i < INNER; i++) {
      for (let j = 0; j < INNER; j++) {
        if (j < i) expect(at(feedback, i, j)).toBe(0);
        // (U^T U covariance)[i][j]
        let sum = 0;
        for (let k = 0; k < INNER; k++)
          for (let m = 0; m < INNER; m++) sum += at(feedback, k, i) * at(feedback, k, m) * at(covariance, m, j);
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 9);
      }
    }
  });

  it('passes nothing on where inputs say nothing: all zeros, or always the same', () => {
    for (const value of [0, 3]) {
      const { moments, sums } = statistics([new Array<number>(4).fill(value), new Array<number>(4).fill(value)]);
      const feedback = makeFeedback(moments, sums, 2);
      const weights = [1.4, -2.6, 0.5, 1.5];
      expect(Array.from(roundWithFeedback(Float64Array.from(weights), 1, feedback, 127))).toEqual(weights.map(roundHalfEven));
    }
  });
});

describe('roundWithFeedback', () => {
  const { moments, sums } = statistics(inputs);
  const feedback = makeFeedback(moments, sums, ROWS);

  it('leaves an output error that is smaller than that of rounding each weight by itself', () => {
    let [plain, better] = [0, 0];
    for (let output = 0; output < 50; output++) {
      const weights = Array.from(random(INNER, 9000 + output), (value) => value * 8);
      plain += outputError(weights, weights.map(roundHalfEven), 1);
      better += outputError(weights, roundWithFeedback(Float64Array.from(weights), 1, feedback, 127), 1);
    }
    expect(better).toBeLessThan(plain / 2);
  });

  it('keeps whole weights, and stays within its range', () => {
    const whole = Array.from({ length: INNER }, (_, k) => 5 * k - 30);
    expect(Array.from(roundWithFeedback(Float64Array.from(whole), 1, feedback, 127))).toEqual(whole);
    const loud = roundWithFeedback(
      Float64Array.from(whole, (value) => value * 10),
      1,
      feedback,
      127,
    );
    expect(Math.max(...Array.from(loud, Math.abs))).toBeLessThanOrEqual(127);
  });
});

it('roundHalfEven', () =>
  expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49].map(roundHalfEven).map((x) => x + 0)).toEqual([0, 2, 2, 0, -2, -2, 0]));
