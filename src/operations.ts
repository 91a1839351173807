// L leads, T time steps, C channels. Activations are f32[L][T][C].

import type { Arena } from './arena.js';
import { convolvedSteps, EMBEDDING_KERNEL, type NetworkConfig, PROJECTION_KERNEL, STEM_KERNEL } from './config.js';
import type { KernelExports } from './kernel-exports.js';
import { PANEL } from './pack.js';
import type { Tensor } from './tensor.js';

/** Time steps that a tile of a fused layer holds: its scratch stays in the first cache levels, and calls stay short. */
const TILE_STEPS = 64;
const F32 = 4;

export interface Projections {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** Where the packed arrays (pack.ts, quantized.ts) lie. */
export interface PackedWeights {
  /** Byte address of an array. */
  address(name: string): number;
  /** The values of a small array that a kernel takes as numbers. */
  values(name: string): ArrayLike<number>;
}

/** A matrix product of `rows` rows; strides count elements; `add`: address of what is added, 0 for nothing; `lead`: of a per-lead matrix. */
export interface Product {
  rows: number;
  inner: number;
  columns: number;
  inputStride?: number;
  add?: number;
  lead?: number;
}

/**
 * The network's building blocks on f32 kernels. Each method takes tensors, allocates its result in the arena, and releases nothing
 * but its own scratch: lifetimes are the network's business. `macs` counts multiply-accumulates.
 */
export class F32Operations {
  macs = 0;
  /** Activations that left the range of an integer type; there is none here. */
  saturated = 0;

  constructor(
    protected readonly config: NetworkConfig,
    protected readonly kernels: KernelExports,
    protected readonly arena: Arena,
    protected readonly packed: PackedWeights,
  ) {}

  tensor(leads: number, timeSteps: number, channels: number): Tensor {
    return { pointer: this.arena.allocate(leads * timeSteps * channels * F32), leads, timeSteps, channels };
  }

  release(tensor: Tensor): void {
    this.arena.release(tensor.pointer);
  }

  /** Depthwise convolution -> LeakyReLU -> pointwise (BatchNorm folded) (+ residual). */
  separable(
    name: string,
    x: Tensor,
    channels: number,
    { stride = 1, pad = 0, residual }: { stride?: number; pad?: number; residual?: Tensor },
  ): Tensor {
    const output = this.tensor(x.leads, convolvedSteps(x.timeSteps, STEM_KERNEL, stride, pad), channels);
    const tile = this.tensor(1, TILE_STEPS, channels);
    forEachTile(output, (lead, start, steps) => {
      this.depthwise(`${name}.depth_wise_conv`, row(x, lead, 0), tile.pointer, {
        x,
        channels,
        kernelSize: STEM_KERNEL,
        stride,
        pad,
        start,
        steps,
      });
      this.kernels.f32_leaky_relu(tile.pointer, steps * channels);
      const add = residual ? row(residual, lead, start) : 0;
      this.product(`${name}.point_wise`, tile.pointer, row(output, lead, start), { rows: steps, inner: channels, columns: channels, add });
    });
    this.release(tile);
    return output;
  }

  /** f32[L][T][in] -> f32[L][T][channels]. */
  pointwise(name: string, x: Tensor, channels: number): Tensor {
    const output = this.tensor(x.leads, x.timeSteps, channels);
    forEachTile(output, (lead, start, steps) => {
      this.product(name, row(x, lead, start), row(output, lead, start), { rows: steps, inner: x.channels, columns: channels });
    });
    return output;
  }

  /** Linear interpolation along time. */
  resize(x: Tensor, timeSteps: number): Tensor {
    const output = this.tensor(x.leads, timeSteps, x.channels);
    for (let lead = 0; lead < x.leads; lead++) {
      this.kernels.f32_resize_linear1d(row(x, lead, 0), row(output, lead, 0), x.timeSteps, timeSteps, x.channels);
    }
    return output;
  }

