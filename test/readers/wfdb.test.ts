import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWfdb } from '../../src/readers/index.js';
import { describeWithData } from '../data-folder.js';
import digests from '../golden/wfdb-digests.json' with { type: 'json' };
import {
  encode16,
  encode212,
  expectRecordOrNamedError,
  openFrom,
  twelveLeads,
  type WrittenSignal,
  writeChallenge,
  writeWfdb,
} from './writers.js';

const RANGES = { '16': 32767, '212': 2047 };

/** Signals of one length in up to three files of either format. */
const anyRecord = fc
  .record({
    sigLen: fc.integer({ min: 1, max: 40 }),
    formats: fc.array(fc.constantFrom<'16' | '212'>('16', '212'), { minLength: 1, maxLength: 3 }),
  })
  .chain(({ sigLen, formats }) =>
    fc.tuple(
      ...formats.map((format, file) =>
        fc
          .array(anySignal(format, sigLen, `rec_${file}.dat`), { minLength: 1, maxLength: 5 })
          .chain((signals) => fc.integer({ min: 0, max: 9 }).map((byteOffset) => signals.map((signal) => ({ ...signal, byteOffset })))),
      ),
    ),
  )
  .map((files) => files.flat());

function anySignal(format: '16' | '212', sigLen: number, fileName: string): fc.Arbitrary<WrittenSignal> {
  return fc.record({
    format: fc.constant(format),
    fileName: fc.constant(fileName),
    digital: fc.array(fc.integer({ min: -RANGES[format] - 1, max: RANGES[format] }), { minLength: sigLen, maxLength: sigLen }),
    adcGain: fc.integer({ min: 1, max: 5000 }),
    baseline: fc.integer({ min: -500, max: 500 }),
  });
}

