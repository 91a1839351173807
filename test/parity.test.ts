// End to end: real records, read, preprocessed and classified, against PyTorch fed by SciPy and wfdb (training/parity.py).

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convert } from '../src/convert/index.js';
import { evaluate } from '../src/evaluate/index.js';
import { Model } from '../src/model.js';
import { readRecord } from '../src/node.js';
import { builtKernels } from '../src/wasm.js';
import { parseWeights } from '../src/weights.js';
import { testConfig, testWeights } from './test-network.js';

// Measured: 1e-5 for `published`. The reference is in float64; PyTorch's own float32 is off by up to 2.3e-4, because its resize rounds the
// coordinates.
const TOLERANCE = 5e-5;
/** Of macro figures. */
const FIGURE_TOLERANCE = 1e-4;

interface Parity {
  preset: 'published' | 'compact' | 'edge';
  weights: string | null;
  records: string;
  logits: Record<string, number[]>;
  macro: { auroc: number; auprc: number; classes: number } | null;
}

const folder = process.env['LEADWISE_PARITY'];
const files = folder !== undefined && existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
if (files.length === 0) {
  console.warn(
    'SKIPPED: parity on real records. `python3 -m training.parity DIR`, then LEADWISE_PARITY=DIR, with the data folder in place.',
  );
}

async function loadNetwork({ weights, preset }: Parity): Promise<Model> {
  if (weights === null) return new Model(testWeights(testConfig(preset)), builtKernels());
  return new Model(parseWeights((await convert(readFileSync(weights), { quantize: 'none' })).file), builtKernels());
}

describe.runIf(files.length > 0).each(files.length > 0 ? files : ['no file'])('real records: %s', async (file) => {
  if (files.length === 0) return;
  const parity = JSON.parse(readFileSync(join(folder!, file), 'utf8')) as Parity;
  const model = await loadNetwork(parity);
  const names = Object.keys(parity.logits);
  const read = (name: string) => readRecord(join(parity.records, `${name}.hea`));

  it('there are some', () => expect(names.length).toBeGreaterThan(10));

  it('logits', async () => {
    const differences: number[] = [];
    for (const name of names) {
      // The published preprocessing to the letter: the gate would drop leads that are no use, and PyTorch reads them.
      const { logits } = model.classify(await read(name), { quality: 'off' });
      differences.push(Math.max(...parity.logits[name]!.map((logit, i) => Math.abs(logit - logits[i]!))));
      expect(differences.at(-1)!, name).toBeLessThan(TOLERANCE);
    }
    console.info(`${file}: ${names.length} records, logits differ by ${Math.max(...differences).toExponential(1)} at most`);
  });

  it.runIf(parity.macro)('macro figures', async () => {
    const records = names.map((name) => ({ name, record: () => read(name) }));
    const { leadSets } = await evaluate(model, records, { quality: 'off', resamples: 0 });
    const { macro } = leadSets[0]!.strict;
    // The differences only: how good the network is on these records is looked at rarely.
    const [auroc, auprc] = [macro.auroc.value! - parity.macro!.auroc, macro.auprc.value! - parity.macro!.auprc].map(Math.abs);
    console.info(`${file}: macro AUROC differs by ${auroc!.toExponential(1)}, AUPRC by ${auprc!.toExponential(1)}`);
    expect(macro.classes).toBe(parity.macro!.classes);
    expect(auroc).toBeLessThan(FIGURE_TOLERANCE);
    expect(auprc).toBeLessThan(FIGURE_TOLERANCE);
  });
});
