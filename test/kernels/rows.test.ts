import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';
import { canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

const { fround } = Math;
const F32 = 4;

describe.each(VARIANTS)('rows, %s', (variant) => {
  const bench = new KernelBench(variant);

  it('f32_affine is x * scale + shift of the channel, to a place of its own and in place', () => {
    const differences = new Differences();
    for (const rows of range(1, 5)) {
      for (const channels of range(1, 18)) {
        bench.reset();
        const [input, scale, shift] = [random(rows * channels, 1), random(channels, 2), random(channels, 3)];
        const expected = input.map((x, i) => fround(fround(x * scale[i % channels]!) + shift[i % channels]!));
        const [scalePointer, shiftPointer] = [bench.put(scale), bench.put(shift)];
        const [output, inPlace] = [new Guarded(bench, canaries(input.length)), new Guarded(bench, input)];
        bench.kernels.f32_affine(bench.put(input), scalePointer, shiftPointer, output.pointer, rows, channels);
        bench.kernels.f32_affine(inPlace.pointer, scalePointer, shiftPointer, inPlace.pointer, rows, channels);
        differences.add(`${rows} x ${channels}`, output.difference(expected));
        differences.add(`${rows} x ${channels} in place`, inPlace.difference(expected));
      }
    }
    differences.expectNone();
  });

  it('f32_transpose swaps rows and columns', () => {
    const differences = new Differences();
    for (const rows of range(1, 9)) {
      for (const columns of range(1, 9)) {
        bench.reset();
        const input = random(rows * columns, 1);
        const output = new Guarded(bench, canaries(input.length));
        bench.kernels.f32_transpose(bench.put(input), output.pointer, rows, columns);
        const expected = input.map((_, i) => input[(i % rows) * columns + Math.floor(i / rows)]!);
        differences.add(`${rows} x ${columns}`, output.difference(expected));
      }
    }
    differences.expectNone();
  });

  it('copy copies, also to where it overlaps', () => {
    const values = random(24, 1);
    for (const [from, to] of [
      [0, 12],
      [0, 5],
      [5, 0],
    ] as const) {
      bench.reset();
      const area = new Guarded(bench, values);
      bench.kernels.copy(area.pointer + from * F32, area.pointer + to * F32, 12 * F32);
      expect(area.difference(values.slice().copyWithin(to, from, from + 12)), `${from} -> ${to}`).toBeUndefined();
    }
  });

  it('repeat writes a row as often as asked', () => {
    for (const [channels, count] of [
      [1, 0],
      [3, 1],
      [8, 5],
    ] as const) {
      bench.reset();
      const [line, area] = [random(channels, 2), new Guarded(bench, random(40, 1))];
      bench.kernels.repeat(bench.put(line), area.pointer, channels * F32, count);
      const expected = random(40, 1);
      for (let i = 0; i < count; i++) expected.set(line, i * channels);
      expect(area.difference(expected), `${channels} x ${count}`).toBeUndefined();
    }
  });

  it('zero fills with zeros', () => {
    for (const count of [0, 1, 5, 24]) {
      bench.reset();
      const area = new Guarded(bench, random(24, 1));
      bench.kernels.zero(area.pointer, count * F32);
      expect(area.difference(random(24, 1).fill(0, 0, count)), `${count}`).toBeUndefined();
    }
  });
});

const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 18 }));

itGivesTheSameBits(
  'f32_affine',
  sizes.chain(([rows, channels]) => fc.tuple(floats(rows * channels), floats(channels), floats(channels))),
  (bench, [input, scale, shift]) => {
    const output = bench.put(input);
    bench.kernels.f32_affine(output, bench.put(scale), bench.put(shift), output, input.length / scale.length, scale.length);
    return bench.f32(output, input.length);
  },
);

itGivesTheSameBits(
  'f32_transpose',
  sizes.chain(([rows, columns]) => fc.record({ rows: fc.constant(rows), input: floats(rows * columns) })),
  (bench, { rows, input }) => {
    const output = bench.put(canaries(input.length));
    bench.kernels.f32_transpose(bench.put(input), output, rows, input.length / rows);
    return bench.f32(output, input.length);
  },
);
