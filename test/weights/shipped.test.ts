// What ships: int8 files that say all that is needed, with cards that are about them.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LEAD_SETS } from '../../src/ecg.js';
import { loadModelFile } from '../../src/node.js';
import { sha256 } from '../../src/sha256.js';
import { simulate } from '../../src/simulate.js';
import { countParameters, expectedTensors, parseWeights } from '../../src/weights.js';
import { VARIANTS } from '../variants.js';

const folder = fileURLToPath(new URL('../../weights', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
/** Most parameters and multiply-accumulates of a record. */
const LIMITS: Record<string, [parameters: number, macs: number]> = { edge: [0.6e6, 0.5e9], compact: [1.81e6, 2e9] };

it('edge and compact ship', () => expect(files).toEqual(['compact.safetensors', 'edge.safetensors']));

describe.each(files)('%s', (file) => {
  const path = `${folder}/${file}`;
  const bytes = new Uint8Array(readFileSync(path));
  const weights = parseWeights(bytes);
  const name = file.replace('.safetensors', '');

  it('is int8, of its own name, calibrated on real records, within its limits', async () => {
    expect([weights.name, weights.config.preset, weights.parameters.precision]).toEqual([name, name, 'int8']);
    expect(JSON.parse(weights.metadata['quantization']!).calibration).toMatchObject({ source: 'records' });
    const [parameters, macs] = LIMITS[name]!;
    expect(countParameters(expectedTensors(weights.config, weights.classes.length))).toBeLessThanOrEqual(parameters);
    expect((await loadModelFile(path)).plan.macs).toBeLessThanOrEqual(macs);
  });

  it('has thresholds and a calibration for every lead set', () => {
    const { thresholds, calibration } = weights.decision;
    const sets = [...LEAD_SETS.values()];
    expect(thresholds.map(({ leads }) => leads)).toEqual(sets);
    expect(calibration.map(({ leads }) => leads)).toEqual(sets);
    for (const { values } of thresholds) expect(values.some((value) => value !== 0)).toBe(true);
  });

  it.each(VARIANTS)('computes what it promises (%s)', async (variant) => {
    const model = await loadModelFile(path, { variant, selfTest: true });
    const result = model.classify(simulate({ seconds: 10 }));
    expect(result.findings[0]).toMatchObject({ abbreviation: 'NSR', present: true, calibrated: true });
    expect(result.saturated).toBe(0);
  });

  it('has a card that is about this very file, and says what it is not', () => {
    const card = `${folder}/${name}.md`;
    expect(existsSync(card)).toBe(true);
    const text = readFileSync(card, 'utf8');
    for (const words of [sha256(bytes), 'not a medical device', 'CC BY 4.0', `training.ship ${name}`, 'about 5 %'])
      expect(text).toContain(words);
    expect(text).not.toMatch(/\{\w+\}/);
  });
});
