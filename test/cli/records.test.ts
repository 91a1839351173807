// info and convert-record.

import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRecord } from '../../src/node.js';
import { formatCsv, simulate } from '../../src/simulate.js';
import { leadwise, temporaryFolder } from './run.js';

const at = temporaryFolder();
const record = simulate({ seed: 5, fs: 250, seconds: 6 });

beforeAll(async () => {
  writeFileSync(at('ecg.csv'), formatCsv(record));
  for (const name of ['ecg.edf', 'ecg.hea']) await leadwise(['convert-record', at('ecg.csv'), at(name)]);
  writeFileSync(at('broken.edf'), readFileSync(at('ecg.edf')).subarray(0, 1000));
});

describe('info', () => {
  it.each([
    ['ecg.csv', 'csv'],
    ['ecg.edf', 'edf'],
    ['ecg', 'wfdb'],
  ])('%s is %s', async (name, format) => {
    const { code, stdout } = await leadwise(['info', at(name), '--json']);
    expect(code).toBe(0);
    const [info] = JSON.parse(stdout);
    expect(info).toMatchObject({ format, fs: 250, samples: 1500, seconds: 6 });
    expect(info.leads.map(({ lead }: { lead: string }) => lead)).toEqual(record.sigName);
    const [first] = info.leads;
    expect(first).toMatchObject({ unit: 'mV', invalid: 0, least: Math.min(...record.signal[0]!), most: Math.max(...record.signal[0]!) });
  });

  it('is a table for people, and names what it cannot read', async () => {
    const { code, stdout, stderr } = await leadwise(['info', at('ecg.edf'), at('broken.edf')]);
    expect(code).toBe(1);
    expect(stdout).toContain('ecg.edf: edf, 12 of 12 leads known, 250 Hz, 6.0 s, 1500 samples');
    expect(stdout).toMatch(/^ {2}aVR {3}aVR {4}mV/m);
    expect(stderr).toMatch(/broken\.edf: .*\[TRUNCATED\]/);
  });
});

describe('convert-record', () => {
  it.each(['ecg.csv', 'ecg.edf', 'ecg.hea'])('reads back equal from %s', async (name) => {
    const { fs, sigName, units, signal } = await readRecord(at(name));
    expect([fs, sigName, units]).toEqual([250, record.sigName, record.units]);
    expect(signal.map((values) => Array.from(values))).toEqual(record.signal.map((values) => Array.from(values)));
  });

  it('writes a part and some leads', async () => {
    const flags = ['--start', '2', '--seconds', '1.5', '--leads', 'II,V1'];
    const { code, stderr } = await leadwise(['convert-record', at('ecg.hea'), at('part.csv'), ...flags]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('2 leads, 250 Hz, 1.5 s')]);
    const part = await readRecord(at('part.csv'));
    expect(part.sigName).toEqual(['II', 'V1']);
    expect(Array.from(part.signal[0]!)).toEqual(Array.from(record.signal[1]!.slice(500, 875)));
  });

  it('says how far it rounded', async () => {
    const signal = record.signal.map((values) => values.map((value) => value / 3));
    const { digital: _, ...rest } = record;
    writeFileSync(at('thirds.csv'), formatCsv({ ...rest, signal }));
    const { stderr } = await leadwise(['convert-record', at('thirds.csv'), at('thirds.hea')]);
    expect(stderr).toMatch(/rounded to 16 bits, at most: I by 0\.0000\d+ mV/);
    const back = await readRecord(at('thirds'));
    const error = Math.max(
      ...back.signal.map((values, lead) => Math.max(...values.map((value, n) => Math.abs(value - signal[lead]![n]!)))),
    );
    expect(error).toBeLessThan(2e-5);
  });

  it('does not write over a file, nor the comments without being asked', async () => {
    const again = await leadwise(['convert-record', at('ecg.csv'), at('ecg.hea')]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('FILE_EXISTS')]);
    writeFileSync(at('said.hea'), `${readFileSync(at('ecg.hea'), 'utf8')}# Age: 50\n`);
    await leadwise(['convert-record', at('said.hea'), at('quiet.hea')]);
    await leadwise(['convert-record', at('said.hea'), at('kept.hea'), '--comments']);
    expect(readFileSync(at('quiet.hea'), 'utf8')).not.toContain('Age');
    expect(readFileSync(at('kept.hea'), 'utf8')).toContain('# Age: 50');
  });

  it.each([[[at('ecg.csv')]], [[at('ecg.csv'), at('x.dcm')]], [[at('ecg.csv'), at('x.csv'), '--seconds', '0']]])(
    '%j is a wrong call',
    async (args) => {
      expect((await leadwise(['convert-record', ...args])).code).toBe(2);
    },
  );
});
