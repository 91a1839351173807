import { Engine } from '../engine.js';
import { F32Operations, type Product } from '../operations.js';
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
    protected override product(name: string, input: number, output: number, shape: Product): void {
      // There is no engine yet while the memory is planned.
      if (engine) watch(statistics, name, engine.view({ pointer: input, leads: 1, timeSteps: 1, channels: elements(shape) }), shape);
      super.product(name, input, output, shape);
    }
  }
  engine = new Engine(weights, source, WatchingOperations);
  for (const input of inputs) for (const _ of engine.run(input));
  return statistics;
}

function elements({ rows, inner, inputStride = inner }: Product): number {
  return (rows - 1) * inputStride + inner;
}

function watch(statistics: Map<string, InputStatistics>, name: string, values: Float32Array, shape: Product): void {
  const { rows, inner, inputStride = inner } = shape;
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
