import fc from 'fast-check';
import { describe, it } from 'vitest';
import { LARGEST_WEIGHT, largestActivation } from '../../src/quantized.js';
import { splitmix32, uniform } from '../../src/splitmix32.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

interface Shape {
  rows: number;
  inner: number;
  columns: number;
  inputStride: number;
  outputStride: number;
}

interface Operands {
  input: Int16Array;
  /** [columns][inner] */
  weights: Int8Array;
  scale: Float32Array;
  bias: Float32Array;
}

const { fround } = Math;
const RESIDUAL = random(8 * 35 + 26, 2);
// The largest inner sizes of the presets, small odd and even ones, and one beyond all of them.
const EXTREME_INNERS = [1, 2, 9, 60, 96, 128, 512, 640, 2048];

function int16s(count: number, seed: number, largest: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) => Math.round(uniform(seed, i) * largest));
}

function int8s(count: number, seed: number): Int8Array {
  return Int8Array.from({ length: count }, (_, i) => Math.round(uniform(seed, i) * LARGEST_WEIGHT));
}

/** Int16 panels [ceil(columns / 8)][ceil(inner / 2)][8 columns][2], padded with zeros. */
function packPairs(weights: Int8Array, columns: number, inner: number): Int16Array {
  const pairs = Math.ceil(inner / 2);
  return Int16Array.from({ length: Math.ceil(columns / 8) * pairs * 16 }, (_, at) => {
    const k = 2 * (Math.floor(at / 16) % pairs) + (at % 2);
    const column = 8 * Math.floor(at / (16 * pairs)) + Math.floor((at % 16) / 2);
    return column < columns && k < inner ? weights[column * inner + k]! : 0;
  });
}

/** Whole numbers in doubles: exact far beyond int32. */
function exactSum(input: Int16Array, at: number, weights: Int8Array, column: number, inner: number): number {
  let sum = 0;
  for (let k = 0; k < inner; k++) sum += input[at + k]! * weights[column * inner + k]!;
  if (Math.abs(sum) > 2 ** 31 - 1) throw new RangeError(`the test's own operands leave int32: ${sum}`);
  return sum;
}

