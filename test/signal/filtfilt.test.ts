import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import filters from '../../src/filters.json' with { type: 'json' };
import { type Filter, SignalEngine } from '../../src/signal-engine.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { noise, relativeError } from './reference.js';

const engines = new Map(VARIANTS.map((variant) => [variant, new SignalEngine((bytes) => new KernelBench(variant, bytes).instance)]));

/** The difference equation as it is written in textbooks, with the past of a constant input. */
function filterByDefinition({ b, a }: Filter, x: readonly number[]): number[] {
  let [top, bottom] = [0, 0];
  for (let k = 0; k < b.length; k++) top += b[k]!;
  for (let k = 0; k < a.length; k++) bottom += a[k]!;
  const before = (top / bottom) * x[0]!;
  const y: number[] = [];
  for (let n = 0; n < x.length; n++) {
    let value = 0;
    for (let k = 0; k < b.length; k++) value += b[k]! * (x[n - k] ?? x[0]!);
    for (let k = 1; k < a.length; k++) value -= a[k]! * (y[n - k] ?? before);
    y.push(value / a[0]!);
  }
  return y;
}

/** Odd padding, forwards, backwards, cut. */
function filtfiltByDefinition(filter: Filter, x: ArrayLike<number>, padlen: number): number[] {
  const n = x.length;
  const extended = Array.from({ length: n + 2 * padlen }, (_, position) => {
    const index = position - padlen;
    if (index < 0) return 2 * x[0]! - x[-index]!;
    return index < n ? x[index]! : 2 * x[n - 1]! - x[2 * (n - 1) - index]!;
  });
  const forwards = filterByDefinition(filter, extended);
  const backwards = filterByDefinition(filter, forwards.reverse());
  return backwards.reverse().slice(padlen, padlen + n);
}

const gentle: Filter[] = [
  { b: [0.5], a: [1] },
  { b: [3, 1], a: [2] },
  { b: [1, 2, 3, 4], a: [4] },
  { b: [0.2], a: [1, -0.8] },
  { b: [0.1, 0.2, 0.1], a: [2, -1.2, 0.5, 0.05] },
];

describe.each(VARIANTS)('filtfilt, %s', (variant) => {
  const engine = engines.get(variant)!;

  it.each(gentle)('is its definition: %j', (filter) => {
    for (const padlen of [0, 1, 5, 12]) {
      for (const n of [padlen + 1, padlen + 2, 100]) {
        const expected = filtfiltByDefinition(filter, noise(n), padlen);
        expect(relativeError(engine.filtfilt(filter, noise(n), padlen), expected), `${n}, padlen ${padlen}`).toBeLessThan(1e-13);
      }
    }
  });

  it('computes the steady state of the tables to the accuracy that SciPy has', () => {
    for (const { b, a, zi } of Object.values(filters)) {
      const bench = new KernelBench(variant);
      const state = bench.reserve(48);
      expect(bench.kernels.f64_lfilter_zi(bench.put(Float64Array.from(b)), bench.put(Float64Array.from(a)), state, 7)).toBe(1);
      // SciPy solves a linear system, of condition 1e9 at 500 Hz.
      expect(relativeError(bench.f64(state, 6), zi)).toBeLessThan(2e-8);
    }
  });

  it('starts without a transient: a constant through a low-pass stays', () => {
    const result = engine.filtfilt({ b: [0.2], a: [1, -0.8] }, new Float64Array(50).fill(7));
    expect(relativeError(result, new Float64Array(50).fill(7))).toBeLessThan(1e-14);
  });

  it('takes out the offset and keeps what it was', () => {
    const x = noise(500);
    const plain = engine.filtfilt(filters['100'], x);
    expect(
      relativeError(
        engine.filtfilt(
          filters['100'],
          x.map((value) => value + 50),
        ),
        plain,
      ),
    ).toBeLessThan(1e-10);
  });

  it('forwards and backwards are one: a reversed input gives the reversed output, far from the ends', () => {
    const x = noise(3000);
    const there = engine.filtfilt(filters['100'], x).slice(1000, 2000);
    const back = engine.filtfilt(filters['100'], x.slice().reverse()).reverse().slice(1000, 2000);
    expect(relativeError(back, there)).toBeLessThan(1e-10);
  });
});

describe.each(VARIANTS)('zscore, %s', (variant) => {
  const engine = engines.get(variant)!;

  it('has mean 0 and standard deviation 1, on any offset', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 999 }), fc.integer({ min: -30000, max: 30000 }), (n, offset) => {
        const z = engine.zscore(noise(n).map((value) => Math.round(1000 * value) + offset));
        expect(Math.abs(z.reduce((sum, value) => sum + value, 0) / n)).toBeLessThan(1e-12);
        expect(Math.abs(z.reduce((sum, value) => sum + value * value, 0) / n - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it('a constant becomes zeros, whatever its mean rounds to', () => {
    for (const value of [0, -0, 0.1, -7, 1e-310, 1e300]) {
      for (const n of [1, 3, 10, 1001]) expect(engine.zscore(new Float64Array(n).fill(value))).toEqual(new Float64Array(n));
    }
  });

  it('keeps its accuracy where a plain sum loses it', () => {
    const x = Float64Array.from({ length: 200_000 }, (_, index) => 1e9 + (index % 2 ? 1 : -1));
    expect(engine.zscore(x)).toEqual(x.map((_, index) => (index % 2 ? 1 : -1)));
  });
});

it('SIMD and scalar filters give the same bits', () => {
  const [simd, scalar] = VARIANTS.map((variant) => engines.get(variant)!);
  fc.assert(
    fc.property(fc.integer({ min: 22, max: 400 }), fc.integer(), (n, seed) => {
      const x = noise(n, seed);
      for (const filter of [filters['100'], filters['500'], ...gentle]) {
        expect(simd!.filtfilt(filter, x)).toEqual(scalar!.filtfilt(filter, x));
      }
      expect(simd!.zscore(x)).toEqual(scalar!.zscore(x));
    }),
  );
});
