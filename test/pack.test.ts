// Packing is checked on a small network: every packed layer gives the result that the checkpoint's layers give one after the other in f64.

import { describe, expect, it } from 'vitest';
import type { NetworkConfig } from '../src/config.js';
import { packF32, packPanels } from '../src/pack.js';
import { difference, random, range } from './kernels/harness.js';
import { testConfig, testTensors } from './test-network.js';

const CONFIG: NetworkConfig = testConfig('edge', {
  preset: 'small',
  windowSamples: 100,
  leads: ['I', 'II', 'V2'],
  // 3 and 12 columns do not fill their panels.
  stem: [
    [1, 3, 2, 1],
    [3, 6, 1, 0],
  ],
  resizeTo: 9,
  dim: 12,
  heads: 3,
  fullRateBlocks: 1,
  stridedBlocks: 1,
  windows: [3, -1],
});
const EPSILON = 1e-5;
// One rounding to f32 of every folded value.
const TOLERANCE = 3e-7;

const tensors = testTensors(CONFIG);
const packed = packF32(CONFIG, tensors);

/** BatchNorm of one value in f64, by its definition. */
function batchNorm(name: string, x: number, channel: number): number {
  const [weight, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (part) => tensors.get(`${name}.${part}`)![channel]!,
  );
  return ((x - mean!) / Math.sqrt(variance! + EPSILON)) * weight! + bias!;
}

/** f64[columns]: a product with weights [columns][inner] as they stand in the checkpoint. */
function linear(weight: Float32Array, bias: Float32Array, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(bias, (start, n) => {
    let sum = start;
    for (let k = 0; k < x.length; k++) sum += weight[n * x.length + k]! * x[k]!;
    return sum;
  });
}

/** f64[columns]: a product with packed panels. */
function packedLinear(panels: Float32Array, bias: Float32Array, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(bias, (start, n) => {
    let sum = start;
    for (let k = 0; k < x.length; k++) sum += panels[Math.floor(n / 8) * 8 * x.length + k * 8 + (n % 8)]! * x[k]!;
    return sum;
  });
}

describe('packPanels', () => {
  it('lays panels of 8 columns one after the other, inner index by inner index, the last one padded with zeros', () => {
    const panels = packPanels(10, 3, (n, k) => 100 * (n + 1) + k);
    const panel = (columns: number[]) =>
      [0, 1, 2].flatMap((k) => [...columns.map((n) => 100 * (n + 1) + k), ...new Array(8 - columns.length).fill(0)]);
    expect(Array.from(panels)).toEqual([...panel(range(0, 7)), ...panel([8, 9])]);
  });

  it.each([
    [1, 1, 8],
    [7, 2, 16],
    [8, 2, 16],
    [9, 2, 32],
    [16, 5, 80],
  ])('%i columns of %i values take %i', (columns, inner, length) => {
    expect(packPanels(columns, inner, () => 1).length).toBe(length);
  });
});

