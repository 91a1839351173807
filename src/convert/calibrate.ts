import { noRepeats } from '../constant.js';
import { Engine } from '../engine.js';
import { F32Operations } from '../operations.js';
import type { Call, Product } from '../product.js';
import { splitmix32 } from '../splitmix32.js';
import type { KernelSource } from '../wasm.js';
import type { Weights } from '../weights.js';

/** What went into one product of an f32 network. */
export interface InputStatistics {
  /** The largest magnitude. */
  largest: number;
  rows: number;
  /** f64[inner]: the sum of all rows. */
  readonly sums: Float64Array;
  /** How the inputs vary together, from a few rows of each call. */
  readonly sample: {
    rows: number;
    /** f64[inner] */
    readonly sums: Float64Array;
    /** f64[inner][inner]: the sum of outer products, the upper half. */
    readonly moments: Float64Array;
  };
}

/** Rows of each call of a product that are sampled: enough over a few records, and cheap. */
const SAMPLED_ROWS = 2;

/** By module name. */
export type Calibration = ReadonlyMap<string, InputStatistics>;

/** Runs an f32 network on inputs f32[leads][windowSamples] and watches what goes into its products. */
export function calibrate(weights: Weights, source: KernelSource, inputs: Iterable<Float32Array>): Calibration {
  const statistics = new Map<string, InputStatistics>();
  let engine: Engine | undefined;
  class WatchingOperations extends F32Operations {
    protected override multiply(product: Product, input: number, output: number, call: Call): void {
      super.multiply(product, input, output, call);
      // The input is as the product took it, its activation applied. There is no engine yet while the memory is planned.
      if (engine) watch(statistics, engine.floats(input, (call.rows - 1) * product.inputStride + product.inner), product, call.rows);
    }
  }
  engine = new Engine(weights, source, WatchingOperations);
  // Each row counts as often as it occurs.
  const repeats = noRepeats(weights.config.leads.length);
  for (const input of inputs) for (const _ of engine.run(input, repeats));
  return statistics;
}

function watch(statistics: Map<string, InputStatistics>, values: Float32Array, product: Product, rows: number): void {
  const { name, inner, inputStride } = product;
  const seen = statistics.get(name) ?? {
    largest: 0,
    rows: 0,
    sums: new Float64Array(inner),
    sample: { rows: 0, sums: new Float64Array(inner), moments: new Float64Array(inner * inner) },
  };
  statistics.set(name, seen);
  for (let i = 0; i < Math.min(SAMPLED_ROWS, rows); i++) {
    const row = splitmix32(seen.rows, i) % rows;
    addToSample(seen.sample, values.subarray(row * inputStride, row * inputStride + inner));
  }
  const { sums } = seen;
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < inner; k++) {
      const value = values[row * inputStride + k]!;
      sums[k] = sums[k]! + value;
      seen.largest = Math.max(seen.largest, Math.abs(value));
    }
  }
  seen.rows += rows;
}

function addToSample(sample: InputStatistics['sample'], values: Float32Array): void {
  const inner = values.length;
  const { sums, moments } = sample;
  sample.rows++;
  for (let i = 0; i < inner; i++) {
    const value = values[i]!;
    sums[i] = sums[i]! + value;
    if (value === 0) continue;
    for (let j = i; j < inner; j++) moments[i * inner + j] = moments[i * inner + j]! + value * values[j]!;
  }
}
