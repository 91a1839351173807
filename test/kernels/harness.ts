// What the kernel tests share: seeded values, guarded output memory, and the comparison of the two binaries.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { uniform } from '../../src/splitmix32.js';
import { KernelBench, VARIANTS } from '../variants.js';

/** A value that no test computes. It stands wherever a kernel must not write. */
export const CANARY = -123456.75;
const MARGIN = 16;

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** f32[count], seeded, in [-spread, spread). */
export function random(count: number, seed: number, spread = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => spread * uniform(seed, i));
}

export function canaries(count: number): Float32Array {
  return new Float32Array(count).fill(CANARY);
}

/** Memory that a kernel writes to, with canaries before and behind it. */
export class Guarded {
  readonly pointer: number;
  private readonly begin: number;
  private readonly count: number;

  constructor(
    private readonly bench: KernelBench,
    values: Float32Array,
  ) {
    const framed = canaries(values.length + 2 * MARGIN);
    framed.set(values, MARGIN);
    this.begin = bench.put(framed);
    this.pointer = this.begin + MARGIN * framed.BYTES_PER_ELEMENT;
    this.count = values.length;
  }

  read(): Float32Array {
    return this.bench.f32(this.pointer, this.count);
  }

  /** As `difference`, and the canaries around the values. */
  difference(expected: ArrayLike<number>, tolerance = 0): string | undefined {
    const framed = this.bench.f32(this.begin, this.count + 2 * MARGIN);
    for (let i = 0; i < MARGIN; i++) {
      if (framed[i] !== CANARY) return `canary ${i - MARGIN} before the values overwritten`;
      if (framed[MARGIN + this.count + i] !== CANARY) return `canary ${i} behind the values overwritten`;
    }
    return difference(framed.subarray(MARGIN, MARGIN + this.count), expected, tolerance);
  }
}

/** The first value that differs: in any bit, or by more than `tolerance` times the largest magnitude expected. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 0): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} values, expected ${expected.length}`;
  let largest = 0;
  if (tolerance > 0) for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    // Written so that NaN differs.
    if (tolerance > 0 && Math.abs(actual[i]! - expected[i]!) <= tolerance * largest) continue;
    return `[${i}] is ${actual[i]}, expected ${expected[i]}`;
  }
  return undefined;
}

/** Collects the differences of a whole grid for one comparison at its end. */
export class Differences {
  private readonly found: string[] = [];
  private compared = 0;

  add(label: string, found: string | undefined): void {
    this.compared++;
    if (found !== undefined) this.found.push(`${label}: ${found}`);
  }

  /** The first few say enough. An empty grid proves nothing. */
  expectNone(): void {
    expect(this.found.slice(0, 5), `${this.found.length} of ${this.compared} differ`).toEqual([]);
    expect(this.compared).toBeGreaterThan(0);
  }
}

/**
 * f32[count]: over the whole range of magnitudes up to `largest`, subnormal numbers and both zeros included, or of one magnitude, where the
 * order of a sum shows.
 */
export function floats(count: number, largest = 1024): fc.Arbitrary<Float32Array> {
  return fc.oneof(
    fc.float32Array({ min: -largest, max: largest, noNaN: true, minLength: count, maxLength: count }),
    fc.nat().map((seed) => random(count, seed, 4)),
  );
}

/** Property: `run` gives the same bits on the SIMD and on the scalar binary. */
export function itGivesTheSameBits<Input>(
  kernel: string,
  inputs: fc.Arbitrary<Input>,
  run: (bench: KernelBench, input: Input) => Float32Array | Float64Array,
): void {
  it(`${kernel}: both binaries give the same bits`, () => {
    const benches = VARIANTS.map((variant) => new KernelBench(variant));
    fc.assert(
      fc.property(inputs, (input) => {
        const [simd, scalar] = benches.map((bench) => {
          bench.reset();
          return run(bench, input);
        });
        expect(difference(simd!, scalar!)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
}
