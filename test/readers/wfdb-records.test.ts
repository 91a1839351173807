// Real recordings, in every storage format, against digests of what Python's wfdb reads (training/wfdb_digests.py).

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readWfdb } from '../../src/readers/index.js';
import { describeWithData } from '../data-folder.js';
import digests from '../golden/wfdb-digests.json' with { type: 'json' };
import { LIBRARIES } from './wfdb-fixtures.js';

describeWithData('real records equal what wfdb for Python reads', (folder) => {
  const read = (path: string, smoothFrames: boolean) => {
    const open = (name: string) => new Uint8Array(readFileSync(join(folder, path, '..', name)));
    return readWfdb(readFileSync(`${join(folder, path)}.hea`, 'utf8'), open, { smoothFrames, libraries: LIBRARIES });
  };
  const sha256 = (signals: Int32Array[]) => signals.reduce((hash, samples) => hash.update(samples), createHash('sha256')).digest('hex');

  it.each(Object.entries(digests))('%s', async (path, expected) => {
    const record = await read(path, true);
    const { fs, sigName, adcGain, baseline } = record;
    expect({ fs, sigName, adcGain, baseline }).toEqual({
      fs: expected.fs,
      sigName: expected.sigName,
      adcGain: expected.adcGain,
      baseline: expected.baseline,
    });
    expect(record.units).toEqual(expected.units.map((unit) => (/^mv$/i.test(unit) ? 'mV' : 'unknown')));
    expect(record.signal[0]).toHaveLength(expected.sigLen);
    expect(sha256(record.digital!)).toBe(expected.sha256);
  });

  it.each(Object.entries(digests).filter(([, expected]) => 'expanded' in expected))('%s as stored', async (path, expected) => {
    const { samplesPerFrame, expanded, fs } = expected as unknown as { samplesPerFrame: number[]; expanded: string[]; fs: number };
    const record = await read(path, false);
    expect(record.fs).toBe(4 * fs);
    const stored = record.digital!.map((samples, row) => samples.filter((_, t) => t % (4 / samplesPerFrame[row]!) === 0));
    expect(stored.map((samples) => sha256([samples]))).toEqual(expanded);
  });

  it('covers the whole folder of records', () => {
    expect(Object.keys(digests).filter((path) => path.startsWith('records/'))).toHaveLength(102);
    const headers = readdirSync(join(folder, 'wfdb-formats')).filter((name) => name.endsWith('.hea'));
    expect(Object.keys(digests).filter((path) => path.startsWith('wfdb-formats/'))).toHaveLength(headers.length);
  });
});
