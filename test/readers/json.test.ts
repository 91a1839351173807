import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isJson, type JsonOptions, readJson } from '../../src/readers/json.js';
import { expectFixture, expectNoHarm, failing, fixture } from './fixtures.js';
import { bytesOf, expectRecordOrNamedError } from './writers.js';

const read = (value: unknown, options?: JsonOptions) =>
  readJson(bytesOf(typeof value === 'string' ? value : JSON.stringify(value)), options);

const record = {
  fs: 500,
  sigName: ['I', 'II'],
  units: ['mV', 'uV'],
  signal: [
    [1, 2],
    [3, null],
  ],
};
const leads = { fs: 500, units: 'mV', I: [1, 2], II: [3, null] };

describe('readJson', () => {
  it.each(['record.json', 'leads.json'])('gives what Python reads in %s', (name) => {
    expectFixture(readJson(fixture(`json/${name}`)), `json/${name}`);
  });

  it('reads what a record is written as', () => {
    const numbers = fc.array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 4 }), (rows) => {
        const sigName = rows.map((_, index) => `V${index + 1}`);
        const units = rows.map(() => 'uV');
        const { signal } = read({ fs: 250, sigName, units, signal: rows });
        expect(signal.map((samples) => [...samples])).toEqual(rows.map((row) => row.map((value) => value + 0)));
      }),
    );
  });

  it('reads both forms', () => {
    expect(read(record)).toEqual({ ...record, signal: [Float64Array.of(1, 2), Float64Array.of(3, Number.NaN)] });
    expect(read(leads)).toEqual({
      fs: 500,
      sigName: ['I', 'II'],
      units: ['mV', 'mV'],
      signal: [Float64Array.of(1, 2), Float64Array.of(3, Number.NaN)],
    });
    expect(
      read({
        ...record,
        signal: [
          [1, 2],
          [3, 4],
        ],
        digital: [
          [1, 2],
          [3, 4],
        ],
        adcGain: [1, 1],
        baseline: [0, 0],
      }),
    ).toMatchObject({
      digital: [Int32Array.of(1, 2), Int32Array.of(3, 4)],
      adcGain: [1, 1],
      baseline: [0, 0],
    });
    expect(read(`\ufeff ${JSON.stringify(leads)}`).sigName).toEqual(['I', 'II']);
    expect(read({ ...leads, patient: { name: 'Jane' }, labels: ['AF'], 'Lead V1': [1, 2] }).sigName).toEqual(['I', 'II', 'Lead V1']);
  });

  it('reads units as one, a list, or by lead, in any spelling', () => {
    const units = (given: unknown) => read({ ...record, units: given }).units;
    expect([units('mv'), units(['\u00b5V', 'adc']), units({ I: 'mV', II: 'mmHg' })]).toEqual([
      ['mV', 'mV'],
      ['uV', 'adc'],
      ['mV', 'unknown'],
    ]);
    expect(read({ ...leads, units: { I: 'mV', II: 'uV' } }).units).toEqual(['mV', 'uV']);
  });

  it('never guesses a rate or a unit', () => {
    expect(() => read({ ...leads, units: undefined })).toThrow(failing('UNITS_REQUIRED', { place: { format: 'json', lead: 'I' } }));
    expect(() => read({ ...leads, units: { I: 'mV' } })).toThrow(failing('UNITS_REQUIRED', { place: { format: 'json', lead: 'II' } }));
    expect(() => read({ ...record, units: undefined })).toThrow(failing('UNITS_REQUIRED'));
    expect(() => read({ ...leads, units: {} })).toThrow(failing('UNITS_REQUIRED'));
    expect(read({ ...leads, units: undefined }, { units: 'uV' }).units).toEqual(['uV', 'uV']);
    expect(() => read({ ...leads, fs: undefined })).toThrow(failing('FS_REQUIRED'));
    expect(read({ ...leads, fs: undefined }, { fs: 250 }).fs).toBe(250);
    expect(() => read(leads, { fs: 250 })).toThrow(failing('FS_MISMATCH'));
    expect(() => read(leads, { fs: -1 })).toThrow(RangeError);
    expect(() => read(leads, { units: 'mv' as never })).toThrow(RangeError);
  });

  it.each([
    [{ ...record, fs: '500' }, 'fs: expected a positive number'],
    [{ ...record, fs: 0 }, 'fs: expected a positive number'],
    ['{"fs": 1e999, "I": [1]}', 'fs: expected a positive number'],
    [{ ...record, sigName: 'I' }, 'sigName: expected a list'],
    [{ ...record, sigName: ['I', 2] }, 'sigName[1]: expected a string'],
    [{ ...record, sigName: [] }, 'sigName: expected one lead at least'],
    [{ ...record, units: ['mV'] }, 'units: expected 2 entries'],
    [{ ...record, units: ['mV', 5] }, 'units[1]: expected a unit'],
    [{ ...record, signal: [[1, 2]] }, 'signal: expected 2 entries, one for each lead in sigName ([leads][samples])'],
    [{ ...record, signal: [[1, 2], 3] }, 'signal[1]: expected a list of samples'],
    [{ ...record, signal: [[1, 2], [3]] }, 'signal[1]: expected 2 samples'],
    [
      {
        ...record,
        signal: [
          [1, 2],
          [3, '4'],
        ],
      },
      'signal[1][1]: expected a number, or null',
    ],
    [
      {
        ...record,
        signal: [
          [1, [2]],
          [3, 4],
        ],
      },
      'signal[0][1]: expected a number',
    ],
    [{ ...record, signal: [[], []] }, 'signal[0]: expected one sample at least'],
    [{ ...record, signal: { I: [1, 2] } }, 'signal: expected a list'],
    [
      {
        ...record,
        digital: [
          [1, 2],
          [3, 4.5],
        ],
      },
      'digital[1][1]: expected an integer',
    ],
    [{ ...record, digital: [[1, 2], [3]] }, 'digital[1]: expected 2 samples'],
    [
      {
        ...record,
        digital: [
          [1, 2],
          [3, null],
        ],
      },
      'digital[1][1]: expected an integer',
    ],
    [{ ...record, adcGain: [1, '2'] }, 'adcGain[1]: expected a number'],
    [{ ...record, baseline: [1] }, 'baseline: expected 2 entries'],
    [{ ...leads, II: [1, true] }, 'II[1]: expected a number'],
    [{ ...leads, II: [1] }, 'II: expected 2 samples'],
    [{ ...leads, II: 5 }, 'II: expected a list of samples'],
    [{ ...leads, units: ['mV', 'mV'] }, 'units: expected one unit, or an object'],
    [{ fs: 500, MLII: [1] }, 'leads by their names'],
    ['[1, 2]', 'expected an object'],
    ['null', 'expected an object'],
    ['{"fs": 500, "I": [1, Jane]}', 'the JSON is broken'],
    ['', 'the JSON is broken'],
  ])('names the path of what is wrong: %j', (value, message) => {
    expect(() => read(value)).toThrow(failing('BAD_JSON'));
    expect(() => read(value)).toThrow(message);
    expect(() => read(value)).not.toThrow('Jane');
  });

  it('reads own keys only', () => {
    expect(() => read('{"__proto__": {"fs": 500, "I": [1]}, "units": "mV"}')).toThrow(failing('FS_REQUIRED'));
    expect(() => read({ ...record, sigName: ['toString', 'I'], units: { I: 'mV' } }).units).not.toThrow();
    expect(read({ ...record, sigName: ['toString', 'I'], units: { I: 'mV' } }).units).toEqual(['unknown', 'mV']);
  });

  it('gives a record or a named error for anything damaged', async () => {
    await expectNoHarm(fixture('json/record.json'), (bytes) => readJson(bytes), 2000);
    await expectNoHarm(fixture('json/leads.json'), (bytes) => readJson(bytes), 2000);
    await expectNoHarm(
      bytesOf(
        JSON.stringify({
          ...record,
          digital: [
            [1, 2],
            [3, 4],
          ],
        }),
      ),
      (bytes) => readJson(bytes),
      1000,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.constantFrom('fs', 'sigName', 'units', 'signal', 'digital', 'adcGain', 'comments'),
        (value, key) => expectRecordOrNamedError(() => read({ ...record, [key]: value })),
      ),
      { numRuns: 2000 },
    );
    expect(() => read(`{"I": ${'['.repeat(500_000)}`)).toThrow(failing('BAD_JSON'));
  });
});

describe('isJson', () => {
  it('knows an object', () => {
    for (const text of ['{"fs": 1}', '\ufeff\n { "I"', '{}', '{']) expect(isJson(bytesOf(text))).toBe(true);
    for (const text of ['', '[1]', '{a}', 'I,II', '<a/>']) expect(isJson(bytesOf(text))).toBe(false);
  });
});
