// L leads, T time steps, C channels. Activations are f32[L][T][C].

import type { Arena } from './arena.js';
import { convolvedSteps, EMBEDDING_KERNEL, type NetworkConfig, PROJECTION_KERNEL, STEM_KERNEL } from './config.js';
import { attended, common, convolved, noRepeats, resized } from './constant.js';
import type { KernelExports } from './kernel-exports.js';
import { PANEL } from './pack.js';
import type { Call, PackedWeights, Product, ProductShape } from './product.js';
import type { Tensor } from './tensor.js';
import { forEachStretch, row, TILE_STEPS, Tiles } from './tiles.js';

const F32 = 4;

export interface Projections {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/** A depthwise convolution that is ready to run. */
interface Depthwise {
  readonly weights: number;
  readonly bias: number;
  readonly inputChannels: number;
  readonly channels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly pad: number;
}

/**
 * The network's building blocks on f32 kernels. Each method takes tensors, allocates its result in the arena, and releases nothing
 * but its own scratch: lifetimes are the network's business. What repeats in a tensor is computed once (constant.ts).
 * `macs` counts multiply-accumulates.
 */
export class F32Operations {
  macs = 0;
  /** Activations that left the range of an integer type; there is none here. */
  saturated = 0;
  /** Activations that were larger than any that calibration saw at their place, saturated ones too. */
  beyondCalibration = 0;

  private readonly tiles: Tiles;

  constructor(
    protected readonly config: NetworkConfig,
    protected readonly kernels: KernelExports,
    protected readonly arena: Arena,
    protected readonly packed: PackedWeights,
  ) {
    this.tiles = new Tiles(kernels);
  }

  tensor(leads: number, timeSteps: number, channels: number, repeats = noRepeats(leads)): Tensor {
    return { pointer: this.arena.allocate(leads * timeSteps * channels * F32), leads, timeSteps, channels, repeats };
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
    const steps = convolvedSteps(x.timeSteps, STEM_KERNEL, stride, pad);
    const repeats = convolved(x.repeats, { kernelSize: STEM_KERNEL, stride, pad });
    const output = this.tensor(x.leads, steps, channels, residual ? common(repeats, residual.repeats) : repeats);
    this.tiles.need(x, output, { stride, before: pad, after: STEM_KERNEL - 1 - pad });
    if (residual) this.tiles.need(residual, output);
    const tile = this.scratch(TILE_STEPS * channels);
    const convolution = this.depthwise(`${name}.depth_wise_conv`, {
      inputChannels: x.channels,
      channels,
      kernelSize: STEM_KERNEL,
      stride,
      pad,
    });
    const product = this.prepare(`${name}.point_wise`, { rows: TILE_STEPS, inner: channels, columns: channels, activation: 'leaky' });
    this.tiles.forEach(output, (lead, start, rows) => {
      this.convolve(convolution, row(x, lead, 0), tile, { timeSteps: x.timeSteps, start, steps: rows });
      this.multiply(product, tile, row(output, lead, start), { rows, add: residual ? row(residual, lead, start) : 0 });
    });
    this.macs += x.leads * steps * channels * (STEM_KERNEL + channels);
    this.finish(product);
    this.arena.release(tile);
    return output;
  }

  /** f32[L][T][in] -> f32[L][T][channels]. */
  pointwise(name: string, x: Tensor, channels: number): Tensor {
    const output = this.tensor(x.leads, x.timeSteps, channels, x.repeats);
    const product = this.prepare(name, { rows: TILE_STEPS, inner: x.channels, columns: channels });
    this.tiles.forEach(output, (lead, start, rows) => this.multiply(product, row(x, lead, start), row(output, lead, start), { rows }));
    this.macs += x.leads * x.timeSteps * x.channels * channels;
    this.finish(product);
    return output;
  }

  /** Linear interpolation along time. */
  resize(x: Tensor, timeSteps: number): Tensor {
    const output = this.tensor(x.leads, timeSteps, x.channels, resized(x.repeats, x.timeSteps, timeSteps));
    const ratio = x.timeSteps / timeSteps;
    this.tiles.need(x, output, { stride: ratio, before: ratio + 2, after: ratio + 2 });
    this.tiles.forEach(output, (lead, start, steps) => {
      this.kernels.f32_resize_linear1d(row(x, lead, 0), row(output, lead, start), x.timeSteps, timeSteps, x.channels, start, steps);
    });
    return output;
  }

