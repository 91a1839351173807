import fc from 'fast-check';
import { describe, it } from 'vitest';
import { packPanels } from '../../src/pack.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

interface Shape {
  rows: number;
  inner: number;
  columns: number;
  inputStride: number;
  outputStride: number;
}

const { fround } = Math;
const INPUT = random(8 * 66 + 64, 1);
const RESIDUAL = random(8 * 35 + 26, 2);

/** f32[(rows - 1) * outputStride + columns]: bias, plus the products in order of k; canaries between the rows. */
function reference(
  { rows, inner, columns, inputStride, outputStride }: Shape,
  input: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
) {
  const output = canaries((rows - 1) * outputStride + columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = bias[column]!;
      for (let k = 0; k < inner; k++) sum = fround(sum + fround(input[row * inputStride + k]! * weights[column * inner + k]!));
      output[row * outputStride + column] = sum;
    }
  }
  return output;
}

/** Rows that follow each other, rows that overlap as in a convolution along time, rows with gaps. */
function shapes(rows: number, inner: number, columns: number): Shape[] {
  return [
    { rows, inner, columns, inputStride: inner, outputStride: columns },
    { rows, inner, columns, inputStride: Math.ceil(inner / 3), outputStride: columns + 3 },
    { rows, inner, columns, inputStride: inner + 2, outputStride: columns + 9 },
  ];
}

describe.each(VARIANTS)('f32_gemm, %s', (variant) => {
  const bench = new KernelBench(variant);

  it('is the reference bit for bit, without a residual, with one, and onto it, and writes nothing else', () => {
    const differences = new Differences();
    for (const inner of [...range(1, 20), 64]) {
      for (const columns of range(1, 26)) {
        bench.reset();
        const weights = random(columns * inner, inner);
        const bias = random(columns, columns);
        const panels = bench.put(packPanels(columns, inner, (n, k) => weights[n * inner + k]!));
        const [inputPointer, biasPointer, residualPointer] = [bench.put(INPUT), bench.put(bias), bench.put(RESIDUAL)];
        for (const shape of range(1, 9).flatMap((rows) => shapes(rows, inner, columns))) {
          const { rows, inputStride, outputStride } = shape;
          const plain = reference(shape, INPUT, weights, bias);
          const inRow = (i: number) => i % outputStride < columns;
          const added = plain.map((sum, i) => (inRow(i) ? fround(sum + RESIDUAL[i]!) : sum));
          for (const kind of ['none', 'separate', 'in place']) {
            const before = kind === 'in place' ? plain.map((canary, i) => (inRow(i) ? RESIDUAL[i]! : canary)) : canaries(plain.length);
            const output = new Guarded(bench, before);
            const residual = { none: 0, separate: residualPointer, 'in place': output.pointer }[kind]!;
            bench.kernels.f32_gemm(
              inputPointer,
              panels,
              biasPointer,
              residual,
              output.pointer,
              rows,
              inner,
              columns,
              inputStride,
              outputStride,
            );
            differences.add(`${JSON.stringify(shape)} residual ${kind}`, output.difference(kind === 'none' ? plain : added));
          }
        }
      }
    }
    differences.expectNone();
  });
});

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  inner: fc.integer({ min: 1, max: 12 }),
  columns: fc.integer({ min: 1, max: 26 }),
});

itGivesTheSameBits(
  'f32_gemm',
  cases.chain(({ rows, inner, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      inner: fc.constant(inner),
      columns: fc.constant(columns),
      input: floats(rows * inner),
      weights: floats(columns * inner),
      bias: floats(columns),
      residual: floats(rows * columns),
    }),
  ),
  (bench, { rows, inner, columns, input, weights, bias, residual }) => {
    const [inputPointer, biasPointer, output] = [bench.put(input), bench.put(bias), bench.put(residual)];
    const panels = bench.put(packPanels(columns, inner, (n, k) => weights[n * inner + k]!));
    bench.kernels.f32_gemm(inputPointer, panels, biasPointer, output, output, rows, inner, columns, inner, columns);
    return bench.f32(output, rows * columns);
  },
);
