// Long recordings and many: --start, --windows, --ndjson, --output.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cutRecord } from '../../src/index.js';
import { loadModelFile, readRecord } from '../../src/node.js';
import { formatCsv, simulate } from '../../src/simulate.js';
import { leadwise, temporaryFolder } from './run.js';

const at = temporaryFolder();

beforeAll(() => {
  writeFileSync(at('long.csv'), formatCsv(simulate({ seed: 2, seconds: 34, fs: 100, rhythm: 'af' })));
  mkdirSync(at('records'));
  for (const seed of [1, 2, 3]) writeFileSync(at(`records/${seed}.csv`), formatCsv(simulate({ seed, fs: 100 })));
  writeFileSync(at('records/2.csv'), 'time,I (mV)\n0,one\n');
});

describe('a long record', () => {
  it('--windows all shows what is present when', async () => {
    const { code, stdout } = await leadwise(['classify', at('long.csv'), '--windows', 'all']);
    expect(code).toBe(0);
    expect(stdout).toContain('4 windows');
    expect(stdout).toMatch(/^ {2}0:00:00 - 0:00:\d\d {2}.*AF/m);
    expect(stdout).toMatch(/ - 0:00:34 {2}/);
  });

  it('--windows all --json has every window', async () => {
    const { stdout } = await leadwise(['classify', at('long.csv'), '--windows', 'all', '--json']);
    const [element] = JSON.parse(stdout);
    const starts = element.windows.map(({ startSeconds }: { startSeconds: number }) => startSeconds);
    expect(starts).toEqual([0, 10, 20, 24]);
    for (const { logits, findings } of element.windows) expect([logits.length, findings.length]).toEqual([26, 26]);
  });

  it('--start begins there', async () => {
    const { stdout } = await leadwise(['classify', at('long.csv'), '--start', '20.5', '--json']);
    const model = await loadModelFile(new URL('../../weights/edge.safetensors', import.meta.url));
    const expected = model.classify(cutRecord(await readRecord(at('long.csv')), 2050, 3400));
    expect(JSON.parse(stdout)[0].logits).toEqual(Array.from(expected.logits));
    const beyond = await leadwise(['classify', at('long.csv'), '--start', '34']);
    expect([beyond.code, beyond.stderr]).toEqual([1, expect.stringContaining('PAST_END')]);
  });

  it.each([
    ['--start', '-1'],
    ['--start', 'late'],
    ['--windows', 'some'],
    ['--output', 'x'],
    ['--json', '--ndjson'],
  ])('%s %s is a wrong call', async (...flags) => {
    expect((await leadwise(['classify', at('long.csv'), ...flags])).code).toBe(2);
  });
});

describe('--ndjson', () => {
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const names = ['1', '2', '3'].map((name) => at(`records/${name}.csv`));

  it('is one line a record, failures too', async () => {
    const { code, stdout } = await leadwise(['classify', at('records'), '--ndjson']);
    expect(code).toBe(1);
    const elements = lines(stdout);
    expect(elements.map(({ record }) => record)).toEqual(names);
    expect(elements[1].error.code).toBe('NOT_A_NUMBER');
    const { stdout: json } = await leadwise(['classify', at('records'), '--json']);
    expect(elements).toEqual(JSON.parse(json));
  });

  it('--output goes on behind what is there, and does a torn line again', async () => {
    const file = at('results.ndjson');
    const whole = await leadwise(['classify', at('records'), '--ndjson', '--output', file]);
    expect([whole.code, whole.stdout]).toEqual([1, '']);
    const text = readFileSync(file, 'utf8');
    expect(lines(text).map(({ record }) => record)).toEqual(names);
    const [first, second] = text.split('\n');
    writeFileSync(file, `${first}\n${second!.slice(0, 20)}`);
    const again = await leadwise(['classify', at('records'), '--ndjson', '--output', file]);
    expect(again.stderr).toContain('1 of 3 records are there already');
    expect(readFileSync(file, 'utf8')).toBe(text);
    appendFileSync(file, 'not ours\n');
    const nothing = await leadwise(['classify', at('records'), '--ndjson', '--output', file]);
    expect([nothing.code, nothing.stderr]).toEqual([0, expect.stringContaining('3 of 3')]);
    expect(readFileSync(file, 'utf8')).toBe(`${text}not ours\n`);
  });
});