  /** Convolution over time and channels, "same" padding (BatchNorm folded) -> ReLU. Its rows overlap in memory: one product does it. */
  embedding(name: string, x: Tensor): Tensor {
    const reach = Math.floor(EMBEDDING_KERNEL / 2);
    const output = this.tensor(x.leads, x.timeSteps, x.channels);
    const padded = this.tensor(1, x.timeSteps + 2 * reach, x.channels);
    this.zeroRows(padded, 0, reach);
    this.zeroRows(padded, reach + x.timeSteps, reach);
    for (let lead = 0; lead < x.leads; lead++) {
      this.kernels.copy(row(x, lead, 0), row(padded, 0, reach), x.timeSteps * x.channels * F32);
      forEachStretch(x.timeSteps, (start, steps) => {
        const to = row(output, lead, start);
        const shape = { rows: steps, inner: EMBEDDING_KERNEL * x.channels, columns: x.channels, inputStride: x.channels };
        this.product(name, row(padded, 0, start), to, shape);
        this.kernels.f32_relu(to, steps * x.channels);
      });
    }
    this.release(padded);
    return output;
  }

  /** BatchNorm `ln1`, then query, key and value: depthwise convolution (BatchNorm folded) -> pointwise, at the block's rate. */
  project(name: string, x: Tensor, stride: number): Projections {
    const reach = Math.floor(PROJECTION_KERNEL / 2);
    const timeSteps = convolvedSteps(x.timeSteps, PROJECTION_KERNEL, stride, reach);
    const [query, key, value] = [0, 1, 2].map(() => this.tensor(x.leads, timeSteps, x.channels)) as [Tensor, Tensor, Tensor];
    // The convolution pads the normalised values with zeros, so ln1 cannot be folded into it at the borders.
    const normed = this.tensor(1, x.timeSteps + 2 * reach, x.channels);
    const tile = this.tensor(1, TILE_STEPS, x.channels);
    this.zeroRows(normed, 0, reach);
    this.zeroRows(normed, reach + x.timeSteps, reach);
    for (let lead = 0; lead < x.leads; lead++) {
      const [scale, shift] = [this.packed.address(`${name}.ln1.weight`), this.packed.address(`${name}.ln1.bias`)];
      this.kernels.f32_affine(row(x, lead, 0), scale, shift, row(normed, 0, reach), x.timeSteps, x.channels);
      for (const [role, output] of [['query', query] as const, ['key', key] as const, ['value', value] as const]) {
        forEachStretch(timeSteps, (start, steps) => {
          const shape = { x: normed, channels: x.channels, kernelSize: PROJECTION_KERNEL, stride, pad: 0, start, steps };
          this.depthwise(`${name}.attn.${role}_conv`, normed.pointer, tile.pointer, shape);
          const product = {
            rows: steps,
            inner: x.channels,
            columns: x.channels,
            lead: this.config.leadProjection === 'perLead' ? lead : 0,
          };
          this.product(`${name}.attn.${role}`, tile.pointer, row(output, lead, start), product);
        });
      }
    }
    this.release(tile);
    this.release(normed);
    return { query, key, value };
  }

  /** Local lead-attention. The result overwrites the query; window -1 attends to all time steps. */
  attend({ query, key, value }: Projections, window: number): Tensor {
    const { leads, timeSteps, channels } = query;
    const headChannels = channels / this.config.heads;
    const reach = window < 0 ? timeSteps : Math.floor(window / 2);
    const weights = this.tensor(1, 1, Math.min(2 * reach + 1, timeSteps));
    const tokens = this.tensor(leads, 2 * Math.min(TILE_STEPS + 2 * reach, timeSteps) + 1, headChannels);
    const scale = 1 / Math.sqrt(headChannels);
    const published = this.config.headOrder === 'published' ? 1 : 0;
    forEachStretch(timeSteps, (start, steps) => {
      this.kernels.f32_local_attention(
        query.pointer,
        key.pointer,
        value.pointer,
        query.pointer,
        weights.pointer,
        tokens.pointer,
        leads,
        timeSteps,
        channels,
        headChannels,
        reach,
        start,
        steps,
        scale,
        published,
      );
    });
    this.macs += 2 * timeSteps * Math.min(2 * reach + 1, timeSteps) * leads * channels;
    this.release(tokens);
    this.release(weights);
    return query;
  }

