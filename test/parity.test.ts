// End to end: real 500 Hz records, read, preprocessed and classified by `published`, against PyTorch fed by SciPy and wfdb.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Model } from '../src/model.js';
import { readRecord } from '../src/node.js';
import { inlinedKernels } from '../src/wasm.js';
import { dataFolder } from './data-folder.js';
import { testConfig, testWeights } from './test-network.js';

// Measured: 1e-5. The reference is in float64; PyTorch's own float32 is off by up to 2.3e-4, because its resize rounds the coordinates.
const TOLERANCE = 5e-5;
const folder = process.env['LEADWISE_PARITY'];
const file = `${folder}/published.json`;
const possible = folder !== undefined && existsSync(file) && dataFolder !== undefined;
if (!possible) {
  console.warn(
    'SKIPPED: parity on real records. `python3 -m training.golden --parity DIR`, then LEADWISE_PARITY=DIR, with the data folder in place.',
  );
}

describe.runIf(possible)('published on real records', () => {
  const expected = possible ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, { logits: number[] }>) : {};
  const model = possible ? new Model(testWeights(testConfig('published')), inlinedKernels()) : undefined;

  it.each(Object.entries(expected))('%s', async (name, { logits }) => {
    const { logits: actual } = model!.classify(await readRecord(`${dataFolder}/records/${name}`), { quality: 'off' });
    expect(Math.max(...logits.map((logit, i) => Math.abs(logit - actual[i]!)))).toBeLessThan(TOLERANCE);
  });
});
