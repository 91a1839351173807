// Other networks of the family than the presets: each loads and runs, with the same bits on both binaries.

import { describe, expect, it } from 'vitest';
import { loadModel, type NetworkConfig } from '../../src/index.js';
import { simulate } from '../../src/simulate.js';
import { countParameters, expectedTensors } from '../../src/weights.js';
import { testConfig, testInput, testWeightFile } from '../test-network.js';
import { bitsOf, TINY } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const codes = (count: number) => Array.from({ length: count }, (_, index) => `class-${index}`);

const NETWORKS: [string, Partial<NetworkConfig>, number][] = [
  ['8 leads', { leads: ['I', 'II', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] }, 26],
  ['1 lead', { leads: ['II'] }, 26],
  ['2 leads in an order of their own', { leads: ['V6', 'I'] }, 26],
  ['1 class', {}, 1],
  ['5 classes', {}, 5],
  ['8 classes', {}, 8],
  ['71 classes', {}, 71],
  ['a matrix for each lead', { leadProjection: 'perLead' }, 26],
  ['the straight head order', { headOrder: 'leads' }, 26],
  ['both', { leadProjection: 'perLead', headOrder: 'leads' }, 26],
  ['3 leads, a matrix for each', { leads: ['I', 'II', 'V2'], leadProjection: 'perLead' }, 26],
  ['windows of 1', { windows: [1, 1, 1] }, 26],
  ['global windows', { windows: [-1, -1, -1] }, 26],
  ['windows beyond the signal', { windows: [99, 32_767, 7] }, 26],
  ['no strided blocks', { stridedBlocks: 0, windows: [5] }, 26],
  ['no full-rate blocks', { fullRateBlocks: 0, windows: [3, -1] }, 26],
  ['no blocks', { fullRateBlocks: 0, stridedBlocks: 0, windows: [] }, 26],
  ['strided down to one step and on', { resizeTo: 3, stridedBlocks: 4, windows: [5, 3, -1, 1, -1] }, 26],
  ['one time step', { resizeTo: 1 }, 26],
  ['an odd number of time steps', { resizeTo: 67 }, 26],
  ['one head', { heads: 1 }, 26],
  ['dim 4, one head', { dim: 4, heads: 1 }, 26],
  ['dim 12, 3 heads', { dim: 12, heads: 3 }, 26],
  ['dim 20, one head', { dim: 20, heads: 1 }, 26],
  ['mlp ratio 1', { mlpRatio: 1 }, 26],
  ['mlp ratio 3', { mlpRatio: 3 }, 26],
  ['a stem of one channel', { stem: [[1, 1, 2, 2]] }, 26],
  [
    'a stem of 3 and 9 channels',
    {
      stem: [
        [1, 3, 2, 1],
        [3, 9, 3, 0],
      ],
    },
    26,
  ],
  ['a stem without stride', { stem: [[1, 5, 1, 1]] }, 26],
  ['a stem of stride 8', { stem: [[1, 4, 8, 1]] }, 26],
  ['the shortest window', { windowSamples: 32, stem: [[1, 4, 2, 1]] }, 26],
  ['500 Hz', { fs: 500, windowSamples: 1000 }, 26],
];

describe.each(NETWORKS)('%s', (_, changes, classCount) => {
  const config: NetworkConfig = { ...TINY, ...changes };
  const file = testWeightFile(config, codes(classCount));

  it('runs, with the same bits on both binaries', async () => {
    const [simd, scalar] = await Promise.all(VARIANTS.map((variant) => loadModel(file, { variant })));
    const x = testInput(config);
    const logits = simd!.forward(x);
    expect(logits).toHaveLength(classCount);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(logits.some((logit) => logit !== 0)).toBe(true);
    expect(bitsOf(simd!.forward(x))).toEqual(bitsOf(logits));
    expect(bitsOf(scalar!.forward(x))).toEqual(bitsOf(logits));
    expect(bitsOf(simd!.forward(x.map((value) => -value)))).not.toEqual(bitsOf(logits));
  });

  it('classifies', async () => {
    const model = await loadModel(file);
    const record = simulate({ fs: 250, seconds: 6 });
    const result = model.classify(record);
    expect(result.findings).toHaveLength(classCount);
    expect(result.leads).toEqual(config.leads);
    expect(result.leadsIgnored).toEqual(record.sigName.filter((lead) => !config.leads.includes(lead)));
    expect(await model.classifyAsync(record)).toEqual(result);
  });
});

describe('presets', () => {
  // Figures of docs/network.md.
  it.each([
    ['published', 2_404_251, 13.8e9],
    ['compact', 1_803_675, 1.9e9],
    ['edge', 320_091, 0.31e9],
  ] as const)('%s has %d parameters', async (preset, parameters, macs) => {
    const config = testConfig(preset);
    expect(countParameters(expectedTensors(config, 26))).toBe(parameters);
    const { planNetwork } = await import('../../src/engine.js');
    const plan = planNetwork(config, 26);
    expect(Math.abs(plan.macs / macs - 1)).toBeLessThan(0.03);
    expect(plan.layers.at(-1)).toMatchObject({ name: 'linear2', shape: [26] });
  });
});
