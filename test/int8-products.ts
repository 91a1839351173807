// Samples of the integer products of a run, and what they have to be: written from docs/design.md, on the tensors of the file.

import { Engine } from '../src/engine.js';
import { Int8Operations, type IntegerProduct } from '../src/operations-int8.js';
import type { Call } from '../src/product.js';
import { LARGEST_WEIGHT, largestActivation } from '../src/quantized.js';
import { fnv1a32, splitmix32 } from '../src/splitmix32.js';
import type { KernelSource } from '../src/wasm.js';
import type { Int8Parameters, Weights } from '../src/weights.js';

/** One call of a product: what went in, what it was rounded to, what was added, what came out. */
export interface ProductTile {
  readonly name: string;
  /** Of the calls of this product in one run. */
  readonly call: number;
  readonly lead: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly inputStride: number;
  /** f32[(rows - 1) * inputStride + inner] */
  readonly input: Float32Array;
  readonly rounded: Int16Array;
  /** f32[rows][columns] */
  readonly residual: Float32Array | undefined;
  readonly output: Float32Array;
}

/** An engine of an int8 network that keeps the first, the last and two pseudo-random calls of every product in `tiles`. */
export function samplingEngine(weights: Weights, source: KernelSource): { engine: Engine; tiles: ProductTile[] } {
  const tiles: ProductTile[] = [];
  const calls = new Map<string, number>();
  const seen = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1).get(name)! - 1;
  let engine: Engine | undefined;

  class SamplingOperations extends Int8Operations {
    protected override multiply(product: IntegerProduct, input: number, output: number, shape: Call): void {
      const { name, inner, columns, inputStride, activation } = product;
      // Without an engine, this is its own dry run.
      const call = count(engine ? seen : calls, name);
      if (!engine || !isSampled(name, call, calls.get(name)!)) {
        super.multiply(product, input, output, shape);
        return;
      }
      const { rows, add = 0, lead = 0 } = shape;
      const inputs = (rows - 1) * inputStride + inner;
      const read = (pointer: number, values: number) => engine!.floats(pointer, values).slice();
      // GELU is applied in place, LeakyReLU while rounding.
      const before = { input: read(input, inputs), residual: add ? read(add, rows * columns) : undefined };
      super.multiply(product, input, output, shape);
      if (activation === 'gelu') before.input = read(input, inputs);
      if (activation === 'leaky') before.input = before.input.map((x) => (x < 0 ? x * Math.fround(0.01) : x));
      const stored = new Int16Array(read(product.rounded, Math.ceil(inputs / 2)).buffer, 0, inputs);
      const rounded = product.group ? separated(stored, rows, inner) : stored;
      tiles.push({ name, call, lead, rows, inner, columns, inputStride, ...before, rounded, output: read(output, rows * columns) });
    }
  }
  engine = new Engine(weights, source, SamplingOperations);
  return { engine, tiles };
}

/** The rows of f32_qs16_quantize_rows one after the other. */
export function separated(stored: Int16Array, rows: number, inner: number): Int16Array {
  const grouped = rows - (rows % 4);
  return stored.map((_, i) => {
    const [row, k] = [Math.floor(i / inner), i % inner];
    return row < grouped ? stored[(row - (row % 4)) * inner + Math.floor(k / 2) * 8 + (row % 4) * 2 + (k % 2)]! : stored[i]!;
  });
}

function isSampled(name: string, call: number, calls: number): boolean {
  const seed = fnv1a32(`product:${name}`);
  return [0, calls - 1, splitmix32(seed, 0) % calls, splitmix32(seed, 1) % calls].includes(call);
}

/** What a tile has to be rounded to, and to come out as. */
export function expectedTile({ tensors }: Int8Parameters, tile: ProductTile): { rounded: Int16Array; output: Float32Array } {
  const { fround } = Math;
  const { name, lead, rows, inner, columns, inputStride, input, residual } = tile;
  const [scale, bias] = [`${name}.weight_scale`, `${name}.bias`].map((key) =>
    tensors.get(key)!.subarray(lead * columns, (lead + 1) * columns),
  );
  const inputScale = tensors.get(`${name}.input_scale`)![0]!;
  const matrix = matrixOf(tensors.get(`${name}.weight`)!.subarray(lead * columns * inner), tile);

  const largest = largestActivation(inner);
  const inverse = fround(1 / inputScale);
  const rounded = Int16Array.from(input, (x) => Math.max(-largest, Math.min(largest, roundHalfEven(fround(x * inverse)))));

  const output = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += rounded[row * inputStride + k]! * matrix[column * inner + k]!;
      if (Math.abs(sum) > 2 ** 31 - 1) throw new RangeError(`${name}: ${sum} leaves int32`);
      const at = row * columns + column;
      const y = fround(fround(fround(sum) * fround(scale![column]! * inputScale)) + bias![column]!);
      output[at] = residual ? fround(y + residual[at]!) : y;
    }
  }
  return { rounded, output };
}

/** [columns][inner]. An embedding's input is [tap][channel], its weights in the file are [out][channel][tap]. */
function matrixOf(weight: ArrayLike<number>, { name, inner, columns }: ProductTile): Int8Array {
  const taps = name.startsWith('transformer.embd.') ? 5 : 1;
  const channels = inner / taps;
  const matrix = new Int8Array(columns * inner);
  for (let column = 0; column < columns; column++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = weight[(column * channels + channel) * taps + tap]!;
        if (Math.abs(value) > LARGEST_WEIGHT) throw new RangeError(`${name}: weight ${value}`);
        matrix[column * inner + tap * channels + channel] = value;
      }
    }
  }
  return matrix;
}

/** By the rule, on the two whole numbers beside x. */
export function roundHalfEven(x: number): number {
  const [below, above] = [Math.floor(x), Math.ceil(x)];
  if (x - below !== above - x) return x - below < above - x ? below : above;
  return below % 2 === 0 ? below : above;
}