describe('packF32', () => {
  it('packs every layer of the network, and nothing twice', () => {
    const separable = (name: string) => ['depth_wise_conv', 'point_wise'].map((part) => `${name}.${part}`);
    const block = (name: string) =>
      ['attn.query_conv', 'attn.query', 'attn.key_conv', 'attn.key', 'attn.value_conv', 'attn.value', 'attn.proj', 'mlp.0', 'mlp.3'].map(
        (part) => `${name}.${part}`,
      );
    const layers = [
      ...['blocks.0.p0', 'blocks.0.p01', 'blocks.0.p1.0', 'blocks.1.p0', 'blocks.1.p01'].flatMap(separable),
      ...['blocks.2', 'transformer.embd.0', 'transformer.embd.1'],
      ...['transformer.stem.0', 'transformer.branch.0'].flatMap(block),
      ...['linearN.0', 'linearN.2', 'linear1', 'linear2'],
    ].flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    const affine = ['transformer.stem.0.ln1', 'transformer.branch.0.ln1'].flatMap((name) => [`${name}.weight`, `${name}.bias`]);
    expect([...packed.keys()].sort()).toEqual([...layers, ...affine].sort());
    expect([...packed.values()].every((values) => values.every(Number.isFinite))).toBe(true);
  });

  it.each(['blocks.0.p0', 'blocks.0.p1.0', 'blocks.1.p01'])(
    '%s: depthwise weights by tap, BatchNorm folded into the pointwise after it',
    (name) => {
      const weight = tensors.get(`${name}.depth_wise_conv.weight`)!;
      const channels = tensors.get(`${name}.depth_wise_conv.bias`)!.length;
      const byTap = weight.map((_, i) => weight[(i % channels) * 9 + Math.floor(i / channels)]!);
      expect(packed.get(`${name}.depth_wise_conv.weight`)).toEqual(byTap);
      expect(packed.get(`${name}.depth_wise_conv.bias`)).toEqual(tensors.get(`${name}.depth_wise_conv.bias`));

      const x = random(channels, 5);
      const normed = Float64Array.from(x, (value, channel) => batchNorm(`${name}.batch_norm`, value, channel));
      const direct = linear(tensors.get(`${name}.point_wise.weight`)!, tensors.get(`${name}.point_wise.bias`)!, normed);
      const folded = packedLinear(packed.get(`${name}.point_wise.weight`)!, packed.get(`${name}.point_wise.bias`)!, x);
      expect(difference(folded, direct, TOLERANCE)).toBeUndefined();
    },
  );

  it.each([0, 1])('embedding %i: BatchNorm folded into the convolution before it, rows by tap and input channel', (layer) => {
    const weight = tensors.get(`transformer.embd.${layer}.weight`)!;
    const x = random(5 * CONFIG.dim, 6); // [tap][channel], as five time steps lie in memory
    const direct = Float64Array.from({ length: CONFIG.dim }, (_, n) => {
      let sum = 0;
      for (let channel = 0; channel < CONFIG.dim; channel++) {
        for (let tap = 0; tap < 5; tap++) sum += weight[(n * CONFIG.dim + channel) * 5 + tap]! * x[tap * CONFIG.dim + channel]!;
      }
      return batchNorm(`transformer.embd_norm.${layer}`, sum, n);
    });
    const folded = packedLinear(packed.get(`transformer.embd.${layer}.weight`)!, packed.get(`transformer.embd.${layer}.bias`)!, x);
    expect(difference(folded, direct, TOLERANCE)).toBeUndefined();
  });

  describe.each(['transformer.stem.0', 'transformer.branch.0'])('%s', (name) => {
    it('ln1 stays a scale and a shift', () => {
      const x = random(CONFIG.dim, 7);
      const direct = Float64Array.from(x, (value, channel) => batchNorm(`${name}.ln1`, value, channel));
      const [scale, shift] = [packed.get(`${name}.ln1.weight`)!, packed.get(`${name}.ln1.bias`)!];
      const affine = Float64Array.from(x, (value, channel) => value * scale[channel]! + shift[channel]!);
      expect(difference(affine, direct, TOLERANCE)).toBeUndefined();
    });

    it.each(['query', 'key', 'value'])(
      '%s: of BatchNorm, the scale in the convolution before it, the shift in the product after it',
      (role) => {
        const x = random(3 * CONFIG.dim, 8);
        const weight = tensors.get(`${name}.attn.${role}_conv.weight`)!;
        const taps = packed.get(`${name}.attn.${role}_conv.weight`)!;
        const channels = range(0, CONFIG.dim - 1);
        const convolve = (element: (tap: number, channel: number) => number) =>
          channels.map((channel) => [0, 1, 2].reduce((sum, tap) => sum + element(tap, channel) * x[tap * CONFIG.dim + channel]!, 0));
        const normed = convolve((tap, channel) => weight[channel * 3 + tap]!).map((value, channel) =>
          batchNorm(`${name}.attn.${role}_norm`, value, channel),
        );
        const direct = linear(tensors.get(`${name}.attn.${role}.weight`)!, tensors.get(`${name}.attn.${role}.bias`)!, normed);
        const scaled = convolve((tap, channel) => taps[tap * CONFIG.dim + channel]!);
        const folded = packedLinear(packed.get(`${name}.attn.${role}.weight`)!, packed.get(`${name}.attn.${role}.bias`)!, scaled);
        expect(difference(folded, direct, TOLERANCE)).toBeUndefined();
        expect(packed.get(`${name}.attn.${role}_conv.bias`)).toEqual(new Float32Array(CONFIG.dim));
      },
    );

    it('mlp.0: ln2 folded into the product after it', () => {
      const x = random(CONFIG.dim, 9);
      const normed = Float64Array.from(x, (value, channel) => batchNorm(`${name}.ln2`, value, channel));
      const direct = linear(tensors.get(`${name}.mlp.0.weight`)!, tensors.get(`${name}.mlp.0.bias`)!, normed);
      const folded = packedLinear(packed.get(`${name}.mlp.0.weight`)!, packed.get(`${name}.mlp.0.bias`)!, x);
      expect(difference(folded, direct, TOLERANCE)).toBeUndefined();
    });

    it.each(['attn.proj', 'mlp.3'])('%s has nothing to fold', (part) => {
      const [weight, bias] = [tensors.get(`${name}.${part}.weight`)!, tensors.get(`${name}.${part}.bias`)!];
      const inner = weight.length / bias.length;
      expect(packed.get(`${name}.${part}.weight`)).toEqual(packPanels(bias.length, inner, (n, k) => weight[n * inner + k]!));
      expect(packed.get(`${name}.${part}.bias`)).toEqual(bias);
    });
  });

  it('leadProjection "perLead": the panels and biases of one lead after those of the other', () => {
    const config = { ...CONFIG, leadProjection: 'perLead' } as const;
    const checkpoint = testTensors(config);
    const perLead = packF32(config, checkpoint);
    const size = 16 * CONFIG.dim;
    for (const name of ['query', 'key', 'value'].map((role) => `transformer.stem.0.attn.${role}`)) {
      const [weight, bias] = [checkpoint.get(`${name}.weight`)!, checkpoint.get(`${name}.bias`)!];
      expect(perLead.get(`${name}.weight`)!.length).toBe(CONFIG.leads.length * size);
      CONFIG.leads.forEach((lead, index) => {
        const x = random(CONFIG.dim, 10 + index);
        const [first, from] = [index * CONFIG.dim ** 2, index * CONFIG.dim];
        const biasOfLead = bias.subarray(from, from + CONFIG.dim);
        const shift = range(0, CONFIG.dim - 1).map((channel) => {
          const norm = (part: string) => checkpoint.get(`${name}_norm.${part}`)![channel]!;
          return norm('bias') - (norm('weight') * norm('running_mean')) / Math.sqrt(norm('running_var') + EPSILON);
        });
        const shifted = x.map((value, channel) => value + shift[channel]!);
        const direct = linear(weight.subarray(first, first + CONFIG.dim ** 2), biasOfLead, shifted);
        const panels = perLead.get(`${name}.weight`)!.subarray(index * size, (index + 1) * size);
        const fromPacked = packedLinear(panels, perLead.get(`${name}.bias`)!.subarray(from, from + CONFIG.dim), x);
        expect(difference(fromPacked, direct, TOLERANCE), `${name}, lead ${lead}`).toBeUndefined();
      });
    }
  });

  it('names a tensor that is missing', () => {
    const incomplete = new Map(tensors);
    incomplete.delete('transformer.stem.0.ln2.running_var');
    expect(() => packF32(CONFIG, incomplete)).toThrow(new RangeError('no tensor transformer.stem.0.ln2.running_var'));
  });
});
