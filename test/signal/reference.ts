// Slow, readable references for the signal kernels.

/** `scipy.signal.resample` of real samples by its definition: the discrete Fourier sum of each bin, and back. O(n^2). */
export function resampleByDefinition(x: ArrayLike<number>, num: number): Float64Array {
  const n = x.length;
  const shorter = Math.min(n, num);
  const y = new Float64Array(num);
  const [input, output] = [turns(n), turns(num)];
  for (let bin = 0; 2 * bin <= shorter; bin++) {
    let re = 0;
    let im = 0;
    for (let t = 0; t < n; t++) {
      re += x[t]! * input.cos[(bin * t) % n]!;
      im -= x[t]! * input.sin[(bin * t) % n]!;
    }
    // A bin stands for itself and its conjugate, but for the constant, and for the last one of an even length that is not cut.
    const alone = bin === 0 || (2 * bin === shorter && num >= n);
    const weight = (alone ? 1 : 2) / n;
    if (2 * bin === num) im = 0;
    for (let t = 0; t < num; t++) {
      y[t]! += weight * (re * output.cos[(bin * t) % num]! - im * output.sin[(bin * t) % num]!);
    }
  }
  return y;
}

function turns(n: number): { cos: Float64Array; sin: Float64Array } {
  const angles = Float64Array.from({ length: n }, (_, k) => (2 * Math.PI * k) / n);
  return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
}

/** Largest difference, relative to the largest magnitude expected (at least 1e-300, so that zeros compare with zeros). */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 1e-300;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    difference = distance > difference || Number.isNaN(distance) ? distance : difference;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

/** Seeded noise in [-1, 1): a linear congruential generator is enough for samples. */
export function noise(count: number, seed = 1): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
