import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readRecord } from '../src/node.js';
import { describeWithData } from './data-folder.js';
import { twelveLeads, writeChallenge, writeWfdb } from './readers/writers.js';

const folder = mkdtempSync(join(tmpdir(), 'leadwise-'));
afterAll(() => rmSync(folder, { recursive: true }));

for (const [name, { header, files }] of Object.entries({
  A0001: writeChallenge('A0001', 500, twelveLeads(20)),
  'rec.1': writeWfdb('rec.1', 250, twelveLeads(20)),
  evil: { header: 'evil 1\n../rec.1.dat 16', files: new Map<string, Uint8Array>() },
  lost: { header: 'lost 1\nlost.dat 16', files: new Map<string, Uint8Array>() },
})) {
  writeFileSync(join(folder, `${name}.hea`), header);
  for (const [fileName, bytes] of files) writeFileSync(join(folder, fileName), bytes);
}
writeFileSync(join(folder, 'alone.mat'), writeChallenge('alone', 500, twelveLeads(5)).files.get('alone.mat')!);
writeFileSync(join(folder, 'table.csv'), 'I,II\n1,2\n');
writeFileSync(join(folder, 'table'), 'I,II\n1,2\n');
mkdirSync(join(folder, 'A0001'));

describe('readRecord', () => {
  const digital = twelveLeads(20).map((lead) => Int32Array.from(lead.digital));

  it.each(['A0001.hea', 'A0001.mat', 'A0001', 'rec.1.hea', 'rec.1.dat', 'rec.1'])('reads %s', async (name) => {
    const path = join(folder, name);
    for (const given of [path, new URL(pathToFileURL(path).href), pathToFileURL(path).href])
      expect((await readRecord(given)).digital).toEqual(digital);
  });

  it('reads tables, with what they do not say', async () => {
    for (const name of ['table.csv', 'table']) {
      expect(await readRecord(join(folder, name), { fs: 100, units: 'mV' })).toMatchObject({ fs: 100, units: ['mV', 'mV'] });
    }
    await expect(readRecord(join(folder, 'table.csv'))).rejects.toMatchObject({ code: 'FS_REQUIRED' });
  });

  it.each([
    ['nowhere.hea', 'FILE_NOT_FOUND', 'nowhere.hea'],
    ['nowhere', 'FILE_NOT_FOUND', 'nowhere'],
    ['.', 'FILE_NOT_FOUND', undefined],
    ['table.csv/below.csv', 'FILE_NOT_FOUND', 'below.csv'],
    ['alone.mat', 'HEADER_NOT_FOUND', 'alone.hea'],
    ['lost', 'FILE_NOT_FOUND', 'lost.dat'],
    ['evil', 'UNSAFE_FILE_NAME', undefined],
  ])('%s: %s', async (name, code, file) => {
    const read = readRecord(join(folder, name));
    await expect(read).rejects.toMatchObject({ name: 'FormatError', code });
    if (file !== undefined) await expect(read).rejects.toMatchObject({ place: { file } });
  });

  it('takes paths and file: URLs only', async () => {
    await expect(readRecord(new URL('https://example.org/a.hea'))).rejects.toThrow(RangeError);
    await expect(readRecord(7 as never)).rejects.toThrow(new TypeError('"path" expected a string or a file: URL, got number'));
  });
});

describeWithData('readRecord with real files', (data) => {
  it.each(['records/E07501', 'records/E07501.mat', 'records/00080_hr.dat', 'records/ludb-6.hea'])('%s', async (path) => {
    const { fs, signal, sigName } = await readRecord(join(data, path));
    expect([fs, signal.length, signal[0]!.length, sigName[0]!.toUpperCase()]).toEqual([500, 12, 5000, 'I']);
  });
});
