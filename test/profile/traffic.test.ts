// Bytes and work by hand.

import { describe, expect, it } from 'vitest';
import { MARGIN, noRepeats } from '../../src/constant.js';
import { Engine } from '../../src/engine.js';
import { activationTraffic, computedShare, weightTraffic } from '../../src/profile/traffic.js';
import { builtKernels } from '../../src/wasm.js';
import { testConfig, testWeights } from '../test-network.js';

describe('activationTraffic', () => {
  const layer = (name: string, shape: number[], macs = 1) => ({ name, shape, macs });

  it('a stem block reads its shortcut again where it has one', () => {
    const layers = [
      layer('blocks.0.p0', [2, 50, 4]),
      layer('blocks.0.p01', [2, 20, 4]),
      layer('blocks.0.p1.0', [2, 22, 4]),
      layer('blocks.0', [2, 20, 4]),
      layer('blocks.1.p0', [2, 18, 8]),
      layer('blocks.1.p01', [2, 8, 8]),
      layer('blocks.1', [2, 8, 8], 0),
      layer('blocks.2', [2, 8, 6]),
      layer('resize', [2, 10, 6], 0),
      layer('transformer.embd.0', [2, 10, 6]),
    ];
    expect(activationTraffic(layers, 120)).toEqual([
      120 + 400,
      400 + 160,
      160 + 176,
      176 + 160 + 160,
      160 + 288,
      288 + 128,
      0,
      128 + 96,
      96 + 120,
      120 + 120,
    ]);
  });

  it('a transformer block reads and writes q, k, v, and adds twice; a strided one pools too; the head transposes', () => {
    const block = (name: string, steps: number) => [
      layer(`${name}.attn.query`, [2, steps, 3]),
      layer(`${name}.attn.key`, [2, steps, 3], 0),
      layer(`${name}.attn.value`, [2, steps, 3], 0),
      layer(name, [2, steps, 3]),
    ];
    const layers = [
      ...block('transformer.stem.0', 8),
      ...block('transformer.branch.0', 4),
      layer('linearN', [8]),
      layer('linear1', [5]),
      layer('linear2', [26]),
    ];
    const attention = (values: number) => 4 * values + 3 * values + 2 * values;
    expect(activationTraffic(layers, 48)).toEqual([
      48 + 3 * 48,
      0,
      0,
      attention(48),
      48 + 3 * 24,
      0,
      0,
      attention(24) + (48 + 24),
      3 * 24 + 8,
      8 + 5,
      5 + 26,
    ]);
  });
});

describe('weightTraffic', () => {
  it.each([{}, { leadProjection: 'perLead' as const }])('every packed array belongs to one layer %j', (changes) => {
    const engine = new Engine(testWeights(testConfig('compact', changes)), builtKernels('simd'));
    const packed = engine.packedBytes();
    const bytes = weightTraffic(engine.plan.layers, packed);
    expect(Array.from(bytes.keys())).toEqual(engine.plan.layers.map(({ name }) => name));
    const total = (values: Iterable<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
    expect(total(bytes.values())).toBe(total(packed.map(([, size]) => size)));
    const of = (pattern: RegExp) => total(packed.filter(([name]) => pattern.test(name)).map(([, size]) => size));
    expect(bytes.get('linear2')).toBe(of(/^linear2\./));
    expect(bytes.get('linearN')).toBe(of(/^linearN\./));
    expect(bytes.get('transformer.stem.0')).toBe(of(/^transformer\.stem\.0\.(attn\.proj|mlp)/));
    expect(bytes.get('transformer.stem.0.attn.query')).toBe(of(/^transformer\.stem\.0\.(ln1|attn\.(query|key|value))/));
    expect(bytes.get('transformer.stem.0.attn.key')).toBe(0);
    expect(bytes.get('blocks.0')).toBeGreaterThan(0);
    for (const { name, macs } of engine.plan.layers) if (macs > 0) expect(bytes.get(name), name).toBeGreaterThan(0);
  });
});

describe('computedShare', () => {
  it('all, where nothing repeats', () => expect(computedShare({ leads: 3, timeSteps: 10, repeats: noRepeats(3) })).toBe(1));

  it('one column of a constant stretch, and one of leads that are alike', () => {
    const constant = [
      { from: 0, to: 0 },
      { from: 10, to: 80 },
      { from: 0, to: 100 },
      { from: 0, to: 100 },
    ];
    expect(constant[1]!.to - constant[1]!.from).toBeGreaterThan(2 * MARGIN);
    expect(computedShare({ leads: 4, timeSteps: 100, repeats: { constant, twin: [0, 1, 2, 2] } })).toBe((100 + 31 + 1) / 400);
  });
});
