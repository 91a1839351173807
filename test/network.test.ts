// The plan of a forward pass against the numbers that are published of the network: shapes, work, parameters.

import { describe, expect, it } from 'vitest';
import { PRESETS } from '../src/config.js';
import { planNetwork } from '../src/engine.js';
import { countParameters, expectedTensors } from '../src/weights.js';
import { testConfig } from './test-network.js';

const CLASSES = 26;

/** Millions of multiply-accumulates of the layers whose names begin so, rounded. */
function megaMacs(preset: keyof typeof PRESETS, ...prefixes: string[]): number {
  const { layers } = planNetwork(PRESETS[preset], CLASSES);
  const macs = layers
    .filter(({ name }) => prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}.`)))
    .reduce((sum, layer) => sum + layer.macs, 0);
  return Math.round(macs / 1e6);
}

function shapesOf(preset: keyof typeof PRESETS, names: string[]) {
  const { layers } = planNetwork(PRESETS[preset], CLASSES);
  return names.map((name) => layers.find((layer) => layer.name === name)?.shape);
}

describe('planNetwork', () => {
  it('published: the work of every step', () => {
    const steps = [
      ['blocks.0'],
      ['blocks.1'],
      ['blocks.2'],
      ['blocks.3'],
      ['blocks.4'],
      ['transformer.embd'],
      ['transformer.stem'],
      ['transformer.branch'],
    ];
    expect(steps.map((prefixes) => megaMacs('published', ...prefixes))).toEqual([272, 535, 1100, 1083, 147, 2265, 5602, 2791]);
    const head = planNetwork(PRESETS.published, CLASSES).layers.filter(({ name }) => name.startsWith('linear'));
    expect(head.reduce((sum, { macs }) => sum + macs, 0)).toBe(128 * (60 * 32 + 32) + 128 * 128 + 128 * CLASSES);
  });

  it.each([
    ['published', '13.8', 2_404_251],
    ['compact', '1.9', 1_803_675],
    ['edge', '0.31', 320_091],
  ] as const)('%s: %s G multiply-accumulates, %i parameters', (preset, gigaMacs, parameters) => {
    const { macs, layers } = planNetwork(PRESETS[preset], CLASSES);
    expect((macs / 1e9).toFixed(gigaMacs.split('.')[1]!.length)).toBe(gigaMacs);
    expect(macs).toBe(layers.reduce((sum, layer) => sum + layer.macs, 0));
    expect(countParameters(expectedTensors(PRESETS[preset], CLASSES))).toBe(parameters);
  });

  it.each([
    ['published', [4088, 2036, 1010, 994]],
    ['compact', [812, 398, 191, 175]],
    ['edge', [492, 238, 111]],
  ] as const)('%s: time steps after each stem block', (preset, timeSteps) => {
    const shapes = shapesOf(
      preset,
      timeSteps.map((_, block) => `blocks.${block}`),
    );
    expect(shapes).toEqual(timeSteps.map((steps, block) => [12, steps, PRESETS[preset].stem[block]![1]]));
  });

  it.each([
    ['published', [1152, 1152, 576, 288, 144, 72, 36, 18, 9, 5]],
    ['compact', [144, 144, 72, 36, 18, 9, 5]],
    ['edge', [144, 144, 72, 36, 18, 9, 5]],
  ] as const)('%s: time steps after each transformer block, 5 at the end', (preset, timeSteps) => {
    const { resizeTo, dim } = PRESETS[preset];
    const names = timeSteps.map((_, block) => (block < 2 ? `transformer.stem.${block}` : `transformer.branch.${block - 2}`));
    expect(shapesOf(preset, ['resize', ...names])).toEqual([resizeTo, ...timeSteps].map((steps) => [12, steps, dim]));
    expect(shapesOf(preset, ['linearN', 'linear1', 'linear2'])).toEqual([[dim], [128], [CLASSES]]);
  });

  it('attention over all time steps is counted as such', () => {
    const config = testConfig('edge', { windows: [-1, 19, 19, 19, -1, -1, -1] });
    const difference = planNetwork(config, CLASSES).macs - planNetwork(PRESETS.edge, CLASSES).macs;
    expect(difference).toBe(2 * 144 * (144 - 19) * 12 * 64);
  });

  it('one projection for each lead costs no work and more parameters', () => {
    const config = testConfig('published', { leadProjection: 'perLead' });
    expect(planNetwork(config, CLASSES)).toEqual(planNetwork(PRESETS.published, CLASSES));
    const more = countParameters(expectedTensors(config, CLASSES)) - countParameters(expectedTensors(PRESETS.published, CLASSES));
    expect(more).toBe(10 * 3 * 11 * (128 * 128 + 128));
  });
});
