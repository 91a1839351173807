// Element types and strided views against readable references.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findLayoutFault, gather, toFloat32 } from '../../src/convert/tensors.js';

const decode = (dtype: string, bytes: Uint8Array) => toFloat32({ dtype, shape: [], contiguous: () => bytes });

/** IEEE 754 with so many bits of exponent and fraction, by its definition. */
function ieeeValue(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >>> (exponentBits + fractionBits) ? -1 : 1;
  const exponent = (bits >>> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction) * 2 ** (exponent - bias) : fraction * 2 ** (1 - bias));
}

it.each([
  ['F16', 5, 10],
  ['BF16', 8, 7],
])('all 65536 values of %s', (dtype, exponentBits, fractionBits) => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const expected = Float32Array.from(halves, (bits) => ieeeValue(bits, exponentBits, fractionBits));
  expect(decode(dtype, new Uint8Array(halves.buffer))).toEqual(expected);
});

it('F64 is rounded to nearest, ties to even', () => {
  const ulp = 2 ** -23;
  const cases = [
    [1 + ulp / 2, 1],
    [1 + (3 * ulp) / 2, 1 + 2 * ulp],
    [1 + ulp / 2 + 2 ** -52, 1 + ulp],
    [-1 - ulp / 2, -1],
    [2 ** -150, 0],
    [3 * 2 ** -150, 2 ** -148],
    [3.4028235677973366e38, Number.POSITIVE_INFINITY],
    [3.4028235677973362e38, 3.4028234663852886e38],
  ] as const;
  const values = Float64Array.from(cases, ([value]) => value);
  expect(Array.from(decode('F64', new Uint8Array(values.buffer)))).toEqual(cases.map(([, rounded]) => rounded));
});

it('F32 keeps its bits, and nothing is shared', () => {
  const bytes = Uint8Array.from({ length: 8 }, (_, i) => 16 * i + 1);
  const values = decode('F32', bytes);
  expect(new Uint8Array(values.buffer)).toEqual(bytes);
  expect(values.buffer).not.toBe(bytes.buffer);
});

const axis = fc.record({ size: fc.integer({ min: 0, max: 4 }), stride: fc.integer({ min: 0, max: 7 }) });

it('views are gathered as their strides say, or are refused', () => {
  const storage = Uint8Array.from({ length: 120 }, (_, i) => i);
  fc.assert(
    fc.property(fc.array(axis, { maxLength: 4 }), fc.nat(40), fc.constantFrom(1, 2, 4), (axes, offset, elementBytes) => {
      const layout = { shape: axes.map(({ size }) => size), strides: axes.map(({ stride }) => stride), offset };
      const elements = storage.length / elementBytes;
      let indices = [offset];
      for (const { size, stride } of axes) indices = indices.flatMap((index) => Array.from({ length: size }, (_, i) => index + i * stride));
      const outside = indices.some((index) => index >= elements);
      expect(findLayoutFault(layout, elements) !== undefined).toBe(outside);
      if (outside) return;
      const expected = indices.flatMap((index) => Array.from(storage.subarray(index * elementBytes, (index + 1) * elementBytes)));
      expect(Array.from(gather(storage, elementBytes, layout))).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});
