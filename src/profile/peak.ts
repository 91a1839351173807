// What the engine can do at best: a matrix product out of the first caches, and a copy out of memory.

import { alignUp } from '../arena.js';
import type { KernelInstance, KernelSource } from '../wasm.js';
import { instantiateKernels } from '../wasm.js';
import type { Bandwidth, Peak } from './profile.js';
import { median, rate } from './statistics.js';

/** Of f32: 32 kB of input, 64 of weights, 32 of output; of int16 half the input and weights. All of it stays in a second-level cache. */
const SHAPE = { rows: 64, inner: 128, columns: 128 } as const;
const MACS = SHAPE.rows * SHAPE.inner * SHAPE.columns;
/** About as long as the longer layers of a small network: noise then hits all alike. */
const SAMPLE_MS = 1;
const MOST_CALLS = 256;
const COPY_BYTES = 2 ** 23;
const COPIES = 9;

/** Measures the matrix kernel that a network of this precision uses, in a memory of its own. */
export class PeakMeter {
  private readonly run: () => void;
  private readonly kernel: string;
  private readonly samples: number[] = [];
  private calls = 1;

  constructor(source: KernelSource, precision: 'f32' | 'int8') {
    this.kernel = precision === 'int8' ? 'qs16x4_qc8w_gemm' : 'f32_gemm';
    this.run = precision === 'int8' ? integerProduct(source) : floatProduct(source);
  }

  /** Until the engine runs its best code, and finds how many calls make a sample. */
  warmUp(): void {
    for (let i = 0; i < 8; i++) {
      const ms = this.time();
      if (ms < SAMPLE_MS) this.calls = Math.min(MOST_CALLS, 2 * this.calls);
    }
  }

  /** Forgets the samples so far. */
  begin(): void {
    this.samples.length = 0;
  }

  sample(): void {
    this.samples.push(rate(this.calls * MACS, this.time()));
  }

  result(): Peak {
    return { kernel: this.kernel, shape: SHAPE, gmacPerSecond: median(this.samples), best: Math.max(...this.samples) };
  }

  private time(): number {
    const start = performance.now();
    for (let i = 0; i < this.calls; i++) this.run();
    return performance.now() - start;
  }
}

/** Bytes a second of the `copy` kernel between two buffers of 8 MiB. */
export function measureBandwidth(source: KernelSource): Bandwidth {
  const instance = instantiateKernels(source, 2 * COPY_BYTES + 16);
  const from = alignUp(instance.kernels.heapBase());
  // The first copy also brings the pages in.
  new Uint8Array(instance.memory.buffer, from, COPY_BYTES).fill(1);
  instance.kernels.copy(from, from + COPY_BYTES, COPY_BYTES);
  const samples = Array.from({ length: COPIES }, () => {
    const start = performance.now();
    instance.kernels.copy(from, from + COPY_BYTES, COPY_BYTES);
    return rate(2 * COPY_BYTES, performance.now() - start);
  });
  return { bytes: COPY_BYTES, gigabytesPerSecond: median(samples) };
}

function floatProduct(source: KernelSource): () => void {
  const { rows, inner, columns } = SHAPE;
  const [instance, at] = reserve(source, [4 * rows * inner, 4 * inner * columns, 4 * columns, 4 * rows * columns]);
  const [input, weights, bias, output] = at as [number, number, number, number];
  new Float32Array(instance.memory.buffer, input, (output - input) / 4).forEach((_, i, values) => {
    values[i] = (i % 251) / 256;
  });
  return () => instance.kernels.f32_gemm(input, weights, bias, 0, output, rows, inner, columns, inner, columns);
}

function integerProduct(source: KernelSource): () => void {
  const { rows, inner, columns } = SHAPE;
  const [instance, at] = reserve(source, [2 * rows * inner, 2 * inner * columns, 4 * columns, 4 * columns, 4 * rows * columns]);
  const [input, weights, scale, bias, output] = at as [number, number, number, number, number];
  new Int16Array(instance.memory.buffer, input, (scale - input) / 2).forEach((_, i, values) => {
    values[i] = (i % 251) - 125;
  });
  new Float32Array(instance.memory.buffer, scale, (output - scale) / 4).fill(1 / 256);
  return () => instance.kernels.qs16x4_qc8w_gemm(input, weights, scale, bias, 0, output, rows, inner, columns, columns);
}

/** A new instance, and addresses of buffers of so many bytes in its memory, one after the other. */
function reserve(source: KernelSource, sizes: readonly number[]): [KernelInstance, number[]] {
  const instance = instantiateKernels(
    source,
    sizes.reduce((sum, size) => sum + alignUp(size), 16),
  );
  let next = alignUp(instance.kernels.heapBase());
  const addresses = sizes.map((size) => {
    const address = next;
    next += alignUp(size);
    return address;
  });
  return [instance, addresses];
}
