import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundHalfEven, separated } from '../int8-products.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { Differences, difference, floats, itGivesTheSameBits, random, range } from './harness.js';

const { fround } = Math;
const CANARY = 0x5a5a;
const MARGIN = 8;

/** The rounded values without a zero's sign, and how many were clamped. */
function reference(
  input: Float32Array,
  inverseScale: number,
  largest: number,
  slope = 1,
  limit = largest,
): { rounded: number[]; saturated: number } {
  const scaled = Array.from(input, (x) => fround((x < 0 ? fround(x * slope) : x) * inverseScale));
  const whole = scaled.map((y) => roundHalfEven(y) + 0);
  return {
    rounded: whole.map((q) => Math.min(largest, Math.max(-largest, q))),
    saturated: scaled.filter((y) => Math.abs(y) > limit).length,
  };
}

/** What the kernel writes between its canaries, and what it returns. */
function quantize(bench: KernelBench, input: Float32Array, inverseScale: number, largest: number, slope = 1, limit = largest) {
  const framed = bench.put(new Int16Array(input.length + 2 * MARGIN).fill(CANARY));
  const [from, to] = [bench.put(input), framed + 2 * MARGIN];
  const saturated = bench.kernels.f32_qs16_quantize(from, to, input.length, fround(inverseScale), largest, limit, slope);
  const written = Array.from(bench.i16(framed, input.length + 2 * MARGIN));
  const frame = [...written.slice(0, MARGIN), ...written.slice(MARGIN + input.length)];
  return { rounded: written.slice(MARGIN, MARGIN + input.length), saturated, frameKept: frame.every((value) => value === CANARY) };
}

