import { describe, expect, it } from 'vitest';
import { parseWfdbHeader } from '../../src/readers/index.js';

describe('the record line', () => {
  it('has defaults for all that may be left out', () => {
    expect(parseWfdbHeader('rec 1\nrec.dat 212')).toEqual({
      recordName: 'rec',
      sigCount: 1,
      fs: 250,
      comments: [],
      signals: [
        {
          fileName: 'rec.dat',
          format: '212',
          samplesPerFrame: 1,
          skew: 0,
          byteOffset: 0,
          adcGain: 200,
          baseline: 0,
          units: 'mV',
          adcResolution: 0,
          adcZero: 0,
          blockSize: 0,
          sigName: '',
          line: 2,
        },
      ],
    });
  });

  it.each([
    ['rec 0 62.4725/999.56(12.5) 14400 17:27:45.25 15/08/1994', 62.4725, 999.56, 12.5, 14400, '17:27:45.25', '15/08/1994'],
    ['rec 0 62.4725/999.56(-12) 14400', 62.4725, 999.56, -12, 14400, undefined, undefined],
    ['rec 0 360.0/720 0', 360, 720, undefined, undefined, undefined, undefined],
    ['rec 0 1e3 5000 05-Feb-2020 11:39:16', 1000, undefined, undefined, 5000, '11:39:16', '05-Feb-2020'],
    ['rec 0 500 5000 11:39:16', 500, undefined, undefined, 5000, '11:39:16', undefined],
    ['\t rec.mat\t0   .5', 0.5, undefined, undefined, undefined, undefined, undefined],
  ])('%s', (line, fs, counterFrequency, baseCounter, sigLen, baseTime, baseDate) => {
    expect(parseWfdbHeader(line)).toMatchObject({ fs });
    const header = parseWfdbHeader(line);
    expect([header.counterFrequency, header.baseCounter, header.sigLen]).toEqual([counterFrequency, baseCounter, sigLen]);
    expect([header.baseTime, header.baseDate]).toEqual([baseTime, baseDate]);
  });

  it('of a multi-segment record is followed by its segments', () => {
    const header = parseWfdbHeader('multi/3 2 360 1000\na 500\n# gap\n~ 300\nc_1 200 \n');
    expect(header).toMatchObject({ recordName: 'multi', sigCount: 2, segments: 3, sigLen: 1000, signals: [], comments: ['gap'] });
    expect(header.segmentLines).toEqual([
      { recordName: 'a', sigLen: 500, line: 2 },
      { recordName: '~', sigLen: 300, line: 4 },
      { recordName: 'c_1', sigLen: 200, line: 5 },
    ]);
  });

  it.each([
    ['m/0 1', 1],
    ['m/2 1\na 5', 1],
    ['m/1 1\na 5\nb 5', 1],
    ['m/1 1 250 6\na 5', 1],
    ['m/1 1\na', 2],
    ['m/1 1\na x', 2],
    ['m/1 1\na -5', 2],
    ['m/2 1\na 9007199254740991\nb 1', 1],
  ])('refuses the segments of %j', (text, line) => {
    const error = { name: 'FormatError', code: 'BAD_HEADER', place: { format: 'wfdb', file: 'm.hea', line } };
    expect(() => parseWfdbHeader(text, 'm.hea')).toThrow(expect.objectContaining(error));
  });

  it.each([
    ['', undefined],
    ['# only a comment', undefined],
    ['rec', 1],
    ['rec two', 1],
    ['rec -1', 1],
    ['rec 1.5', 1],
    ['a/b/c 1', 1],
    ['rec 0 0', 1],
    ['rec 0 -250', 1],
    ['rec 0 fast', 1],
    ['rec 0 1e999', 1],
    ['rec 0 0x10', 1],
    ['rec 0 250 -1', 1],
    ['rec 0 250 99999999999999999999', 1],
    ['rec 0 250/x', 1],
    ['#c\n\nrec 2 250\nrec.dat 16', 3],
    ['rec 1 250\nrec.dat 16\nrec.dat 16', 1],
    ['rec 4000000000 250', 1],
  ])('refuses %j', (text, line) => {
    expect(() => parseWfdbHeader(text)).toThrow(expect.objectContaining({ name: 'FormatError', code: 'BAD_HEADER' }));
    expect(() => parseWfdbHeader(text)).toThrow(expect.objectContaining({ place: { format: 'wfdb', ...(line && { line }) } }));
  });
});