/** f32[(rows - 1) * outputStride + columns]: the exact sum rounded once, times scale, plus bias; canaries between the rows. */
function reference({ rows, inner, columns, inputStride, outputStride }: Shape, { input, weights, scale, bias }: Operands): Float32Array {
  const output = canaries((rows - 1) * outputStride + columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const sum = exactSum(input, row * inputStride, weights, column, inner);
      output[row * outputStride + column] = fround(fround(fround(sum) * scale[column]!) + bias[column]!);
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

/** Groups of four rows as [inner / 2][4][2], the rows that are left as they are. */
function interleaved(input: Int16Array, rows: number, inner: number): Int16Array {
  const output = input.slice();
  for (let row = 0; row < rows - (rows % 4); row++) {
    for (let k = 0; k < inner; k++) {
      output[(row - (row % 4)) * inner + Math.floor(k / 2) * 8 + (row % 4) * 2 + (k % 2)] = input[row * inner + k]!;
    }
  }
  return output;
}

/** Puts the operands into memory; the product is then one call. */
function multiplier(bench: KernelBench, { input, weights, scale, bias }: Operands, inner: number) {
  const columns = bias.length;
  const [from, panels, scales, biases] = [input, packPairs(weights, columns, inner), scale, bias].map((values) => bench.put(values));
  return ({ rows, inputStride, outputStride }: Omit<Shape, 'inner' | 'columns'>, residual: number, output: number) =>
    bench.kernels.qs16_qc8w_gemm(from!, panels!, scales!, biases!, residual, output, rows, inner, columns, inputStride, outputStride);
}

/** Activations and weights whose products add up to a whole number that 127 * 32767 * (inner - 1) reaches. */
function operandsOf(target: number, inner: number): { input: Int16Array; weights: Int8Array } {
  const input = new Int16Array(inner);
  const weights = new Int8Array(inner).fill(Math.sign(target) * LARGEST_WEIGHT);
  let rest = Math.abs(target);
  for (let k = 0; k < inner - 1; k++) {
    input[k] = Math.min(largestActivation(inner), Math.floor(rest / LARGEST_WEIGHT));
    rest -= input[k]! * LARGEST_WEIGHT;
  }
  weights[inner - 1] = Math.sign(target);
  input[inner - 1] = rest;
  return { input, weights };
}

describe.each(VARIANTS)('qs16_qc8w_gemm, %s', (variant) => {
  const bench = new KernelBench(variant);

  it('is the reference bit for bit, without a residual, with one, and onto it, and writes nothing else', () => {
    const differences = new Differences();
    for (const inner of [...range(1, 12), 63, 64]) {
      // Rows go on behind the last one: with odd inner sizes its neighbour is read, and must not matter.
      const input = int16s(8 * (inner + 2) + inner + 1, inner, largestActivation(inner));
      for (const columns of range(1, 26)) {
        bench.reset();
        const weights = int8s(columns * inner, columns);
        const operands = { input, weights, scale: random(columns, 3, 1e-5), bias: random(columns, 4) };
        const multiply = multiplier(bench, operands, inner);
        const residualPointer = bench.put(RESIDUAL);
        for (const shape of range(1, 9).flatMap((rows) => shapes(rows, inner, columns))) {
          const { outputStride } = shape;
          const plain = reference(shape, operands);
          const inRow = (i: number) => i % outputStride < columns;
          const added = plain.map((sum, i) => (inRow(i) ? fround(sum + RESIDUAL[i]!) : sum));
          for (const kind of ['none', 'separate', 'in place']) {
            const before = kind === 'in place' ? plain.map((canary, i) => (inRow(i) ? RESIDUAL[i]! : canary)) : canaries(plain.length);
            const output = new Guarded(bench, before);
            multiply(shape, { none: 0, separate: residualPointer, 'in place': output.pointer }[kind]!, output.pointer);
            differences.add(`${JSON.stringify(shape)} residual ${kind}`, output.difference(kind === 'none' ? plain : added));
          }
        }
      }
    }
    differences.expectNone();
  });

  it('qs16x4_qc8w_gemm is the same on groups of four rows', () => {
    const differences = new Differences();
    for (const inner of [2, 4, 24, 60, 128]) {
      for (const columns of [1, 7, 8, 16, 26]) {
        const weights = int8s(columns * inner, columns);
        for (const rows of range(1, 11)) {
          bench.reset();
          const input = int16s(rows * inner, inner, largestActivation(inner));
          const operands = { input, weights, scale: random(columns, 3, 1e-5), bias: random(columns, 4) };
          const shape = { rows, inner, columns, inputStride: inner, outputStride: columns };
          const expected = reference(shape, operands);
          const [panels, scales, biases] = [packPairs(weights, columns, inner), operands.scale, operands.bias].map((values) =>
            bench.put(values),
          );
          const added = bench.put(RESIDUAL);
          for (const residual of [0, added]) {
            const output = new Guarded(bench, canaries(expected.length));
            const from = bench.put(interleaved(input, rows, inner));
            bench.kernels.qs16x4_qc8w_gemm(from, panels!, scales!, biases!, residual, output.pointer, rows, inner, columns, columns);
            const sums = residual ? expected.map((sum, i) => fround(sum + RESIDUAL[i]!)) : expected;
            differences.add(`${JSON.stringify(shape)} residual ${residual > 0}`, output.difference(sums));
          }
        }
      }
    }
    differences.expectNone();
  });

  it('does not overflow with the largest operands everywhere', () => {
    const differences = new Differences();
    const [rows, columns] = [5, 9];
    for (const inner of EXTREME_INNERS) {
      const largest = largestActivation(inner);
      for (const [weightSign, activationSign] of [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ] as const) {
        bench.reset();
        const operands = {
          input: new Int16Array(rows * inner + 1).fill(activationSign * largest),
          weights: new Int8Array(columns * inner).fill(weightSign * LARGEST_WEIGHT),
          scale: new Float32Array(columns).fill(1),
          bias: new Float32Array(columns),
        };
        const output = new Guarded(bench, canaries(rows * columns));
        multiplier(bench, operands, inner)({ rows, inputStride: inner, outputStride: columns }, 0, output.pointer);
        const expected = fround(weightSign * activationSign * inner * largest * LARGEST_WEIGHT);
        differences.add(
          `inner ${inner}, ${weightSign} x ${activationSign}`,
          output.difference(new Float32Array(rows * columns).fill(expected)),
        );
      }
    }
    differences.expectNone();
  });

  it('rounds sums above 2^24 half to even', () => {
    const differences = new Differences();
    const inner = 516;
    const targets: [sum: number, rounded: number][] = [
      [2 ** 24 - 1, 2 ** 24 - 1],
      [2 ** 24 + 1, 2 ** 24],
      [2 ** 24 + 3, 2 ** 24 + 4],
      [2 ** 25 + 2, 2 ** 25],
      [2 ** 25 + 3, 2 ** 25 + 4],
      [2 ** 25 + 6, 2 ** 25 + 8],
      [2 ** 30 + 32, 2 ** 30],
      [2 ** 30 + 33, 2 ** 30 + 64],
      [2 ** 30 + 96, 2 ** 30 + 128],
      [127 * 32766 * 515 + 5, 127 * 32766 * 515 + 5],
    ];
    for (const [sum, rounded] of targets.flatMap(([s, r]) => [[s, r] as const, [-s, -r] as const])) {
      bench.reset();
      // The same sum in nine columns and five rows takes every path of the kernel.
      const { input, weights } = operandsOf(sum, inner);
      const operands = {
        input: Int16Array.from({ length: 5 * inner }, (_, i) => input[i % inner]!),
        weights: Int8Array.from({ length: 9 * inner }, (_, i) => weights[i % inner]!),
        scale: new Float32Array(9).fill(1),
        bias: new Float32Array(9),
      };
      const output = new Guarded(bench, canaries(45));
      multiplier(bench, operands, inner)({ rows: 5, inputStride: inner, outputStride: 9 }, 0, output.pointer);
      differences.add(`${sum}`, output.difference(new Float32Array(45).fill(fround(rounded))));
    }
    differences.expectNone();
  });
});

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  inner: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(...EXTREME_INNERS)),
  columns: fc.integer({ min: 1, max: 26 }),
  seed: fc.nat(),
});

itGivesTheSameBits(
  'qs16_qc8w_gemm',
  cases.chain(({ rows, inner, columns, seed }) =>
    fc.record({
      shape: fc.constant({ rows, inner, columns, inputStride: inner, outputStride: columns }),
      seed: fc.constant(splitmix32(seed, 0)),
      scale: floats(columns, 1),
      bias: floats(columns),
      residual: floats(rows * columns),
    }),
  ),
  (bench, { shape, seed, scale, bias, residual }) => {
    const { rows, inner, columns } = shape;
    const operands = {
      input: int16s(rows * inner + 1, seed, largestActivation(inner)),
      weights: int8s(columns * inner, seed + 1),
      scale,
      bias,
    };
    const multiply = multiplier(bench, operands, inner);
    const output = bench.put(residual);
    multiply(shape, output, output);
    return bench.f32(output, rows * columns);
  },
);
