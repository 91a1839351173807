import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvOptions, readCsv } from '../../src/readers/index.js';
import { expectRecordOrNamedError, writeCsv } from './writers.js';

const options: CsvOptions = { fs: 500, units: 'mV' };

function expectError(text: string, code: string, given: CsvOptions = options) {
  const read = () => readCsv(text, given);
  expect(read).toThrow(expect.objectContaining({ name: 'FormatError', code }));
  return expect(read);
}

describe('readCsv', () => {
  it('reads what was written, with every separator and line ending', () => {
    const table = fc.integer({ min: 1, max: 30 }).chain((rows) => {
      const column = fc.array(
        fc.oneof(fc.double(), fc.integer()).map((value) => value + 0),
        { minLength: rows, maxLength: rows },
      );
      return fc.array(column, { minLength: 1, maxLength: 12 });
    });
    const style = fc.record({ separator: fc.constantFrom(',', ';', '\t'), eol: fc.constantFrom('\n', '\r\n', '\r') });
    fc.assert(
      fc.property(table, style, (columns, { separator, eol }) => {
        const header = columns.map((_, index) => `V${index + 1}`);
        const record = readCsv(writeCsv(header, columns, { separator, eol }), options);
        expect(record.sigName).toEqual(header);
        expect(record.signal.map((samples) => [...samples])).toEqual(columns.map((column) => [...column]));
      }),
    );
  });

  it('takes units from the header, and from the option where it has none', () => {
    const { sigName, units, fs } = readCsv('I (mV),II [uV],III (\u00b5V),aVR,V1 (ADC),RESP (Ohm),other\n1,2,3,4,5,6,7', {
      fs: 250,
      units: 'uV',
    });
    expect(sigName).toEqual(['I', 'II', 'III', 'aVR', 'V1', 'RESP', 'other']);
    expect(units).toEqual(['mV', 'uV', 'uV', 'uV', 'adc', 'unknown', 'uV']);
    expect(fs).toBe(250);
    expect(readCsv('I (mV),other\n1,2', { fs: 250 }).units).toEqual(['mV', 'unknown']);
  });

  it('never guesses a rate or a unit', () => {
    expectError('I (mV)\n1\n2', 'FS_REQUIRED', {}).toThrow('--fs');
    expectError('I (mV),II\n1,2', 'UNITS_REQUIRED', { fs: 500 }).toThrow('--units');
    expectError('time,I (mV)\n0,1', 'FS_REQUIRED', {});
    expect(() => readCsv('I\n1', { fs: -1, units: 'mV' })).toThrow(new RangeError('"fs" expected a positive number, got -1'));
    expect(() => readCsv('I\n1', { fs: '500' as never })).toThrow(TypeError);
    expect(() => readCsv('I\n1', { fs: 500, units: 'mv' as never })).toThrow(RangeError);
  });

  it('reads quotes, byte-order marks, UTF-16, blank last lines, comment marks and decimal commas', () => {
    for (const text of [
      '"I","II"\n1.5,"2.5"\n',
      '\ufeffI,II\r\n1.5,2.5\r\n\r\n  \r\n',
      'I;II\n1,5;2,5',
      ' I \t"I""I"\n1,5\t2.5',
      '# I,II\n 1.5 , 2.5',
    ]) {
      const { signal } = readCsv(text, options);
      expect(signal).toEqual([Float64Array.of(1.5), Float64Array.of(2.5)]);
    }
    const utf16 = new Uint8Array(Uint16Array.from([...'\ufeffI (\u00b5V)\n7'].map((letter) => letter.charCodeAt(0))).buffer);
    expect(readCsv(utf16, options)).toMatchObject({ units: ['uV'], signal: [Float64Array.of(7)] });
    expect(readCsv(Uint8Array.from([0x49, 0x28, 0xb5, 0x56, 0x29, 10, 0x37]), options)).toMatchObject({ sigName: ['I'], units: ['uV'] });
    expect(readCsv('"a,b",I\n1,2', options).sigName).toEqual(['a,b', 'I']);
  });

  it('reads empty cells and NaN as NaN, infinities as such', () => {
    const { signal } = readCsv('I,II\n,NaN\nnan,-nan\ninf,-Infinity\n+1e3,-.5', options);
    const { NaN: none, POSITIVE_INFINITY: infinity } = Number;
    expect(signal).toEqual([Float64Array.of(none, none, infinity, 1000), Float64Array.of(none, none, -infinity, -0.5)]);
  });

  it.each([
    ['I,II\n1,2\n3,x', 'column II', 3],
    ['time,II\nnoon,2', 'column time', 2],
    ['Jane Doe,II\n12:00,2', 'column 1', 2],
    ['I,II\n0x10,2', 'column I', 2],
    ['I,II\n1e,2', 'column I', 2],
    ['I,II\n1 2,2', 'column I', 2],
    ['I;II\n1,2,3;2', 'column I', 2],
  ])('names line and column of what is no number: %j', (text, column, line) => {
    expectError(text, 'NOT_A_NUMBER').toThrow(expect.objectContaining({ place: { format: 'csv', line } }));
    expect(() => readCsv(text, options)).toThrow(column);
    expect(() => readCsv(text, options)).not.toThrow('Jane');
  });

  it.each([
    ['', undefined],
    ['\n\n', undefined],
    ['time\n1\n2', 1],
    ['1,2\n3,4', 1],
    ['time (min),I\n1,2\n2,3', 1],
    ['I,II\n1,2\n3', 3],
    ['I,II\n1,2\n\n3,4', 3],
    ['I,II\n1,2,3', 2],
    ['I,II\n1,"2', 2],
    ['I,II\n1,"2"3', 2],
  ])('refuses a broken table: %j', (text, line) => {
    expectError(text, 'BAD_CSV').toThrow(expect.objectContaining({ place: { format: 'csv', ...(line && { line }) } }));
  });

  it('takes linear time and no memory for a header that lies', () => {
    const started = performance.now();
    expectError(`${'I,'.repeat(300_000)}\n${'1\n'.repeat(300_000)}`, 'BAD_CSV');
    for (const piece of ['1', '"', '""', '(', '[', ' ', '-', '1e', '.', '#']) {
      const long = piece.repeat(200_000);
      for (const text of [`${long}x,I\n1,2`, `I,II\n${long}x,2`, `I\n${long}`]) {
        try {
          readCsv(text, options);
        } catch (error) {
          expect(error).toMatchObject({ name: 'FormatError' });
        }
      }
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('the time column', () => {
  const table = (times: (number | string)[], name = 'time') => writeCsv([name, 'I (mV)'], [times as number[], times.map(() => 0)]);

  it('gives the rate, whatever the rounding', () => {
    const rates = fc.oneof(fc.constantFrom(100, 125, 128, 200, 250, 256, 257, 360, 400, 500, 512, 62.5), fc.integer({ min: 50, max: 600 }));
    fc.assert(
      fc.property(rates, fc.integer({ min: 400, max: 3000 }), fc.constantFrom(3, 4, 6, 9, 17), fc.nat(1000), (fs, rows, places, start) => {
        const times = Array.from({ length: rows }, (_, t) => (places === 17 ? start + t / fs : (start + t / fs).toFixed(places)));
        const { fs: found, sigName, signal } = readCsv(table(times));
        expect(found).toBe(fs);
        expect(sigName).toEqual(['I']);
        expect(signal[0]).toHaveLength(rows);
      }),
      // Found once: ties of half a millisecond that round down before 512.5 s and up after.
      { numRuns: 200, examples: [[400, 400, 3, 512]] },
    );
  });

  it('may be anywhere, in milliseconds, and agree with { fs }', () => {
    expect(readCsv('I (mV),Time [ms]\n1,0\n2,4\n3,8').fs).toBe(250);
    expect(readCsv('"I (mV)";"time (s)"\n1;0\n2;0,004\n3;0,008').fs).toBe(250);
    expect(readCsv(table([0, 0.016, 0.032])).fs).toBe(62.5);
    expect(readCsv(table(['0', '2e-3', '4e-3'])).fs).toBe(500);
    expect(readCsv(table([0, 0.01, 0.02]), { fs: 100.05 }).fs).toBe(100.05);
    expectError(table([0, 0.01, 0.02]), 'FS_MISMATCH', { fs: 500 });
  });

  it('may count on from any moment', () => {
    const times = Array.from({ length: 500 }, (_, t) => 1.7e9 + t / 250);
    expect(readCsv(table(times)).fs).toBe(250);
  });

  it('that is uneven is an error at the step', () => {
    const even = Array.from({ length: 300 }, (_, t) => Number((t / 500).toFixed(3)));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 298 }), (missing) => {
        const text = table(even.filter((_, t) => t !== missing));
        expectError(text, 'UNEVEN_TIME').toThrow(expect.objectContaining({ place: { format: 'csv', line: missing + 2 } }));
      }),
    );
    for (const times of [
      [0, 0, 0],
      [0, 1, 0],
      [2, 1, 0],
      [0, Number.NaN, 2],
      [0, 1, Number.POSITIVE_INFINITY],
      [0, 0.004, 0.011],
    ]) {
      expectError(table(times), 'UNEVEN_TIME', {});
    }
  });
});

describe('damaged input gives a record or a named error', () => {
  it('every truncation', async () => {
    const text = '\ufeff"time (s)",I (mV),"II [\u00b5V]"\r\n0.000,1.5,\r\n0.002,NaN,-2e-3\r\n0.004,"7",1\r\n\r\n';
    const bytes = new TextEncoder().encode(text);
    for (let end = 0; end <= bytes.length; end++) await expectRecordOrNamedError(() => readCsv(bytes.subarray(0, end)));
    expect(readCsv(bytes)).toMatchObject({ fs: 500, sigName: ['I', 'II'] });
  });

  it('any text, any bytes', async () => {
    const token = fc.constantFrom(',', ',', ';', '\t', '\n', '\n', '"', 'I', 'time', ' (mV)', '1', '-0.5', 'NaN', 'e', '.', '#');
    const source = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(source, fc.constantFrom({}, options), (text, given) => expectRecordOrNamedError(() => readCsv(text, given))),
      { numRuns: 3000 },
    );
  });
});
