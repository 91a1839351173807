import { describe, expect, it } from 'vitest';
import { isAppleHealth, readAppleHealth } from '../../src/readers/apple-health.js';
import { type CsvOptions, readCsv } from '../../src/readers/csv.js';
import { expectFixture, expectNoHarm, failing, fixture } from './fixtures.js';
import { bytesOf } from './writers.js';

const english = new TextDecoder().decode(fixture('json/apple-en.csv'));
const german = new TextDecoder().decode(fixture('json/apple-de.csv'));

const changed = (from: string | RegExp, to: string, options?: CsvOptions) => readCsv(english.replace(from, to), options);

describe("Apple's Health app", () => {
  it.each(['apple-en.csv', 'apple-de.csv'])('exports what Python reads in %s', (name) => {
    expectFixture(readCsv(fixture(`json/${name}`)), `json/${name}`);
  });

  it('is known by a rate and a unit, in every language', () => {
    expect(isAppleHealth(english)).toBe(true);
    expect(isAppleHealth(german)).toBe(true);
    for (const rate of [
      '512 Hz',
      '512Hz',
      '512 Hertz',
      '512 hercios',
      '512 \u0433\u0435\u0440\u0446',
      '512\u30d8\u30eb\u30c4',
      '512\u8d6b\u5179',
    ]) {
      expect(changed('512 hertz', rate).fs).toBe(512);
    }
    expect(changed('512 hertz', '511.422 hertz').fs).toBe(511.422);
    for (const text of ['I (mV),512 Hz\n1,2\n', 'time,I (mV)\n0,1\n0.5,2\n', 'Name\n1\n2\n', '', 'Rate,0 Hz\nUnit,mV\n\n1\n']) {
      expect(isAppleHealth(text)).toBe(false);
    }
    expect(() => readAppleHealth('I\n1')).toThrow(failing('BAD_CSV'));
  });

  it('takes the lead from its own row, and no name for one', () => {
    expect(readCsv(german).sigName).toEqual(['I']); // of Louis III
    expect(changed('Lead,Lead I', 'Lead,Lead II').sigName).toEqual(['II']);
    expect(changed('Lead,Lead I', '').sigName).toEqual(['I']);
    expect(JSON.stringify(readCsv(german))).not.toMatch(/Louis|1990/);
  });

  it('reads its unit, and never another than the one stated', () => {
    expect(changed(/Unit,.*/, 'Unit,mV').units).toEqual(['mV']);
    expect(() => changed(/Unit,.*/, 'Unit,')).toThrow(expect.objectContaining({ name: 'FormatError' }));
    expect(() => changed('', '', { fs: 500 })).toThrow(failing('FS_MISMATCH'));
    expect(changed('', '', { fs: 512 }).fs).toBe(512);
  });

  it('reads rows that spreadsheets have parted otherwise', () => {
    const parted = (separator: string) =>
      german.replace(/^([^,\r\n]+),(?=\S)/gm, (row, key) => (/\d$/.test(key) ? row : `${key}${separator}`));
    expect(parted(';')).toContain('Einheit;');
    for (const separator of [';', '\t']) expect(readCsv(parted(separator))).toEqual(readCsv(german));
    expect(readCsv(english.replace('Sample Rate,512 hertz', '"Sample Rate","512 hertz"')).fs).toBe(512);
  });

  it('reads either decimal mark, and refuses both in one file', () => {
    expect([...changed('150.141', '1.5e-05').signal[0]!.slice(0, 1)]).toEqual([1.5e-5]);
    for (const [from, to] of [
      ['-3.5', '-3,5'],
      ['-3.5', '1,204'],
    ] as const) {
      expect(() => changed(from, to)).toThrow(failing('BAD_CSV', { place: { format: 'csv', line: 15 } }));
    }
    for (const wrong of ['1.234,5', 'x', '', '1 2', 'NaN', '0x1', '12;13']) {
      expect(() => changed('-3.5', wrong)).toThrow(failing('NOT_A_NUMBER', { place: { format: 'csv', line: 15 } }));
    }
    expect(() => readCsv(english.slice(0, english.indexOf('150.141')))).toThrow(failing('BAD_CSV'));
  });

  it('gives a record or a named error for anything damaged', async () => {
    await expectNoHarm(bytesOf(english), (bytes) => readCsv(bytes), 2000);
    await expectNoHarm(bytesOf(german), (bytes) => readCsv(bytes), 2000);
  });
});
