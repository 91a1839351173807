import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeadwiseError, readMat } from '../../src/readers/index.js';
import { bytesOf, writeMat } from './writers.js';

const TYPES = [
  { code: 0, type: 'float64', value: fc.double({ noNaN: true }) },
  { code: 10, type: 'float32', value: fc.float({ noNaN: true }) },
  { code: 20, type: 'int32', value: fc.integer() },
  { code: 30, type: 'int16', value: fc.integer({ min: -32768, max: 32767 }) },
  { code: 40, type: 'uint16', value: fc.nat(65535) },
  { code: 50, type: 'uint8', value: fc.nat(255) },
];

describe('readMat', () => {
  it.each(TYPES)('reads $type in both byte orders', ({ code, type, value }) => {
    const matrices = fc.tuple(fc.nat(6), fc.nat(9)).chain(([rows, columns]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        values: fc.array(value, { minLength: rows * columns, maxLength: rows * columns }),
      }),
    );
    fc.assert(
      fc.property(matrices, fc.boolean(), ({ rows, columns, values }, bigEndian) => {
        const matrix = readMat(writeMat(bigEndian ? code + 1000 : code, rows, values, { columns }));
        expect(matrix).toMatchObject({ name: 'val', type, rows, columns });
        expect([...matrix.values]).toEqual(values);
      }),
      { numRuns: 100 },
    );
  });

  it('finds the matrix by its name among others', () => {
    const bytes = Uint8Array.from([...writeMat(0, 1, [1.5, 2.5], { name: 'time' }), ...writeMat(30, 2, [1, 2, 3, 4])]);
    expect([...readMat(bytes).values]).toEqual([1, 2, 3, 4]);
    expect([...readMat(bytes, 'time').values]).toEqual([1.5, 2.5]);
    expect(() => readMat(bytes, 'ecg')).toThrow(expect.objectContaining({ code: 'BAD_MAT' }));
  });

  it.each([
    ['nothing', new Uint8Array(), 'BAD_MAT'],
    ['zeros', new Uint8Array(100), 'BAD_MAT'],
    ['text', bytesOf('I,II,III\n1,2,3\n4,5,6\n7,8,9\n'), 'BAD_MAT'],
    ['version 5', bytesOf('MATLAB 5.0 MAT-file, Platform: GLNXA64'), 'UNSUPPORTED_MAT'],
    ['version 7.3', bytesOf('MATLAB 7.3 MAT-file, Platform: GLNXA64'), 'UNSUPPORTED_MAT'],
    ['a text matrix', writeMat(51, 1, [65, 66]), 'UNSUPPORTED_MAT'],
    ['a VAX matrix', writeMat(2030, 1, [1]), 'BAD_MAT'],
    ['an unknown type', writeMat(60, 1, []), 'BAD_MAT'],
    ['sizes beyond the file', writeMat(30, 2 ** 31 - 1, [1, 2], { columns: 2 ** 31 - 1 }), 'TRUNCATED'],
    ['negative sizes', writeMat(30, -1, [1, 2], { columns: -2 }), 'BAD_MAT'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => readMat(bytes)).toThrow(expect.objectContaining({ name: 'FormatError', code }));
  });

  it('refuses every truncation', () => {
    const bytes = writeMat(30, 3, [1, 2, 3, 4, 5, 6]);
    for (let end = 0; end < bytes.length; end++) expect(() => readMat(bytes.subarray(0, end))).toThrow(LeadwiseError);
  });

  it('gives a matrix or a named error for any bytes', () => {
    const header = fc.tuple(...[30, 3, 4, 0, 4].map((field) => fc.oneof(fc.constant(field), fc.integer())));
    const nearly = fc.tuple(header, fc.uint8Array({ maxLength: 60 })).map(([fields, rest]) => {
      return Uint8Array.from([...new Uint8Array(Int32Array.from(fields).buffer), ...rest]);
    });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        try {
          const { rows, columns, values } = readMat(bytes);
          expect(values).toHaveLength(rows * columns);
        } catch (error) {
          expect(error).toBeInstanceOf(LeadwiseError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