describe('readWfdb', () => {
  it('reads what was written, in any order of files and formats', async () => {
    await fc.assert(
      fc.asyncProperty(anyRecord, fc.boolean(), async (signals, withLength) => {
        const written = writeWfdb('rec', 500, signals);
        const odd = signals.some(({ format, digital }) => format === '212' && digital.length % 2 === 1);
        const header = withLength || odd ? written.header : written.header.replace(/^(rec \d+ 500) \d+/, '$1');
        const record = await readWfdb(header, openFrom(written));
        expect(record.digital!.map((samples) => [...samples])).toEqual(signals.map(({ digital }) => digital));
        signals.forEach(({ digital, baseline, adcGain, format }, lead) => {
          const invalid = -RANGES[format!] - 1;
          const physical = digital.map((value) => (value === invalid ? Number.NaN : (value - baseline!) / adcGain!));
          expect([...record.signal[lead]!]).toEqual(physical);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('gives names, units, rate, gain, baseline and comments', async () => {
    const units = ['mV', 'mv', 'uV', '\u00b5V', '\u03bcV', 'mmHg', 'NU'];
    const signals = units.map((unit, lead) => ({ digital: [lead, 2], units: unit, sigName: `lead ${lead}`, adcGain: 10, baseline: 1 }));
    const written = writeWfdb('rec', 62.4725, signals, [' Age: 1', 'x']);
    const record = await readWfdb(written.header, async (name) => openFrom(written)(name));
    expect(record.units).toEqual(['mV', 'mV', 'uV', 'uV', 'uV', 'unknown', 'unknown']);
    expect(record).toMatchObject({ fs: 62.4725, comments: ['Age: 1', 'x'], sigName: units.map((_, lead) => `lead ${lead}`) });
    expect(record).toMatchObject({ adcGain: units.map(() => 10), baseline: units.map(() => 1) });
    expect(record.signal[3]).toEqual(Float64Array.from([0.2, 0.1]));
  });

  it('takes the length from the file where the header has none', async () => {
    const files = new Map([['rec.dat', encode212([1, -2, 3, -4, 5, -6, 7, -8, 9])]]);
    const { digital } = await readWfdb('rec 3 250\nrec.dat 212\nrec.dat 212\nrec.dat 212', openFrom({ header: '', files }));
    expect(digital!.map((samples) => [...samples])).toEqual([
      [1, -4, 7],
      [-2, 5, -8],
      [3, -6, 9],
    ]);
    const none = await readWfdb('rec 1 250\nrec.dat 16', () => new Uint8Array());
    expect(none.signal[0]).toHaveLength(0);
  });

  it('reads no more than the header says', async () => {
    const { digital } = await readWfdb('rec 1 250 2\nrec.dat 16', () => encode16([1, 2, 3, 4]));
    expect([...digital![0]!]).toEqual([1, 2]);
  });

  it('takes checksums modulo 2^16, signed or unsigned, and none at all', async () => {
    const open = () => encode16([-1, -2]);
    for (const checksum of ['-3', '65533', '']) await readWfdb(`rec 1 250\nrec.dat 16 200 16 0 -1 ${checksum}`, open);
    for (const fields of ['-1 -4', '-1 3', '-2 -3', '-1 32765']) {
      const header = `rec 1 250 2\nrec.dat 16 200 16 0 ${fields} 0 II`;
      const error = { name: 'FormatError', code: 'CHECKSUM_MISMATCH', place: { format: 'wfdb', file: 'rec.dat', line: 2 } };
      await expect(readWfdb(header, open)).rejects.toMatchObject(error);
      expect((await readWfdb(header, open, { checksum: 'ignore' })).digital![0]).toEqual(Int32Array.from([-1, -2]));
    }
  });

  it.each([
    ['rec/2 1 250 100\na 50\nb 50', 'UNSUPPORTED_WFDB_SEGMENTS'],
    ['rec 1 250\nrec.dat 310', 'UNSUPPORTED_WFDB_FORMAT'],
    ['rec 1 250\nrec.dat 9999', 'UNSUPPORTED_WFDB_FORMAT'],
    ['rec 1 250\nrec.dat 16x2', 'UNSUPPORTED_WFDB_FRAMES'],
    ['rec 1 250\nrec.dat 16x0', 'UNSUPPORTED_WFDB_FRAMES'],
    ['rec 1 250\nrec.dat 16:3', 'UNSUPPORTED_WFDB_SKEW'],
    ['rec 0 250', 'NO_SIGNALS'],
    ['rec 1 250\n../rec.dat 16', 'UNSAFE_FILE_NAME'],
    ['rec 1 250\n/etc/rec.dat 16', 'UNSAFE_FILE_NAME'],
    ['rec 1 250\n..\\rec.dat 16', 'UNSAFE_FILE_NAME'],
    ['rec 1 250\nC:rec.dat 16', 'UNSAFE_FILE_NAME'],
    ['rec 1 250\n.. 16', 'UNSAFE_FILE_NAME'],
    ['rec 1 250\nrec\0.dat 16', 'UNSAFE_FILE_NAME'],
    ['rec 2 250\nrec.dat 16\nrec.dat 212', 'BAD_HEADER'],
    ['rec 2 250\nrec.dat 16+4\nrec.dat 16+8', 'BAD_HEADER'],
    ['rec 1 250 9007199254740991\nrec.dat 16', 'TRUNCATED'],
    ['rec 1 250 51\nrec.dat 16', 'TRUNCATED'],
    ['rec 1 250 67\nrec.dat 212', 'TRUNCATED'],
    ['rec 1 250 1\nrec.dat 16+99', 'TRUNCATED'],
    [`rec 1 250 1\nrec.dat 16+${'9'.repeat(400)}`, 'TRUNCATED'],
    ['rec 2 250\nrec.dat 16\nother.dat 212', 'UNEQUAL_LENGTHS'],
  ])('refuses %j: %s', async (header, code) => {
    await expect(readWfdb(header, () => new Uint8Array(100))).rejects.toMatchObject({ name: 'FormatError', code });
  });

  it('names what was expected and what is there', async () => {
    const read = readWfdb('rec 2 250 60\nrec.dat 16\nrec.dat 16', () => new Uint8Array(100));
    await expect(read).rejects.toThrow('2 signals of 60 samples need 240 bytes, the file has 100 (format wfdb, file rec.dat)');
  });

  it('reads 66 values of format 212 from 99 bytes, and the 67th from two more', async () => {
    const samples = Array.from({ length: 67 }, (_, i) => 30 * i - 1000);
    expect(encode212(samples)).toHaveLength(101);
    const { digital } = await readWfdb('rec 1 250 67\nrec.dat 212', () => encode212(samples));
    expect([...digital![0]!]).toEqual(samples);
  });

  it('gives the caller his own errors back', async () => {
    const thrown = new Error('offline');
    await expect(readWfdb('rec 1\nrec.dat 16', () => Promise.reject(thrown))).rejects.toBe(thrown);
    await expect(readWfdb('rec 1\nrec.dat 16', () => 'text' as never)).rejects.toThrow(TypeError);
  });
});

describe('a .mat file behind a header', () => {
  const written = writeChallenge('A0001', 500, twelveLeads(30));
  const mat = written.files.get('A0001.mat')!;

  it('is read by columns', async () => {
    const { digital, sigName } = await readWfdb(written.header, openFrom(written));
    expect(digital!.map((samples) => [...samples])).toEqual(twelveLeads(30).map((lead) => lead.digital));
    expect(sigName[3]).toBe('aVR');
    const withoutLength = written.header.replace('500 30', '500');
    expect((await readWfdb(withoutLength, () => mat)).digital).toEqual(digital);
  });

  it.each([
    ['other leads', (header: string) => header.replace(' 12 500', ' 11 500').replace(/\n[^\n]*V6\n/, '\n'), 'MAT_MISMATCH'],
    ['other length', (header: string) => header.replace('500 30', '500 29'), 'MAT_MISMATCH'],
    ['other offset', (header: string) => header.replaceAll('16+24', '16+26'), 'MAT_MISMATCH'],
    ['other format', (header: string) => header.replaceAll('16+24', '212+24'), 'MAT_MISMATCH'],
  ])('must be the matrix described: %s', async (_, change, code) => {
    await expect(readWfdb(change(written.header), () => mat)).rejects.toMatchObject({ code, place: { format: 'mat', file: 'A0001.mat' } });
  });

  it('must be complete and a MATLAB v4 file', async () => {
    for (const header of [written.header, written.header.replace('500 30', '500')]) {
      await expect(readWfdb(header, () => mat.subarray(0, -1))).rejects.toMatchObject({ code: 'TRUNCATED' });
    }
    await expect(readWfdb(written.header, () => new Uint8Array(1000))).rejects.toMatchObject({ code: 'BAD_MAT' });
    const later = new TextEncoder().encode('MATLAB 5.0 MAT-file'.padEnd(1000));
    await expect(readWfdb(written.header, () => later)).rejects.toMatchObject({ code: 'UNSUPPORTED_MAT' });
  });
});

describe('damaged input gives a record or a named error', () => {
  const plain = writeWfdb('rec', 500, [
    { digital: [1, 2, 3], format: '212', fileName: 'a.dat' },
    { digital: [-4, 5, -6], format: '16', fileName: 'b.dat' },
  ]);
  const challenge = writeChallenge('A0001', 500, twelveLeads(10));

  it.each([
    ['two files', plain],
    ['challenge', challenge],
  ])('every truncation: %s', async (_, written) => {
    for (let end = 0; end <= written.header.length; end++) {
      await expectRecordOrNamedError(() => readWfdb(written.header.slice(0, end), openFrom(written)));
    }
    for (const [cut, bytes] of written.files) {
      for (let end = 0; end < bytes.length; end++) {
        const open = (name: string) => (name === cut ? bytes.subarray(0, end) : openFrom(written)(name));
        await expect(readWfdb(written.header, open)).rejects.toMatchObject({ name: 'FormatError' });
        await expectRecordOrNamedError(() => readWfdb(written.header.replace(/500 \d+/, '500'), open));
      }
    }
  });

  it('any header, any bytes', async () => {
    const token = fc.constantFrom(
      'rec',
      'rec.dat',
      'rec.mat',
      '1',
      '2',
      '0',
      '-1',
      '16',
      '212',
      '16+24',
      '200(0)/mV',
      '#',
      '\n',
      '\n',
      'é',
      '1e9',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.uint8Array({ maxLength: 200 }), (header, bytes) =>
        expectRecordOrNamedError(() => readWfdb(header, () => bytes)),
      ),
      { numRuns: 2000 },
    );
  });

  it('one byte changed in a challenge record', async () => {
    const mat = challenge.files.get('A0001.mat')!;
    await fc.assert(
      fc.asyncProperty(fc.nat(mat.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = mat.map((byte, index) => (index === at ? byte ^ flip : byte));
        if (at >= 20 && at < 23) return; // the matrix's name is free
        await expect(readWfdb(challenge.header, () => changed)).rejects.toMatchObject({ name: 'FormatError' });
      }),
      { numRuns: 500 },
    );
  });
});

describeWithData('real records equal what wfdb for Python reads', (folder) => {
  it.each(Object.entries(digests))('%s', async (path, expected) => {
    const header = readFileSync(`${join(folder, path)}.hea`, 'utf8');
    const record = await readWfdb(header, (name) => new Uint8Array(readFileSync(join(folder, path, '..', name))));
    const hash = createHash('sha256');
    for (const samples of record.digital!) hash.update(samples);
    const { fs, sigName, adcGain, baseline } = record;
    const { sha256, sigLen, units, ...values } = expected;
    expect({ fs, sigName, adcGain, baseline }).toEqual(values);
    expect(record.units).toEqual(units.map((unit) => (/^mv$/i.test(unit) ? 'mV' : 'unknown')));
    expect(record.signal[0]).toHaveLength(sigLen);
    expect(hash.digest('hex')).toBe(sha256);
  });

  it('covers the whole folder of records', () => {
    expect(Object.keys(digests).filter((path) => path.startsWith('records/'))).toHaveLength(102);
  });
});
