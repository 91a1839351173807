import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRecord } from '../../src/ecg.js';
import { FormatError } from '../../src/errors.js';
import { isIshne, readIshne } from '../../src/readers/ishne.js';
import { bytesOf, expectRecordOrNamedError } from './writers.js';

interface Expected {
  fs: number;
  leads: { name: string; digital: number[]; physical: number[] }[];
}

const FOLDER = new URL('./fixtures/ishne/', import.meta.url);
const NAMES = ['three', 'twelve'];

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.ecg`, FOLDER)));
const expected = (name: string): Expected => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'));
const failing = (code: string, more = {}) => expect.objectContaining({ name: 'FormatError', code, ...more });
const UNCHECKED = { checksum: 'ignore' } as const;

/** The fixture `three` with a field of its header changed. */
function changed(offset: number, value: number, bits: 16 | 32 = 16): Uint8Array {
  const bytes = fixture('three');
  const view = new DataView(bytes.buffer);
  if (bits === 16) view.setInt16(offset, value, true);
  else view.setInt32(offset, value, true);
  return bytes;
}

describe('readIshne', () => {
  it.each(NAMES)('gives what ishneholterlib reads in %s', (name) => {
    const record = readIshne(fixture(name));
    checkRecord(record);
    const { fs, leads } = expected(name);
    expect(record).toMatchObject({ fs, sigName: leads.map((lead) => lead.name), units: leads.map(() => 'mV') });
    leads.forEach(({ digital, physical }, index) => {
      expect([...record.digital![index]!]).toEqual(digital);
      const read = record.signal[index]!;
      [...read.slice(0, 20), ...read.slice(-1)].forEach((value, at) => {
        expect(value).toBeCloseTo(physical[at]!, 9);
      });
    });
  });

  it('tells names of people to nobody', () => expect(JSON.stringify(readIshne(fixture('three')))).not.toMatch(/Nobody|To_Be_Read/));

  it('reads -32768 as no sample', () => {
    const bytes = changed(544, -32768);
    const { signal, digital } = readIshne(bytes);
    expect(signal[0]![0]).toBeNaN();
    expect(digital![0]![0]).toBe(-32768);
  });

  it.each([
    ['a wrong checksum', changed(8, 1), {}, 'CHECKSUM_MISMATCH'],
    ['a changed name', changed(30, 1), {}, 'CHECKSUM_MISMATCH'],
    ['no lead', changed(156, 0), UNCHECKED, 'BAD_ISHNE'],
    ['13 leads', changed(156, 13), UNCHECKED, 'BAD_ISHNE'],
    ['a rate of 0', changed(272, 0), UNCHECKED, 'BAD_ISHNE'],
    ['a negative rate', changed(272, -250), UNCHECKED, 'BAD_ISHNE'],
    ['a block of negative size', changed(10, -1, 32), UNCHECKED, 'BAD_ISHNE'],
    ['a block elsewhere', changed(18, 600, 32), UNCHECKED, 'BAD_ISHNE'],
    ['samples elsewhere', changed(22, 522, 32), UNCHECKED, 'BAD_ISHNE'],
    ['a lead without resolution', changed(206, -9), UNCHECKED, 'BAD_SCALE'],
    ['a resolution of 0', changed(208, 0), UNCHECKED, 'BAD_SCALE'],
    ['more samples than there are', changed(14, 301, 32), UNCHECKED, 'TRUNCATED'],
    ['fewer samples than there are', changed(14, 299, 32), UNCHECKED, 'SIZE_MISMATCH'],
    ['a negative number of samples', changed(14, -300, 32), UNCHECKED, 'SIZE_MISMATCH'],
    ['the greatest number of samples', changed(14, 2 ** 31 - 1, 32), UNCHECKED, 'TRUNCATED'],
    ['a part after the end', fixture('three'), { startSeconds: 1.5 }, 'PAST_END'],
    ['annotations', bytesOf('ANN  1.0 and so on'), {}, 'ISHNE_ANNOTATIONS'],
    ['something else', bytesOf('ISHNE2.0'), {}, 'BAD_ISHNE'],
    ['nothing', new Uint8Array(), {}, 'BAD_ISHNE'],
  ])('refuses %s', (_, bytes, options, code) => {
    expect(() => readIshne(bytes, options)).toThrow(failing(code));
  });

  it('names the lead without resolution', () => {
    expect(() => readIshne(changed(206, -9), UNCHECKED)).toThrow(
      failing('BAD_SCALE', { place: { format: 'ishne', offset: 206, lead: 'II' } }),
    );
  });

  it('reads all whole samples where the size is ignored', () => {
    const bytes = fixture('three').subarray(0, -1);
    expect(readIshne(bytes, { fileSize: 'ignore' }).digital![2]).toHaveLength(299);
    expect(() => readIshne(bytes.subarray(0, 545), { fileSize: 'ignore' })).toThrow(failing('NO_SAMPLES'));
  });

  it('reads a part', () => {
    const { digital } = readIshne(fixture('three'), { startSeconds: 0.5, seconds: 0.25 });
    expect(digital!.map((values) => [...values])).toEqual(expected('three').leads.map((lead) => lead.digital.slice(100, 150)));
    expect(() => readIshne(fixture('three'), { startSeconds: -1 })).toThrow(RangeError);
  });

  it('is known by its beginning', () => {
    expect(NAMES.map((name) => isIshne(fixture(name)))).toEqual([true, true]);
    expect([bytesOf('ANN  1.0'), bytesOf('ISHNE1'), bytesOf('')].map(isIshne)).toEqual([true, false, false]);
  });

  it.each(NAMES)('every truncation of %s is an error with a name', (name) => {
    const bytes = fixture(name);
    const read: number[] = [];
    for (let end = 0; end < bytes.length; end++) {
      try {
        readIshne(bytes.subarray(0, end), UNCHECKED);
        read.push(end);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
    // Where a third is left, the stated size may be that of all three leads: nothing in the file tells otherwise.
    expect(read).toEqual(name === 'three' ? [bytes.length - 2 * 600] : []);
  });

  it.each(NAMES)('random changes of %s', async (name) => {
    const bytes = fixture(name);
    const position = fc.oneof(fc.nat(bytes.length - 1), fc.integer({ min: 8, max: 28 }), fc.integer({ min: 156, max: 275 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(position, fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('verify', 'ignore'),
        fc.constantFrom('verify', 'ignore'),
        (changes, checksum, fileSize) => {
          const damaged = bytes.slice();
          for (const [at, value] of changes) damaged[at] = value;
          return expectRecordOrNamedError(() => {
            const record = readIshne(damaged, { checksum, fileSize });
            expect(record.signal.length * record.signal[0]!.length).toBeLessThanOrEqual(damaged.length / 2);
            return record;
          });
        },
      ),
      { numRuns: 2500, seed: 3 },
    );
  });
});
