// Long recordings and many: --start, --windows, --ndjson, --output.

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { classifyCommand } from '../../src/cli/classify.js';
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

  it('--windows all names what is wrong in later windows alone', async () => {
    const [header, ...rows] = readFileSync(at('long.csv'), 'utf8').trimEnd().split('\n');
    const off = rows.map((row, n) => (n < 2000 ? row : row.replace(/,[^,]*$/, ',0.5')));
    const { code, stdout } = await leadwise(['classify', '-', '--windows', 'all'], [header, ...off, ''].join('\n'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}quality: degraded \(incomplete-leads; in some windows: V6 flat\)$/m);
    expect(stdout).toMatch(/^ {2}flags: windows:leads$/m);
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

  it('--output touches nothing before the rest of the call is known to be right', async () => {
    const file = at('untouched.ndjson');
    const torn = '{"record":"x","fin';
    writeFileSync(file, torn);
    const args = ['classify', at('records'), '--ndjson', '--output', file];
    for (const wrong of [
      ['--quality', 'best'],
      ['--windows', 'some'],
      ['--fs', '0'],
      ['--weights', at('nowhere.safetensors')],
    ]) {
      expect((await leadwise([...args, ...wrong])).code).toBeGreaterThan(0);
      expect(readFileSync(file, 'utf8'), wrong.join(' ')).toBe(torn);
    }
    expect((await leadwise(['classify', at('records'), '--ndjson', '--output', at('none.ndjson'), '--fs', '0'])).code).toBe(2);
    expect(existsSync(at('none.ndjson'))).toBe(false);
  });

  it.each(['notes without an end', '{"a":1}', 'a,b\r\n1,2\r\n3,4', 'Z\u00fcrich\u2028line', `{"record":"x"}\n\ufffd\n}`])(
    '--output leaves %j, which is no begun result, as it is',
    async (text) => {
      const file = at('notes.ndjson');
      // In Latin-1, which is no UTF-8.
      const bytes = Buffer.from(text, text.includes('\u2028') ? 'utf8' : 'latin1');
      writeFileSync(file, bytes);
      expect((await leadwise(['classify', at('records/1.csv'), '--ndjson', '--output', file])).code).toBe(0);
      const after = readFileSync(file);
      expect(after.subarray(0, bytes.length + 1)).toEqual(Buffer.concat([bytes, Buffer.from('\n')]));
      expect(lines(after.subarray(bytes.length + 1).toString()).map(({ record }) => record)).toEqual([at('records/1.csv')]);
    },
  );

  it('a line that cannot be written fails the run, not the record', async () => {
    const handle = await open(at('any'), 'w');
    await handle.close();
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    const append = vi.spyOn(Object.getPrototypeOf(handle), 'appendFile').mockRejectedValue(full);
    const weights = fileURLToPath(new URL('../../weights/edge.safetensors', import.meta.url));
    const args = [at('records/1.csv'), '--ndjson', '--output', at('full.ndjson'), '--weights', weights];
    await expect(classifyCommand(args)).rejects.toBe(full);
    const calls = append.mock.calls.length;
    append.mockRestore();
    expect(calls).toBe(1);
  });
});
