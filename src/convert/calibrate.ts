import { Engine } from '../engine.js';
import { F32Operations, type Product } from '../operations.js';
import type { KernelSource } from '../wasm.js';
import type { Weights } from '../weights.js';

/** The largest magnitude that each product of an f32 network saw at its input, by module name. */
export type InputMaxima = Map<string, number>;

/** Runs an f32 network on inputs f32[leads][windowSamples] and watches what goes into its products. */
export function calibrate(weights: Weights, source: KernelSource, inputs: Iterable<Float32Array>): InputMaxima {
  const maxima: InputMaxima = new Map();
  class WatchingOperations extends F32Operations {
    protected override product(name: string, input: number, output: number, shape: Product): void {
      const count = (shape.rows - 1) * (shape.inputStride ?? shape.inner) + shape.inner;
      maxima.set(name, Math.max(maxima.get(name) ?? 0, this.kernels.f32_absmax(input, count)));
      super.product(name, input, output, shape);
    }
  }
  const engine = new Engine(weights, source, WatchingOperations);
  for (const input of inputs) for (const _ of engine.run(input));
  return maxima;
}
