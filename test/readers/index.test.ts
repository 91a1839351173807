import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, readBytes, sniff } from '../../src/readers/index.js';
import { bytesOf, expectRecordOrNamedError, openFrom, twelveLeads, writeChallenge, writeMat, writeWfdb } from './writers.js';

const challenge = writeChallenge('A0001', 500, twelveLeads(20));
const mat = challenge.files.get('A0001.mat')!;
const plain = writeWfdb('rec', 500, twelveLeads(20));

const folder = {
  header: '',
  files: new Map([...challenge.files, ['A0001.hea', bytesOf(challenge.header)], ...plain.files, ['rec.hea', bytesOf(plain.header)]]),
};
const open = (name: string) => {
  const bytes = folder.files.get(name);
  if (!bytes) throw new FormatError('FILE_NOT_FOUND', 'no such file', { file: name });
  return bytes;
};

describe('sniff', () => {
  it.each([
    [challenge.header, 'wfdb'],
    [plain.header, 'wfdb'],
    ['# made by hand\n\n100 2 360 650000 0:0:0 0/0/0\n', 'wfdb'],
    ['rec 1\n', 'wfdb'],
    ['rec\t1\t250\nrec.dat\t16', 'wfdb'],
    ['rec/3 1 250 10', 'wfdb'],
    ['I,II\n1,2', 'csv'],
    ['# I,II\n1,2', 'csv'],
    ['"I (mV)"\n1', 'csv'],
    ['Lead II\n1', 'csv'],
    ['time\tI\n0\t2', 'csv'],
    ['100\t2\t360\t650000\n', 'csv'],
    ['rec 1 250,II\n', 'csv'],
    ['<xml a="1,2"/>', undefined],
    ['{"fs": 1, "signal": []}', 'json'],
    ['[1,2]', undefined],
    ['plain words', undefined],
    ['\0\0,', undefined],
    ['', undefined],
  ])('%j is %s', (text, format) => {
    expect(sniff(bytesOf(text))).toBe(format);
  });

  it('knows MATLAB files of every version', () => {
    for (const bytes of [mat, writeMat(1030, 1, [1]), writeMat(0, 1, [1]), writeMat(51, 1, [65]), bytesOf('MATLAB 5.0 MAT-file')]) {
      expect(sniff(bytes)).toBe('mat');
    }
  });
});

describe('readBytes', () => {
  it('reads a record from its header or from a signal file, and a table', async () => {
    const expected = twelveLeads(20).map(({ digital }) => Int32Array.from(digital));
    for (const name of folder.files.keys())
      expect((await readBytes(open(name), { name: `some/where\\${name}`, open })).digital).toEqual(expected);
    expect((await readBytes(open('rec.hea'), { open })).digital).toEqual(expected);
    expect(await readBytes(bytesOf('time,I (mV)\n0,5\n1,6'))).toMatchObject({ fs: 1, signal: [Float64Array.of(5, 6)] });
    expect(await readBytes(bytesOf('I\n5'), { fs: 100, units: 'adc', name: 'x.hea' })).toMatchObject({ fs: 100, units: ['adc'] });
  });

  it('does not take a signal file that looks like text for a table', async () => {
    const samples = Array.from(bytesOf('I,II\n1,2\n')).concat(0);
    const look = { ...folder, files: new Map([['rec.hea', bytesOf('rec 1\nrec.dat 16')]]) };
    const { digital } = await readBytes(Uint8Array.from(samples), { name: 'rec.dat', open: openFrom(look) });
    expect(digital![0]).toHaveLength(5);
  });

  it.each([
    ['a header alone', open('rec.hea'), {}, 'FILES_REQUIRED'],
    ['a .mat alone', mat, {}, 'HEADER_REQUIRED'],
    ['a .mat without name', mat, { open }, 'HEADER_REQUIRED'],
    ['a .dat alone', open('rec.dat'), { name: 'rec.dat' }, 'HEADER_REQUIRED'],
    ['a .mat whose header is missing', mat, { name: 'B.mat', open }, 'HEADER_NOT_FOUND'],
    ['a .dat whose header names another', open('rec.dat'), { name: 'A0001.dat', open }, 'HEADER_MISMATCH'],
    ['a later .mat', bytesOf('MATLAB 5.0 MAT-file'), { name: 'A0001.mat', open }, 'UNSUPPORTED_MAT'],
    ['broken .mat', bytesOf('no mat'), { name: 'A0001.mat', open }, 'BAD_MAT'],
    ['broken .hea', bytesOf('no header'), { name: 'A0001.hea', open }, 'BAD_HEADER'],
    ['broken .csv', bytesOf('no table'), { name: 'A0001.csv', fs: 100 }, 'BAD_CSV'],
    ['anything else', bytesOf('<xml/>'), { name: 'a.xml' }, 'UNKNOWN_FORMAT'],
    ['nothing', new Uint8Array(), {}, 'UNKNOWN_FORMAT'],
  ])('refuses %s', async (_, bytes, options, code) => {
    await expect(readBytes(bytes, options)).rejects.toMatchObject({ name: 'FormatError', code });
  });

  it('takes bytes only', async () => {
    await expect(readBytes('I,II' as never)).rejects.toThrow(new TypeError('"bytes" expected a Uint8Array'));
  });

  it('gives a record or a named error for any bytes', async () => {
    const name = fc.constantFrom(undefined, ...folder.files.keys(), 'x.csv', 'x');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), name, (bytes, given) =>
        expectRecordOrNamedError(() => readBytes(bytes, { open, ...(given && { name: given }) })),
      ),
      { numRuns: 2000 },
    );
  });
});
