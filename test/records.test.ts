// The shipped weights, and a prototype whose logits are known, on real recordings.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type EcgRecord, STANDARD_LEADS } from '../src/ecg.js';
import { loadModelFile, readRecord } from '../src/node.js';
import { describeWithData } from './data-folder.js';
import { int16Values, readNpz, stringValues } from './npz.js';
import { bitsOf } from './tiny-network.js';
import { VARIANTS } from './variants.js';

const WEIGHTS = new URL('../weights/edge.safetensors', import.meta.url);
/** Of a logit (measured: 1.9e-5 at most). */
const TOLERANCE = 1e-4;

describeWithData('every recording is classified', async (data) => {
  const folder = join(data, 'records');
  const names = readdirSync(folder).filter((name) => name.endsWith('.hea'));
  const model = await loadModelFile(WEIGHTS);

  it('there are some', () => expect(names.length).toBeGreaterThan(100));

  it.each(names)('%s', async (name) => {
    const result = model.classify(await readRecord(join(folder, name)));
    expect(result.logits).toHaveLength(26);
    expect(result.logits.every(Number.isFinite)).toBe(true);
    expect(result.findings).toHaveLength(26);
    expect(result.leads.length + result.leadsDropped.length).toBe(12);
  });

  it('some with the scalar kernels, to the same bits', async () => {
    const scalar = await loadModelFile(WEIGHTS, { variant: 'scalar' });
    for (const name of names.filter((_, index) => index % 34 === 0)) {
      const record = await readRecord(join(folder, name));
      expect(bitsOf(scalar.classify(record).logits), name).toEqual(bitsOf(model.classify(record).logits));
    }
  });
});

/** The records of val.npz by id, at 100 Hz, with the leads in the standard order. */
function readRecords(file: string): Map<string, EcgRecord> {
  const arrays = readNpz(readFileSync(file));
  const [signal, length] = [int16Values(arrays.get('signal')!), int16Values(arrays.get('length')!)];
  const [, leads, samples] = arrays.get('signal')!.shape as [number, number, number];
  return new Map(
    stringValues(arrays.get('record')!).map((id, index) => {
      const lead = (row: number) => signal.subarray((index * leads + row) * samples).subarray(0, length[index]!);
      const rows = Array.from({ length: leads }, (_, row) => lead(row));
      return [id, { fs: 100, sigName: [...STANDARD_LEADS], units: rows.map(() => 'adc' as const), signal: rows }];
    }),
  );
}

describeWithData('the logits of the training framework', (data) => {
  const prototype = join(data, '..', 'model', 'edge-prototype.safetensors');
  const file = join(data, '..', 'model', 'edge-prototype.logits.json');
  if (!existsSync(file)) {
    process.stderr.write(`\n*** SKIPPED: no reference logits in ${file} ***\n`);
    describe.skip('without the file', () => {
      it('needs the reference', () => {});
    });
    return;
  }
  const expected = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number[]>);
  const records = readRecords(join(data, 'train', 'val.npz'));

  it.each(VARIANTS)('are met for every record (%s)', async (variant) => {
    const model = await loadModelFile(prototype, { variant });
    let largest = 0;
    expect(expected.length).toBeGreaterThan(0);
    for (const [id, logits] of expected) {
      const result = model.classify(records.get(id)!, { quality: 'off' });
      expect(result.logits, id).toHaveLength(logits.length);
      for (const [index, logit] of logits.entries()) largest = Math.max(largest, Math.abs(result.logits[index]! - logit));
    }
    console.log(`${variant}: largest difference of ${expected.length} x 26 logits ${largest.toExponential(2)}`);
    expect(largest).toBeLessThan(TOLERANCE);
  });
});