  /** Convolution over time and channels, "same" padding (BatchNorm folded) -> ReLU. Its rows overlap in memory: one product does it. */
  embedding(name: string, x: Tensor): Tensor {
    const reach = Math.floor(EMBEDDING_KERNEL / 2);
    const repeats = convolved(x.repeats, { kernelSize: EMBEDDING_KERNEL, stride: 1, pad: reach });
    const output = this.tensor(x.leads, x.timeSteps, x.channels, repeats);
    this.tiles.need(x, output, { before: reach, after: reach });
    const tile = this.tensor(1, TILE_STEPS + 2 * reach, x.channels);
    const inner = EMBEDDING_KERNEL * x.channels;
    const product = this.prepare(name, { rows: TILE_STEPS, inner, columns: x.channels, inputStride: x.channels });
    this.tiles.forEach(output, (lead, start, rows) => {
      const to = row(output, lead, start);
      this.copyPadded(x, lead, tile, { start: start - reach, steps: rows + 2 * reach });
      this.multiply(product, tile.pointer, to, { rows });
      this.kernels.f32_relu(to, rows * x.channels);
    });
    this.macs += x.leads * x.timeSteps * inner * x.channels;
    this.finish(product);
    this.release(tile);
    return output;
  }

  /** BatchNorm `ln1`, then query, key and value: depthwise convolution (BatchNorm folded) -> pointwise, at the block's rate. */
  project(name: string, x: Tensor, stride: number): Projections {
    const { channels } = x;
    const reach = Math.floor(PROJECTION_KERNEL / 2);
    const timeSteps = convolvedSteps(x.timeSteps, PROJECTION_KERNEL, stride, reach);
    const perLead = this.config.leadProjection === 'perLead';
    const repeats = convolved(x.repeats, { kernelSize: PROJECTION_KERNEL, stride, pad: reach });
    if (perLead) Object.assign(repeats, { twin: noRepeats(x.leads).twin });
    const [query, key, value] = [0, 1, 2].map(() => this.tensor(x.leads, timeSteps, channels, repeats)) as [Tensor, Tensor, Tensor];
    this.tiles.need(x, query, { stride, before: reach, after: reach });
    // The convolution pads the normalised values with zeros, so ln1 cannot be folded into it at the borders.
    const normed = this.tensor(1, (TILE_STEPS - 1) * stride + PROJECTION_KERNEL, channels);
    const tile = this.scratch(TILE_STEPS * channels);
    const roles = [['query', query] as const, ['key', key] as const, ['value', value] as const].map(([role, output]) => ({
      output,
      convolution: this.depthwise(`${name}.attn.${role}_conv`, {
        inputChannels: channels,
        channels,
        kernelSize: PROJECTION_KERNEL,
        stride,
        pad: 0,
      }),
      product: this.prepare(`${name}.attn.${role}`, { rows: TILE_STEPS, inner: channels, columns: channels }),
    }));
    const norm = { scale: this.packed.address(`${name}.ln1.weight`), shift: this.packed.address(`${name}.ln1.bias`) };
    this.tiles.forEach(query, (lead, start, rows) => {
      const steps = (rows - 1) * stride + PROJECTION_KERNEL;
      this.copyPadded(x, lead, normed, { start: start * stride - reach, steps, norm });
      for (const { output, convolution, product } of roles) {
        this.convolve(convolution, normed.pointer, tile, { timeSteps: steps, start: 0, steps: rows });
        this.multiply(product, tile, row(output, lead, start), { rows, lead: perLead ? lead : 0 });
      }
    });
    for (const { output, product } of roles) {
      if (output !== query) this.tiles.repeat(output);
      this.finish(product);
    }
    this.macs += 3 * x.leads * timeSteps * channels * (PROJECTION_KERNEL + channels);
    this.arena.release(tile);
    this.release(normed);
    return { query, key, value };
  }