describe('a signal line', () => {
  const parse = (line: string) => parseWfdbHeader(`rec 1 250\n${line}`).signals[0]!;

  it.each([
    ['16', { format: '16', samplesPerFrame: 1, skew: 0, byteOffset: 0 }],
    ['212x4', { format: '212', samplesPerFrame: 4, skew: 0, byteOffset: 0 }],
    ['16+24', { format: '16', samplesPerFrame: 1, skew: 0, byteOffset: 24 }],
    ['16x1+24', { format: '16', samplesPerFrame: 1, skew: 0, byteOffset: 24 }],
    ['212:4', { format: '212', samplesPerFrame: 1, skew: 4, byteOffset: 0 }],
    ['80x2:3+512', { format: '80', samplesPerFrame: 2, skew: 3, byteOffset: 512 }],
  ])('has a storage field %s', (storage, fields) => {
    expect(parse(`rec.dat ${storage} 200`)).toMatchObject(fields);
  });

  it.each([
    ['1000.0(0)/mV', 1000, 0, 'mV'],
    ['1000/mv', 1000, 7, 'mv'],
    ['1.253e+04/NU', 12530, 7, 'NU'],
    ['12.84(-1605)/mmHg', 12.84, -1605, 'mmHg'],
    ['-200', -200, 7, 'mV'],
    ['0(5)/µV', 200, 5, 'µV'],
    ['0', 200, 7, 'mV'],
    ['200(-0)', 200, 0, 'mV'],
    ['5/degrees/s', 5, 7, 'degrees/s'],
  ])('has a gain field %s', (gain, adcGain, baseline, units) => {
    expect(parse(`rec.dat 16 ${gain} 12 7`)).toMatchObject({ adcGain, baseline, units, adcResolution: 12, adcZero: 7 });
  });

  it('ends with a free description', () => {
    const text = 'binformats.d0 8 200/mV 12 0 -2047 -31143 0 sig 0,  fmt 8 \t';
    expect(parse(text)).toMatchObject({ initialValue: -2047, checksum: -31143, blockSize: 0, sigName: 'sig 0,  fmt 8', line: 2 });
    expect(parse('rec.dat 16 200 12 0 5')).not.toHaveProperty('checksum');
    expect(parse('rec.dat 16 200 12 0')).not.toHaveProperty('initialValue');
  });

  it.each([
    'rec.dat',
    'rec.dat x',
    'rec.dat 16x',
    'rec.dat 16+',
    'rec.dat 16 V1',
    'rec.dat 16 200(a)',
    'rec.dat 16 200(1',
    'rec.dat 16 1 12.5',
    'r 16 1 12 0 0 x',
  ])('is refused: %s', (line) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'BAD_HEADER', place: { format: 'wfdb', line: 2 } }));
  });
});

it('comments lose their mark, wherever they stand and whatever ends their line', () => {
  expect(parseWfdbHeader('# before\r\nrec 0\r\n#Age: 1\r##<a> # b\n').comments).toEqual(['before', 'Age: 1', '<a> # b']);
});

it('long fields take linear time', () => {
  const started = performance.now();
  for (const piece of ['1', '1(', '/', ' ', 'a ', '\t1', '+1', '1.', '(0)']) {
    for (const text of [`rec 1 250\nr 16 ${piece.repeat(200_000)}x`, `${piece.repeat(200_000)}x`, `rec 0 ${piece.repeat(200_000)}x`]) {
      try {
        parseWfdbHeader(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_HEADER' });
      }
    }
  }
  expect(performance.now() - started).toBeLessThan(5000);
});
