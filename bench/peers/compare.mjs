// Two runtimes are compared in speed only where they give the same answer.

/** Largest difference of two f32 runtimes' logits. */
const F32_LIMIT = 1e-3;
/** Rounding weights to int8 moves logits (standard deviation 1.7 to 6) by a few tenths at most; another network by much more. */
const INT8_LIMIT = 1;

/**
 * Largest differences from `exact`, the logits of leadwise in f32, by runtime. `int8` names the runtime that has int8 weights.
 * @throws Error that names the runtimes when two f32 runtimes differ, or the int8 one is another network
 */
export function compareLogits(scenario, { exact, logits, int8 }) {
  const f32 = [['leadwise f32', exact], ...Array.from(logits).filter(([name]) => name !== int8)];
  for (const [first, a] of f32) {
    for (const [second, b] of f32) {
      const difference = largestDifference(a, b);
      if (!(difference < F32_LIMIT)) throw new Error(`${scenario}: logits of ${first} and ${second} differ by ${difference}`);
    }
  }
  const differences = new Map(Array.from(logits, ([name, values]) => [name, largestDifference(values, exact)]));
  if (!(differences.get(int8) < INT8_LIMIT)) throw new Error(`${scenario}: logits of ${int8} differ by ${differences.get(int8)}`);
  return differences;
}

/** NaN when one of the values is, infinite when the lengths differ: no limit lets these pass. */
function largestDifference(a, b) {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
}
