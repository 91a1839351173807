import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignalEngine } from '../../src/signal-engine.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { noise, relativeError, resampleByDefinition } from './reference.js';

const engines = new Map(VARIANTS.map((variant) => [variant, new SignalEngine((bytes) => new KernelBench(variant, bytes).instance)]));
const samples = (maxLength: number) => fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 1, maxLength });
const length = fc.integer({ min: 1, max: 600 });

describe.each(VARIANTS)('resample, %s', (variant) => {
  const engine = engines.get(variant)!;

  it('is its definition, for every pair of lengths up to 12', () => {
    for (let n = 1; n <= 12; n++) {
      for (let num = 1; num <= 12; num++) {
        expect(relativeError(engine.resample(noise(n), num), resampleByDefinition(noise(n), num)), `${n} -> ${num}`).toBeLessThan(1e-13);
      }
    }
  });

  it('is its definition, for random lengths', () => {
    fc.assert(
      fc.property(length, length, (n, num) => {
        expect(relativeError(engine.resample(noise(n, n), num), resampleByDefinition(noise(n, n), num))).toBeLessThan(1e-12);
      }),
      { numRuns: 60 },
    );
  });

  // Every pass (2, 3, 4, odd primes) alone and mixed, and primes on both sides of where Bluestein takes over, odd and doubled.
  it.each([512, 486, 625, 686, 1009, 2018, 1331, 37 * 45, 97 * 4, 127, 254, 131 * 8])('is its definition, %i samples', (n) => {
    const x = noise(n, n);
    for (const num of [n, n - 1, 300, 2 * n]) {
      expect(relativeError(engine.resample(x, num), resampleByDefinition(x, num)), `-> ${num}`).toBeLessThan(1e-12);
    }
  });

  it('keeps the samples at their own length', () => {
    fc.assert(
      fc.property(samples(600), (x) => {
        expect(relativeError(engine.resample(x, x.length), x)).toBeLessThan(1e-12);
      }),
    );
  });

  it('is linear', () => {
    fc.assert(
      fc.property(length, length, fc.double({ min: -8, max: 8, noNaN: true }), (n, num, factor) => {
        const [x, y] = [noise(n, 1), noise(n, 2)];
        const [resampledX, resampledY] = [engine.resample(x, num), engine.resample(y, num)];
        const together = engine.resample(
          x.map((value, index) => value + factor * y[index]!),
          num,
        );
        const apart = resampledX.map((value, index) => value + factor * resampledY[index]!);
        const scale = 1 + Math.abs(factor);
        expect(Math.max(...together.map((value, index) => Math.abs(value - apart[index]!)))).toBeLessThan(1e-13 * scale * (1 + num / n));
      }),
    );
  });

  it('goes up and back down to the same samples', () => {
    fc.assert(
      fc.property(samples(300), (x) => {
        expect(relativeError(engine.resample(engine.resample(x, 2 * x.length + 1), x.length), x)).toBeLessThan(1e-11);
      }),
    );
  });

  it('is exact for a sinusoid, a long one, through Bluestein', () => {
    const [n, num] = [100_003, 20_011];
    const wave = (count: number) => Float64Array.from({ length: count }, (_, t) => Math.sin((2 * Math.PI * ((371 * t) % count)) / count));
    expect(relativeError(engine.resample(wave(n), num), wave(num))).toBeLessThan(1e-13);
  });
});

describe.each(VARIANTS)('resamplePoly, %s', (variant) => {
  const engine = engines.get(variant)!;

  it('has the length of SciPy and is linear', () => {
    fc.assert(
      fc.property(samples(200), fc.integer({ min: 1, max: 9 }), (x, up) => {
        const once = engine.resamplePoly(x, up, 10);
        expect(once.length).toBe(Math.ceil((x.length * up) / 10));
        expect(
          Array.from(
            engine.resamplePoly(
              x.map((value) => 4 * value),
              up,
              10,
            ),
          ),
        ).toEqual(Array.from(once, (value) => 4 * value));
      }),
    );
  });

  it('passes a constant far from the ends, and a slow wave', () => {
    const wave = (count: number, rate: number) => Float64Array.from({ length: count }, (_, t) => 3 + Math.sin((0.05 * t) / rate));
    for (const [up, down] of [
      [1, 2],
      [2, 1],
      [3, 2],
      [2, 5],
      [500, 257],
    ] as const) {
      const middle = engine.resamplePoly(wave(900, 1), up, down).slice(Math.ceil((40 * up) / down), -Math.ceil((40 * up) / down));
      const expected = wave(Math.ceil((900 * up) / down), up / down).slice(Math.ceil((40 * up) / down), -Math.ceil((40 * up) / down));
      expect(relativeError(middle, expected), `${up} / ${down}`).toBeLessThan(2e-3);
    }
  });
});

it('SIMD and scalar resampling give the same bits', () => {
  const [simd, scalar] = VARIANTS.map((variant) => engines.get(variant)!);
  fc.assert(
    fc.property(length, length, (n, num) => {
      expect(simd!.resample(noise(n), num)).toEqual(scalar!.resample(noise(n), num));
    }),
  );
  fc.assert(
    fc.property(samples(100), (x) => {
      expect(simd!.resamplePoly(x, 3, 7)).toEqual(scalar!.resamplePoly(x, 3, 7));
    }),
  );
});
