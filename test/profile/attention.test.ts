// Attention weights: what they are by the formula, and that the kernel's output is the values mixed by them.

import { describe, expect, it } from 'vitest';
import { type Activation, attentionWeights } from '../../src/profile/index.js';
import { testInput } from '../test-network.js';
import { loadTiny, TINY } from '../tiny-network.js';
import { KernelBench, VARIANTS } from '../variants.js';

const BLOCKS = ['transformer.stem.0', 'transformer.branch.0', 'transformer.branch.1'];
const [LEADS, CHANNELS, HEADS] = [12, 8, 2];
const PER_HEAD = CHANNELS / HEADS;

describe.each(VARIANTS)('attention weights (%s)', async (variant) => {
  const model = await loadTiny(variant);
  const x = testInput(TINY);
  const layers = new Map<string, Activation>();
  model.forward(x, { onActivation: (name, shape, values) => void layers.set(name, { shape, values }) });
  const blocks = attentionWeights(model.config, layers);

  it('come from every block', () => {
    expect(blocks.map(({ block, shape }) => [block, ...shape])).toEqual([
      ['transformer.stem.0', HEADS, 24, 5],
      ['transformer.branch.0', HEADS, 12, 3],
      ['transformer.branch.1', HEADS, 6, 6],
    ]);
  });

  it('are shares of one, and nothing beyond the ends', () => {
    for (const { shape, values } of blocks) {
      const [heads, timeSteps, offsets] = shape;
      for (let row = 0; row < heads * timeSteps; row++) {
        const weights = values.subarray(row * offsets, (row + 1) * offsets);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
        expect(weights.every((weight) => weight >= 0 && weight < 1)).toBe(true);
      }
      if (offsets === timeSteps) continue;
      const reach = (offsets - 1) / 2;
      expect(values.subarray(0, reach).every((weight) => weight === 0)).toBe(true);
      expect(values.subarray(values.length - reach).every((weight) => weight === 0)).toBe(true);
    }
    expect(new Set(blocks.flatMap(({ values }) => [...values])).size).toBeGreaterThan(100);
  });

  it('are finite however far scores are apart', () => {
    const loud = new Map(Array.from(layers, ([name, { shape, values }]) => [name, { shape, values: values.map((value) => value * 1e4) }]));
    for (const { values } of attentionWeights(model.config, loud)) expect(values.every((weight) => weight >= 0 && weight <= 1)).toBe(true);
  });

  it.each(BLOCKS)('of %s mix the values as the kernel does', (block) => {
    const { shape, values: weights } = blocks.find((entry) => entry.block === block)!;
    const [, timeSteps, offsets] = shape;
    const isGlobal = offsets === timeSteps;
    const reach = isGlobal ? timeSteps : (offsets - 1) / 2;
    const [query, key, value] = ['query', 'key', 'value'].map((name) => layers.get(`${block}.attn.${name}`)!.values) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const bench = new KernelBench(variant);
    const output = bench.put(new Float32Array(query.length));
    const scratch = [
      bench.put(new Float32Array(2 * (Math.min(timeSteps, 2 * reach + 2) + 8))),
      bench.put(new Float32Array((2 * timeSteps + 2) * LEADS * PER_HEAD)),
    ] as const;
    const pointers = [bench.put(query), bench.put(key), bench.put(value)] as const;
    const scale = Math.fround(1 / Math.sqrt(PER_HEAD));
    bench.kernels.f32_local_attention(...pointers, output, ...scratch, LEADS, timeSteps, CHANNELS, PER_HEAD, reach, 0, timeSteps, scale, 0);
    const mixed = Float32Array.from(query, (_, at) => {
      const [channel, t, lead] = [at % CHANNELS, Math.floor(at / CHANNELS) % timeSteps, Math.floor(at / CHANNELS / timeSteps)];
      const row = (Math.floor(channel / PER_HEAD) * timeSteps + t) * offsets;
      let sum = 0;
      for (let n = 0; n < offsets; n++) {
        const u = isGlobal ? n : t - reach + n;
        if (u >= 0 && u < timeSteps) sum += weights[row + n]! * value[(lead * timeSteps + u) * CHANNELS + channel]!;
      }
      return sum;
    });
    const kernel = bench.f32(output, query.length);
    for (const [at, expected] of mixed.entries()) expect(Math.abs(kernel[at]! - expected)).toBeLessThan(1e-5);
  });
});
