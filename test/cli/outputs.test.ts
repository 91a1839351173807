// What commands write: never over what they read, and nothing that moves a terminal's cursor.

import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { formatCsv, simulate } from '../../src/simulate.js';
import { TINY_FILE } from '../tiny-network.js';
import { leadwise, temporaryFolder } from './run.js';

const path = temporaryFolder();
const [ecg, hea] = [path('ecg.csv'), path('wfdb.hea')];

beforeAll(async () => {
  writeFileSync(ecg, formatCsv(simulate({ seconds: 10 })));
  for (const name of ['page.html', 'sheet.svg', 'trace.json', 'labels.html']) writeFileSync(path(name), readFileSync(ecg));
  linkSync(ecg, path('linked.html'));
  symlinkSync(ecg, path('other-name.html'));
  writeFileSync(path('weights.html'), TINY_FILE);
  writeFileSync(path('config.json'), '{}');
  mkdirSync(path('empty'));
  expect((await leadwise(['convert-record', ecg, hea])).code).toBe(0);
});

describe('what a command reads it does not overwrite, --force or not', () => {
  it.each<[string, string[]]>([
    ['page.html', ['classify', path('page.html'), '--report', path('page.html')]],
    ['ecg.csv', ['classify', ecg, '--report', path('linked.html')]],
    ['ecg.csv', ['classify', ecg, '--report', path('other-name.html')]],
    ['weights.html', ['classify', ecg, '--weights', path('weights.html'), '--report', path('weights.html')]],
    ['labels.html', ['evaluate', path('empty'), '--labels', path('labels.html'), '--report', path('labels.html')]],
    ['sheet.svg', ['render', path('sheet.svg'), '-o', path('sheet.svg')]],
    ['trace.json', ['bench', '--record', path('trace.json'), '--trace', path('trace.json')]],
    ['config.json', ['convert', ecg, '--config', path('config.json'), '-o', path('w.safetensors'), '--report', path('config.json')]],
    ['ecg.csv', ['convert-record', ecg, ecg]],
    ['wfdb.hea', ['convert-record', path('wfdb'), hea]],
  ])('%s: leadwise %j', async (name, args) => {
    const before = readFileSync(path(name));
    const { code, stdout, stderr } = await leadwise([...args, '--force']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/ is to be read: write to another file/)]);
    expect(readFileSync(path(name)).equals(before)).toBe(true);
  });

  it('lines of results are not appended to it either', async () => {
    const before = readFileSync(ecg);
    const { code, stderr } = await leadwise(['classify', ecg, '--ndjson', '--output', ecg]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is to be read')]);
    expect(readFileSync(ecg).equals(before)).toBe(true);
  });

  it('evaluate: a page has the name of one', async () => {
    const { code, stdout, stderr } = await leadwise(['evaluate', ecg, '--report', ecg, '--force']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('--report expected a file whose name ends in .html or .htm')]);
  });
});

it('inspect: what names in a weight file hold does not reach the terminal', async () => {
  const text = Buffer.from(TINY_FILE).toString('latin1');
  expect(text).toContain('"test-tiny"');
  // As long: the file's offsets stay.
  writeFileSync(path('names.safetensors'), Buffer.from(text.replace('"test-tiny"', '"\\u009b2Jx"'), 'latin1'));
  const { code, stdout } = await leadwise(['inspect', path('names.safetensors'), '--all']);
  expect([code, stdout]).toEqual([0, expect.stringContaining('\ufffd2Jx')]);
  expect(stdout.replaceAll('\n', '').match(/\p{Cc}/u)).toBeNull();
});