  /** Local lead-attention. The result overwrites the query; window -1 attends to all time steps. */
  attend({ query, key, value }: Projections, window: number): Tensor {
    const { leads, timeSteps, channels } = query;
    const headChannels = channels / this.config.heads;
    const reach = window < 0 ? timeSteps : Math.floor(window / 2);
    const output = { ...query, repeats: attended(query.repeats, reach) };
    for (const x of [query, key, value]) this.tiles.need(x, output, { before: reach, after: reach });
    const weights = this.scratch(2 * (Math.min(2 * reach + 2, timeSteps) + 8));
    const tokens = this.scratch(leads * headChannels * (2 * Math.min(TILE_STEPS + 2 * reach, timeSteps) + 2));
    const scale = 1 / Math.sqrt(headChannels);
    const published = this.config.headOrder === 'published' ? 1 : 0;
    // All leads at once: their stretches are the same.
    forEachStretch(output, 0, (start, steps) => {
      this.kernels.f32_local_attention(
        query.pointer,
        key.pointer,
        value.pointer,
        query.pointer,
        weights,
        tokens,
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
    this.tiles.repeat(output);
    this.macs += 2 * timeSteps * Math.min(2 * reach + 1, timeSteps) * leads * channels;
    this.arena.release(tokens);
    this.arena.release(weights);
    return output;
  }

  /** x[L][T][C] += values times the output projection. Returns x, which has fewer repeats then. */
  addProjected(name: string, values: Tensor, x: Tensor): Tensor {
    const sum = { ...x, repeats: common(values.repeats, x.repeats) };
    for (const term of [x, values]) this.tiles.need(term, sum);
    const product = this.prepare(name, { rows: TILE_STEPS, inner: values.channels, columns: x.channels });
    this.tiles.forEach(sum, (lead, start, rows) => {
      const to = row(x, lead, start);
      this.multiply(product, row(values, lead, start), to, { rows, add: to });
    });
    this.macs += x.leads * x.timeSteps * values.channels * x.channels;
    this.finish(product);
    return sum;
  }

  /** x[L][T][C] += mlp(x), in tiles: BatchNorm `ln2` (folded) and D -> hidden, GELU, hidden -> D. */
  addMlp(name: string, x: Tensor, hidden: number): void {
    const tile = this.scratch(TILE_STEPS * hidden);
    const first = this.prepare(`${name}.mlp.0`, { rows: TILE_STEPS, inner: x.channels, columns: hidden });
    const second = this.prepare(`${name}.mlp.3`, { rows: TILE_STEPS, inner: hidden, columns: x.channels, activation: 'gelu' });
    this.tiles.forEach(x, (lead, start, rows) => {
      const at = row(x, lead, start);
      this.multiply(first, at, tile, { rows });
      this.multiply(second, tile, at, { rows, add: at });
    });
    this.macs += 2 * x.leads * x.timeSteps * x.channels * hidden;
    this.finish(second);
    this.finish(first);
    this.arena.release(tile);
  }

  /** Max-pool of kernel 3, stride 2, padding 1. */
  maxPool(x: Tensor): Tensor {
    const repeats = convolved(x.repeats, { kernelSize: 3, stride: 2, pad: 1 });
    const output = this.tensor(x.leads, Math.ceil(x.timeSteps / 2), x.channels, repeats);
    this.tiles.need(x, output, { stride: 2, before: 1, after: 1 });
    this.tiles.forEach(output, (lead, start, steps) => {
      this.kernels.f32_max_pool1d(row(x, lead, 0), row(output, lead, start), x.timeSteps, x.channels, start, steps);
    });
    return output;
  }

  /** f32[L][T][C] -> f32[C][L*T]: per channel the values in the order lead * T + time. */
  transpose(x: Tensor): Tensor {
    this.tiles.complete(x);
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

  /** Writes what was skipped: steps within constant stretches. */
  complete(x: Tensor): void {
    this.tiles.complete(x);
  }

  protected prepare(name: string, { rows, inner, columns, inputStride = inner, activation }: ProductShape): Product {
    const weights = this.packed.address(`${name}.weight`);
    const bias = this.packed.address(`${name}.bias`);
    const matrixBytes = Math.ceil(columns / PANEL) * PANEL * inner * F32;
    return { name, rows, inner, columns, inputStride, activation, weights, bias, matrixBytes };
  }

  protected multiply(product: Product, input: number, output: number, { rows, add = 0, lead = 0 }: Call): void {
    const { inner, columns, inputStride, activation, weights, bias, matrixBytes } = product;
    if (activation === 'leaky') this.kernels.f32_leaky_relu(input, rows * inner);
    else if (activation === 'gelu') this.kernels.f32_gelu(input, rows * inner);
    const matrix = weights + lead * matrixBytes;
    this.kernels.f32_gemm(input, matrix, bias + lead * columns * F32, add, output, rows, inner, columns, inputStride, columns);
  }

  protected finish(_product: Product): void {}

  private depthwise(name: string, shape: Omit<Depthwise, 'weights' | 'bias'>): Depthwise {
    return { weights: this.packed.address(`${name}.weight`), bias: this.packed.address(`${name}.bias`), ...shape };
  }

  private convolve(convolution: Depthwise, input: number, output: number, tile: { timeSteps: number; start: number; steps: number }): void {
    const { weights, bias, inputChannels, channels, kernelSize, stride, pad } = convolution;
    const { timeSteps, start, steps } = tile;
    this.kernels.f32_dwconv1d(input, weights, bias, output, timeSteps, inputChannels, channels, kernelSize, start, steps, stride, pad);
  }

  /** Steps start … start + steps - 1 of a lead, normalised or as they are; zeros stand for those outside. */
  private copyPadded(
    x: Tensor,
    lead: number,
    output: Tensor,
    { start, steps, norm }: { start: number; steps: number; norm?: { scale: number; shift: number } },
  ): void {
    const { timeSteps, channels } = x;
    const before = Math.max(0, -start);
    const inside = Math.min(timeSteps, start + steps) - (start + before);
    if (before > 0) this.kernels.zero(output.pointer, before * channels * F32);
    const [from, to] = [row(x, lead, start + before), row(output, 0, before)];
    if (norm) this.kernels.f32_affine(from, norm.scale, norm.shift, to, inside, channels);
    else this.kernels.copy(from, to, inside * channels * F32);
    const after = steps - before - inside;
    if (after > 0) this.kernels.zero(row(output, 0, before + inside), after * channels * F32);
  }

  private scratch(count: number): number {
    return this.arena.allocate(count * F32);
  }
}
