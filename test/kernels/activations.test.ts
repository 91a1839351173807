import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';
import { Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

const { fround } = Math;
const LARGEST = 3.4028234663852886e38;
const SMALLEST = 2 ** -149;
const SPECIAL = [0, SMALLEST, 2 ** -127, 2 ** -126, 1e-30, 1e-8, 1, 5.55, 5.56, 11, 1e4, 1e30, LARGEST];
const SPECIALS = Float32Array.from(SPECIAL.flatMap((value) => [value, -value]));

const inputs = fc.integer({ min: 0, max: 67 }).chain((count) => floats(count, LARGEST));

/**
 * 1 - erf(x) for x >= 0. Up to 3 the series with terms of one sign (Abramowitz and Stegun 7.1.6), beyond it the continued fraction
 * (7.1.14), where 60 levels leave nothing.
 */
function erfc(x: number): number {
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; term > 1e-20 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = x;
  for (let level = 60; level > 0; level--) fraction = x + level / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** x Phi(x), Phi the normal distribution. */
function gelu(x: number): number {
  const tail = erfc(Math.abs(x) / Math.SQRT2) / 2;
  return x * (x < 0 ? tail : 1 - tail);
}

function softmax(x: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(x);
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

/** Inputs of `count` values whose softmax is hard in one way each. */
function softmaxInputs(count: number): Record<string, Float32Array> {
  const noise = random(count, count);
  return {
    flat: noise,
    peaked: noise.map((value) => 30 * value),
    equal: new Float32Array(count).fill(0.7),
    far: noise.map((value) => 200 * value),
    huge: Float32Array.from(noise, (value, i) => (i % 3 === 0 ? LARGEST : -LARGEST) * Math.abs(value)),
    negative: noise.map((value) => 1000 * value - 1e6),
    'one of many': noise.map((value, i) => (i === count >> 1 ? 100 : value)),
  };
}

const ELEMENTWISE = {
  f32_relu: (x: number) => Math.max(x, 0),
  f32_leaky_relu: (x: number) => (x > 0 ? x : fround(x * fround(0.01))),
};

describe('references', () => {
  it('erfc by its values in Abramowitz and Stegun, and without a step where the method changes', () => {
    const known = [0, 0.5, 1, 2, 3].map(erfc);
    const expected = [1, 0.4795001222, 0.1572992071, 0.0046777349, 0.0000220905];
    expect(known.map((value, i) => Math.abs(value - expected[i]!) < 1e-10)).toEqual(known.map(() => true));
    expect(Math.abs(erfc(3) / erfc(3 - 1e-12) - 1)).toBeLessThan(1e-10);
  });
});

describe.each(VARIANTS)('activations, %s', (variant) => {
  const bench = new KernelBench(variant);

  describe.each(Object.keys(ELEMENTWISE) as (keyof typeof ELEMENTWISE)[])('%s', (kernel) => {
    it('is the definition bit for bit, and writes nothing else', () => {
      fc.assert(
        fc.property(inputs, (x) => {
          bench.reset();
          const values = new Guarded(bench, x);
          bench.kernels[kernel](values.pointer, x.length);
          expect(values.difference(x.map(ELEMENTWISE[kernel]))).toBeUndefined();
        }),
      );
    });

    it('of zeros, subnormal and large numbers', () => {
      bench.reset();
      const values = new Guarded(bench, SPECIALS);
      bench.kernels[kernel](values.pointer, SPECIALS.length);
      expect(values.difference(SPECIALS.map(ELEMENTWISE[kernel]))).toBeUndefined();
    });
  });

  function geluOf(x: Float32Array): Float32Array {
    bench.reset();
    const values = new Guarded(bench, x);
    bench.kernels.f32_gelu(values.pointer, x.length);
    const y = values.read();
    expect(values.difference(y)).toBeUndefined();
    return y;
  }

  it('f32_gelu is exact to 1e-6 between -10 and 10', () => {
    const x = Float32Array.from({ length: 20 * 4096 + 1 }, (_, i) => i / 4096 - 10);
    const error = Math.max(...errors(geluOf(x), Float64Array.from(x, gelu)));
    expect(error).toBeLessThan(1e-6);
  });

  it('f32_gelu of zeros, subnormal and large numbers, whatever the place', () => {
    const differences = new Differences();
    for (const count of range(1, SPECIALS.length)) {
      const x = SPECIALS.subarray(0, count);
      geluOf(x).forEach((y, i) => {
        const expected = gelu(x[i]!);
        const near = Math.abs(y - expected) <= 1e-6 * Math.min(1, Math.abs(x[i]!)) + SMALLEST;
        differences.add(`gelu(${x[i]}) of ${count}`, near ? undefined : `${y}, expected ${expected}`);
      });
    }
    differences.expectNone();
  });

  it('f32_softmax is exact to 3e-7, its sum is 1, and it writes nothing else', () => {
    const differences = new Differences();
    let [largest, furthest] = [0, 0];
    for (const count of range(1, 40)) {
      for (const [name, x] of Object.entries(softmaxInputs(count))) {
        bench.reset();
        // Behind the values is room for a multiple of four.
        const room = new Float32Array(4 * Math.ceil(count / 4));
        room.set(x);
        const values = new Guarded(bench, room);
        bench.kernels.f32_softmax(values.pointer, count);
        const expected = new Float64Array(room.length);
        expected.set(softmax(x));
        const y = values.read();
        const sum = y.reduce((a, b) => a + b, 0);
        largest = Math.max(largest, ...errors(y, expected));
        furthest = Math.max(furthest, Math.abs(sum - 1));
        differences.add(`${name} ${count}`, values.difference(expected, 3e-7));
        differences.add(`${name} ${count} sum`, Math.abs(sum - 1) < 1e-6 ? undefined : `${sum}`);
      }
    }
    differences.expectNone();
  });

  it('f32_softmax keeps small weights to 1e-6 of themselves, down to where they stop', () => {
    const x = Float32Array.from({ length: 60 * 64 }, (_, i) => -i / 64);
    const differences = new Differences();
    for (const [i, value] of x.entries()) {
      bench.reset();
      // The second value is in a vector lane, the last one in the tail.
      const pointer = bench.put(Float32Array.of(0, value, -200, -200, value, 0, 0, 0));
      bench.kernels.f32_softmax(pointer, 5);
      const y = bench.f32(pointer, 5);
      const expected = softmax([0, value, -200, -200, value]);
      const relative = Math.max(Math.abs(y[1]! / expected[1]! - 1), Math.abs(y[4]! / expected[4]! - 1));
      differences.add(`exp(${value})`, relative < 1e-6 ? undefined : `[${y}], expected [${expected}]`);
      if (i === 0) expect(y[2]).toBeLessThan(1e-26);
    }
    differences.expectNone();
  });

  it('f64_sigmoid is the logistic function', () => {
    const x = Float64Array.from({ length: 8001 }, (_, i) => i / 100 - 40);
    const relative = x.map((value) => Math.abs(bench.kernels.f64_sigmoid(value) * (1 + Math.exp(-value)) - 1));
    expect(Math.max(...relative)).toBeLessThan(1e-15);
    expect([0, -0, 1e4, -1e4].map((value) => bench.kernels.f64_sigmoid(value))).toEqual([0.5, 0.5, 1, 0]);
  });
});

function errors(actual: Float32Array, expected: Float64Array): Float64Array {
  return expected.map((value, i) => Math.abs(actual[i]! - value));
}

for (const kernel of ['f32_relu', 'f32_leaky_relu', 'f32_gelu', 'f32_softmax'] as const) {
  itGivesTheSameBits(
    kernel,
    inputs.filter((x) => x.length > 0),
    (bench, x) => {
      const pointer = bench.put(x);
      bench.reserve(12);
      bench.kernels[kernel](pointer, x.length);
      return bench.f32(pointer, x.length);
    },
  );
}

itGivesTheSameBits('f64_sigmoid', fc.array(fc.double({ noNaN: true }), { maxLength: 20 }), (bench, x) =>
  Float64Array.from(x, bench.kernels.f64_sigmoid),
);
