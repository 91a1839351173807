import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatWfdb, simulate } from '../../src/simulate.js';
import { leadwise, temporaryFolder } from './run.js';

const path = temporaryFolder();
const FOLDER = path('records');
const LABELS = path('labels.csv');

beforeAll(() => {
  mkdirSync(`${FOLDER}/g1`, { recursive: true });
  for (const [i, rhythm] of (['sinus', 'af', 'sinus', 'af'] as const).entries()) {
    const name = `HR0000${i}`;
    const { header, signal } = formatWfdb(simulate({ rhythm, seed: i + 1, seconds: 10 }), name);
    // One lies deeper, as in the challenge's layout.
    const at = `${FOLDER}/${i === 3 ? 'g1/' : ''}${name}`;
    writeFileSync(`${at}.hea`, `${header}#Dx: ${rhythm === 'af' ? '164889003' : '426783006'}\n`);
    writeFileSync(`${at}.dat`, signal);
  }
  writeFileSync(LABELS, 'record_id,dataset,snomed_codes\nHR00000,mine,426783006\nHR00001,mine,164889003\nHR00002,yours,426783006\n');
});

describe('leadwise evaluate', () => {
  it('scores a folder, with a table of figures', async () => {
    const { code, stdout, stderr } = await leadwise(['evaluate', FOLDER, '--lead-sets', '12,2', '--resamples', '20']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/4 records \(PTB-XL 4\)/);
    expect(stdout).toMatch(/^ +12 +0 /m);
    expect(stdout).toMatch(/^ +NSR +2 +\d\.\d{3} \[/m);
    expect(stdout).toMatch(/pvc-164884008/);
    expect(stdout).toMatch(/not a medical device/);
  });

  it('--json is everything, --labels wins over headers and names the sources, and what has none is left out', async () => {
    const { code, stdout, stderr } = await leadwise(['evaluate', FOLDER, '--labels', LABELS, '--json', '--resamples', '0']);
    const evaluation = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(stderr).toMatch(/HR00003\.hea: .*\[NO_LABELS\]/);
    expect(evaluation).toMatchObject({ schema: 1, records: 3, quality: 'gate', failures: [{ error: { code: 'NO_LABELS' } }] });
    expect(evaluation.sources).toEqual([
      { source: 'mine', records: 2 },
      { source: 'yours', records: 1 },
    ]);
    expect(evaluation.leadSets).toHaveLength(1);
  });

  it('--report writes one page, and does not overwrite it unasked', async () => {
    const report = path('report.html');
    const args = ['evaluate', `${FOLDER}/HR00001.hea`, `${FOLDER}/HR00002`, '--resamples', '0', '--report', report];
    expect(await leadwise(args)).toMatchObject({ code: 0, stderr: expect.stringContaining(`wrote ${report}`) });
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>[\s\S]*not a medical device/i);
    expect(await leadwise(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('[FILE_EXISTS]') });
    expect((await leadwise([...args, '--force'])).code).toBe(0);
    expect(await leadwise([...args.slice(0, -1), path('nowhere/report.html')])).toMatchObject({ code: 1, stdout: '' });
    // The same record by three names is one.
    const thrice = ['evaluate', FOLDER, `${FOLDER}/HR00001`, `${FOLDER}/HR00001.dat`, '--resamples', '0'];
    expect((await leadwise(thrice)).stdout).toMatch(/ 4 records /);
  });

  it('names what is wrong', async () => {
    for (const [args, code, message] of [
      [[], 2, 'needs at least one PATH'],
      [[FOLDER, '--lead-sets', '5'], 2, '--lead-sets expected'],
      [[FOLDER, '--resamples', '1e10'], 2, '--resamples expected'],
      [[FOLDER, '--resamples', '1.5'], 2, '--resamples expected'],
      [[path('nowhere')], 1, '[NO_RECORDS]'],
      [[FOLDER, '--labels', path('nowhere')], 1, '[FILE_NOT_FOUND]'],
    ] as const) {
      expect(await leadwise(['evaluate', ...args])).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
    }
  });
});
