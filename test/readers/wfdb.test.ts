import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWfdb } from '../../src/readers/index.js';
import { encode16, encode212, openFrom, twelveLeads, type WrittenSignal, writeChallenge, writeWfdb } from './writers.js';

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
    ['rec 1 250\nrec.dat 9999', 'UNSUPPORTED_WFDB_FORMAT'],
    ['rec 1 250\nrec.dat 16x0', 'BAD_HEADER'],
    ['rec 1 250 1\nrec.dat 16x51', 'TRUNCATED'],
    ['rec 1 250 26\nrec.dat 16x2', 'TRUNCATED'],
    ['rec 1 250 1\nrec.dat 16x9007199254740991', 'TRUNCATED'],
    ['rec 1 1e308\nrec.dat 16x10', 'BAD_HEADER'],
    ['rec 1 250 101\nrec.dat 8', 'TRUNCATED'],
    ['rec 1 250 34\nrec.dat 24', 'TRUNCATED'],
    ['rec 1 250 26\nrec.dat 32', 'TRUNCATED'],
    ['rec 1 250 76\nrec.dat 310', 'TRUNCATED'],
    ['rec 1 250 76\nrec.dat 311', 'TRUNCATED'],
    ['rec 1 250 99999999\n~ 0', 'GAPS_TOO_LONG'],
    ['rec 2 250 9007199254740991\n~ 0x9007199254740991\n~ 0', 'GAPS_TOO_LONG'],
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
    ['rec 1 250 1\nrec.dat 16+9007199254740991', 'TRUNCATED'],
    [`rec 1 250 1\nrec.dat 16+${'9'.repeat(400)}`, 'BAD_HEADER'],
    [`rec 1 250 1\nrec.dat 16:${'9'.repeat(400)}`, 'BAD_HEADER'],
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
    const results = [
      'text',
      undefined,
      null,
      {},
      { byteLength: -1, slice: () => new Uint8Array() },
      { byteLength: 2 },
      { byteLength: 2, slice: () => 'ab' },
    ];
    for (const result of results) await expect(readWfdb('rec 1\nrec.dat 16', () => result as never)).rejects.toThrow(TypeError);
  });

  it('a source that gives less than was asked for is truncated', async () => {
    const source = { byteLength: 100, slice: (start: number, end: number) => new Uint8Array(end - start - 1) };
    const error = { name: 'FormatError', code: 'TRUNCATED', place: { format: 'wfdb', file: 'rec.dat', offset: 20 } };
    await expect(readWfdb('rec 1 250\nrec.dat 16', () => source, { startSeconds: 0.04 })).rejects.toMatchObject(error);
  });

  it('names a part in seconds, and refuses what is none', async () => {
    const open = () => encode16([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const read = (options: object) => readWfdb('rec 1 10\nrec.dat 16', open, options).then(({ digital }) => [...digital![0]!]);
    expect(await read({ startSeconds: 0.3, seconds: 0.2 })).toEqual([4, 5]);
    expect(await read({ startSeconds: 0.8, seconds: 9 })).toEqual([9, 10]);
    expect(await read({ seconds: 0.1 })).toEqual([1]);
    await expect(read({ startSeconds: 1 })).rejects.toMatchObject({ name: 'FormatError', code: 'PAST_END' });
    for (const wrong of [{ startSeconds: -1 }, { seconds: 0 }, { seconds: Number.NaN }])
      await expect(read(wrong)).rejects.toThrow(RangeError);
    await expect(read({ startSeconds: '1' })).rejects.toThrow(TypeError);
  });

  it('verifies checksums of whole signals only, and initial values where a signal begins', async () => {
    const open = () => encode16([5, -2, 7]);
    const header = (initial: number, checksum: number) => `rec 1 1 3\nrec.dat 16 200 16 0 ${initial} ${checksum}`;
    expect((await readWfdb(header(5, 99), open, { seconds: 2 })).digital![0]).toEqual(Int32Array.from([5, -2]));
    expect((await readWfdb(header(4, 99), open, { startSeconds: 1 })).digital![0]).toEqual(Int32Array.from([-2, 7]));
    await expect(readWfdb(header(4, 10), open, { seconds: 2 })).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
    // What stands there for an invalid first sample differs between writers.
    const invalid = await readWfdb('rec 1 1 2\nrec.dat 16 200 16 0 0 -32767', () => encode16([-32768, 1]));
    expect([...invalid.signal[0]!]).toEqual([Number.NaN, 0.005]);
  });

  it('brings skewed signals in time with each other', async () => {
    const frames = [1, 10, 100, 2, 20, 200, 3, 30, 300, 4, 40, 400];
    const header = 'rec 3 250 4\nrec.dat 16\nrec.dat 16:1 200 16 0 10 100\nrec.dat 16:3';
    const { digital, signal } = await readWfdb(header, () => encode16(frames));
    const gap = -32768;
    expect(digital!.map((samples) => [...samples])).toEqual([
      [1, 2, 3, 4],
      [20, 30, 40, gap],
      [400, gap, gap, gap],
    ]);
    expect(signal.map((samples) => samples.filter(Number.isNaN).length)).toEqual([0, 1, 3]);
    const far = await readWfdb('rec 1 250 4\nrec.dat 16:9007199254740991', () => encode16(frames));
    expect([...far.digital![0]!]).toEqual([gap, gap, gap, gap]);
  });

  it('averages over frames like getvec: towards zero, invalid where one sample is', async () => {
    const { digital, fs } = await readWfdb('rec 1 250\nrec.dat 16x2', () => encode16([1, 2, -1, -2, 5, -32768]), { smoothFrames: true });
    expect([fs, ...digital![0]!]).toEqual([250, 1, -1, -32768]);
  });

  it.each([
    [['I x2', 'II x2'], 2],
    [['I x2', 'II x3'], 1],
    [['ECG1 x5', 'Resp'], 5],
    [['MLII x4', 'MCL1 x4', 'ABP x2', 'V x4'], 4],
    [['V6R x2', 'Volume x3'], 2],
    [['Resp x3', 'ABP x3'], 3],
    [['Resp x3', 'ABP'], 1],
  ])('%j come at %i times the rate of frames', async (signals, perFrame) => {
    const lines = signals.map((signal) => {
      const [name, x1 = ''] = signal.split(' ');
      return `rec.dat 16${x1} 200 16 0 0 0 0 ${name}`;
    });
    const record = await readWfdb(`rec ${signals.length} 100 2\n${lines.join('\n')}`, () => new Uint8Array(100));
    expect(record.fs).toBe(100 * perFrame);
    for (const samples of record.signal) expect(samples).toHaveLength(2 * perFrame);
  });

  it('a signal without a file is invalid all over', async () => {
    const { signal, digital } = await readWfdb('rec 2 250\nrec.dat 16\n~ 0x3 200 16 0 7 7', () => encode16([1, 2]));
    expect([...signal[1]!]).toEqual([Number.NaN, Number.NaN]);
    expect([...digital![1]!]).toEqual([-32768, -32768]);
  });

  it('of format 8 the initial value is no sample, and the ADC zero where it is absent', async () => {
    for (const fields of ['1000', '3 1000', '3 1000 4127']) {
      const { digital } = await readWfdb(`rec 1 250\nrec.dat 8 200 12 ${fields}`, () => Uint8Array.from([1, 255, 127, 128]));
      expect([...digital![0]!]).toEqual([1001, 1000, 1127, 999]);
    }
  });

  it('decodes long files in pieces that fit together', async () => {
    const frames = 1_400_003; // 4 200 009 values: more than a record may have of gaps, and an odd count
    const bytes = Uint8Array.from({ length: Math.ceil(frames * 4.5) }, (_, i) => (i * 7919) >> 5);
    const { digital } = await readWfdb(`rec 3 250 ${frames}\nrec.dat 212\nrec.dat 212\nrec.dat 212`, () => bytes);
    const value = (i: number) => {
      const at = 3 * (i >> 1);
      const unsigned = i % 2 === 0 ? bytes[at]! + 256 * (bytes[at + 1]! % 16) : bytes[at + 2]! + 256 * (bytes[at + 1]! >> 4);
      return unsigned < 2048 ? unsigned : unsigned - 4096;
    };
    const wrong = Array.from({ length: 3 }, (_, lead) => digital![lead]!.findIndex((sample, frame) => sample !== value(3 * frame + lead)));
    expect(wrong).toEqual([-1, -1, -1]);
    expect(digital![2]).toHaveLength(frames);
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