  /** x[L][T][C] += values times the output projection. */
  addProjected(name: string, values: Tensor, x: Tensor): void {
    forEachTile(values, (lead, start, steps) => {
      const to = row(x, lead, start);
      this.product(name, row(values, lead, start), to, { rows: steps, inner: values.channels, columns: x.channels, add: to });
    });
  }

  /** x[L][T][C] += mlp(x), in tiles: BatchNorm `ln2` (folded) and D -> hidden, GELU, hidden -> D. */
  addMlp(name: string, x: Tensor, hidden: number): void {
    const tile = this.tensor(1, TILE_STEPS, hidden);
    forEachTile(x, (lead, start, steps) => {
      const at = row(x, lead, start);
      this.product(`${name}.mlp.0`, at, tile.pointer, { rows: steps, inner: x.channels, columns: hidden });
      this.kernels.f32_gelu(tile.pointer, steps * hidden);
      this.product(`${name}.mlp.3`, tile.pointer, at, { rows: steps, inner: hidden, columns: x.channels, add: at });
    });
    this.release(tile);
  }

  /** Max-pool of kernel 3, stride 2, padding 1. */
  maxPool(x: Tensor): Tensor {
    const output = this.tensor(x.leads, Math.ceil(x.timeSteps / 2), x.channels);
    for (let lead = 0; lead < x.leads; lead++) this.kernels.f32_max_pool1d(row(x, lead, 0), row(output, lead, 0), x.timeSteps, x.channels);
    return output;
  }

  /** f32[L][T][C] -> f32[C][L*T]: per channel the values in the order lead * T + time. */
  transpose(x: Tensor): Tensor {
    const output = this.tensor(1, x.channels, x.leads * x.timeSteps);
    this.kernels.f32_transpose(x.pointer, output.pointer, x.leads * x.timeSteps, x.channels);
    return output;
  }

  /** In place. */
  relu(x: Tensor): void {
    this.kernels.f32_relu(x.pointer, x.leads * x.timeSteps * x.channels);
  }

  /** In place. */
  leakyRelu(x: Tensor): void {
    this.kernels.f32_leaky_relu(x.pointer, x.leads * x.timeSteps * x.channels);
  }

  private depthwise(
    name: string,
    input: number,
    output: number,
    shape: { x: Tensor; channels: number; kernelSize: number; stride: number; pad: number; start: number; steps: number },
  ): void {
    const { x, channels, kernelSize, stride, pad, start, steps } = shape;
    const [weights, bias] = [this.packed.address(`${name}.weight`), this.packed.address(`${name}.bias`)];
    this.kernels.f32_dwconv1d(input, weights, bias, output, x.timeSteps, x.channels, channels, kernelSize, start, steps, stride, pad);
    this.macs += steps * channels * kernelSize;
  }

  protected product(name: string, input: number, output: number, shape: Product): void {
    const { rows, inner, columns, inputStride = inner, add = 0, lead = 0 } = shape;
    const weights = this.packed.address(`${name}.weight`) + lead * Math.ceil(columns / PANEL) * PANEL * inner * F32;
    const bias = this.packed.address(`${name}.bias`) + lead * columns * F32;
    this.kernels.f32_gemm(input, weights, bias, add, output, rows, inner, columns, inputStride, columns);
    this.macs += rows * inner * columns;
  }

  private zeroRows(x: Tensor, start: number, steps: number): void {
    this.kernels.zero(row(x, 0, start), steps * x.channels * F32);
  }
}

/** Address of time step `step` of a lead. */
function row({ pointer, timeSteps, channels }: Tensor, lead: number, step: number): number {
  return pointer + (lead * timeSteps + step) * channels * F32;
}

function forEachTile({ leads, timeSteps }: Tensor, run: (lead: number, start: number, steps: number) => void): void {
  for (let lead = 0; lead < leads; lead++) forEachStretch(timeSteps, (start, steps) => run(lead, start, steps));
}

function forEachStretch(timeSteps: number, run: (start: number, steps: number) => void): void {
  for (let start = 0; start < timeSteps; start += TILE_STEPS) run(start, Math.min(TILE_STEPS, timeSteps - start));
}