describe.each(VARIANTS)('quantize, %s', (variant) => {
  const bench = new KernelBench(variant);

  it('f32_qs16_quantize is the reference for every count, writes nothing else, and counts what it clamps', () => {
    const differences = new Differences();
    let clamped = 0;
    for (const count of range(0, 40)) {
      for (const [inverseScale, largest] of [
        [1, 32767],
        [777.7, 32767],
        [40000, 32767],
        [40000, 26420],
        [1e9, 129],
      ] as const) {
        bench.reset();
        const input = random(count, count, 1.5);
        for (const slope of [1, fround(0.01), 0]) {
          const { rounded, saturated, frameKept } = quantize(bench, input, inverseScale, largest, slope);
          const expected = reference(input, fround(inverseScale), largest, slope);
          clamped += saturated;
          differences.add(`${count} x ${inverseScale} ${slope}`, difference(rounded, expected.rounded));
          differences.add(`${count} x ${inverseScale} ${slope} saturated`, difference([saturated], [expected.saturated]));
          differences.add(`${count} frame`, frameKept ? undefined : 'overwritten');
        }
      }
    }
    differences.expectNone();
    expect(clamped).toBeGreaterThan(100);
  });

  it('f32_qs16_quantize counts what is beyond any limit, and rounds the same', () => {
    const differences = new Differences();
    let counted = 0;
    for (const count of range(0, 40)) {
      bench.reset();
      const input = random(count, count, 1.5);
      for (const limit of [16383.5, 1000, 0]) {
        const { rounded, saturated } = quantize(bench, input, 20000, 32767, fround(0.01), limit);
        const expected = reference(input, 20000, 32767, fround(0.01), limit);
        counted += saturated;
        differences.add(`${count} ${limit}`, difference(rounded, expected.rounded));
        differences.add(`${count} ${limit} beyond`, difference([saturated], [expected.saturated]));
      }
    }
    differences.expectNone();
    expect(counted).toBeGreaterThan(100);
  });

  it('f32_qs16_quantize_rows is the same in groups of four rows, writes nothing else, and counts alike', () => {
    const differences = new Differences();
    for (const rows of range(0, 13)) {
      for (const inner of [2, 4, 6, 8, 10, 16, 24, 60]) {
        bench.reset();
        const input = random(rows * inner, rows, 1.5);
        const plain = quantize(bench, input, 30000, 32767, fround(0.01));
        const framed = bench.put(new Int16Array(input.length + 2 * MARGIN).fill(CANARY));
        const scratch = bench.put(new Int16Array(2048 + MARGIN).fill(CANARY));
        const from = bench.put(input);
        const saturated = bench.kernels.f32_qs16_quantize_rows(
          from,
          framed + 2 * MARGIN,
          scratch,
          rows,
          inner,
          30000,
          32767,
          32767,
          fround(0.01),
        );
        const written = bench.i16(framed, input.length + 2 * MARGIN);
        const label = `${rows} x ${inner}`;
        const stored = written.slice(MARGIN, MARGIN + input.length);
        differences.add(label, difference(separated(stored, rows, inner), plain.rounded));
        differences.add(`${label} saturated`, difference([saturated], [plain.saturated]));
        const frame = [...written.slice(0, MARGIN), ...written.slice(MARGIN + input.length), ...bench.i16(scratch + 2 * 2048, MARGIN)];
        differences.add(`${label} frame`, frame.every((value) => value === CANARY) ? undefined : 'overwritten');
      }
    }
    differences.expectNone();
  });

  // Every value in a vector lane and in the tail.
  const inAllPlaces = (x: number) => new Float32Array(11).fill(x);

  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [-1.5, -2],
    [-2.5, -2],
    [0.49999997, 0],
    [0.50000006, 1],
    [32765.5, 32766],
    [32766.5, 32766],
    [-32766.5, -32766],
    [0, 0],
    [-0, 0],
    [1e-45, 0],
  ])('%d becomes %d, nothing clamped', (x, expected) => {
    bench.reset();
    const { rounded, saturated } = quantize(bench, inAllPlaces(x), 1, 32767);
    expect(rounded).toEqual(new Array(11).fill(expected));
    expect(saturated).toBe(0);
  });

  it.each([
    [32767, 32767, 32767, 0],
    [32767.25, 32767, 32767, 11],
    [-32767.25, 32767, -32767, 11],
    [32767.5, 32767, 32767, 11],
    [-32768, 32767, -32767, 11],
    [26420.75, 26420, 26420, 11],
    [3e38, 32767, 32767, 11],
    [-3e38, 32767, -32767, 11],
    [Infinity, 32767, 32767, 11],
    [-Infinity, 32767, -32767, 11],
    [NaN, 32767, -32767, 11],
  ])('%d within ±%d becomes %d, %i of 11 clamped', (x, largest, expected, clamped) => {
    bench.reset();
    const { rounded, saturated } = quantize(bench, inAllPlaces(x), 1, largest);
    expect(rounded).toEqual(new Array(11).fill(expected));
    expect(saturated).toBe(clamped);
  });

  it('rounds the product to f32 before it rounds to a whole number', () => {
    bench.reset();
    // In double precision above the half, in f32 on it.
    const [x, inverseScale] = [fround(0.1), fround(25)];
    const exact = x * inverseScale;
    expect(exact).toBeGreaterThan(2.5);
    expect(fround(exact)).toBe(2.5);
    expect(quantize(bench, inAllPlaces(x), inverseScale, 32767).rounded).toEqual(new Array(11).fill(2));
  });
});

const lists = fc.integer({ min: 1, max: 40 }).chain((count) => floats(count, 1e6));

itGivesTheSameBits(
  'f32_qs16_quantize',
  fc.record({
    input: lists,
    inverseScale: fc.float({ min: fround(1e-3), max: 1e6, noNaN: true }),
    largest: fc.integer({ min: 1, max: 32767 }),
    slope: fc.constantFrom(1, fround(0.01), 0),
  }),
  (bench, { input, inverseScale, largest, slope }) => {
    const { rounded, saturated } = quantize(bench, input, inverseScale, largest, slope);
    return Float32Array.of(saturated, ...rounded);
  },
);
