import { describe, expect, it } from 'vitest';
import { filtfilt, resample, resamplePoly, zscore } from '../../src/signal.js';
import { noise } from './reference.js';

const integers = Array.from(noise(100), (value) => Math.floor(100 * value));

describe('leadwise/signal', () => {
  it('takes every kind of array and leaves it alone', () => {
    for (const kind of [Float32Array, Float64Array, Int16Array, Int32Array]) {
      const x = kind.from(integers);
      expect(resample(x, 37)).toEqual(resample(integers, 37));
      expect(resamplePoly(x, 1, 2)).toEqual(resamplePoly(integers, 1, 2));
      expect(zscore(x)).toEqual(zscore(integers));
      expect(filtfilt([0.2], [1, -0.8], x)).toEqual(filtfilt(Float64Array.of(0.2), [1, -0.8], integers));
      expect(Array.from(x)).toEqual(integers);
    }
  });

  it('resamplePoly reduces the fraction, and copies at 1 / 1', () => {
    expect(resamplePoly(integers, 250, 500)).toEqual(resamplePoly(integers, 1, 2));
    expect(Array.from(resamplePoly(integers, 7, 7))).toEqual(integers);
  });

  it('filtfilt takes padlen and zi', () => {
    const zi = Float64Array.of(0.75);
    const plain = filtfilt([0.25], [1, -0.75], integers);
    expect(filtfilt([0.25], [1, -0.75], integers, { padlen: 6, zi })).toEqual(plain);
    expect(filtfilt([0.25], [1, -0.75], integers, { padlen: 5 })).not.toEqual(plain);
    expect(filtfilt([0.25], [1, -0.75], integers, { zi: Float64Array.of(0.5) })).not.toEqual(plain);
    expect(filtfilt([2], [4], [8], { padlen: 0 })).toEqual(Float64Array.of(2));
  });

  it('gives back the memory of a long signal, and works on', () => {
    expect(zscore(noise(3_000_000)).length).toBe(3_000_000);
    expect(zscore([1, 3])).toEqual(Float64Array.of(-1, 1));
    expect(zscore([1e308, -1e308, 1e308])).toEqual(new Float64Array(3));
  });

  const wrong = (value: unknown) => value as number[];
  it.each<[string, () => unknown, ErrorConstructor, string]>([
    ['no array', () => zscore(wrong(5)), TypeError, '"x" expected an array of numbers or a typed array, got number'],
    ['null', () => resample(wrong(null), 1), TypeError, '"x" expected an array of numbers or a typed array, got null'],
    ['a string', () => zscore(wrong('12')), TypeError, '"x" expected an array of numbers or a typed array, got string'],
    [
      'a DataView',
      () => zscore(wrong(new DataView(new ArrayBuffer(8)))),
      TypeError,
      '"x" expected an array of numbers or a typed array, got object',
    ],
    ['nothing', () => zscore([]), RangeError, '"x" expected 1 to 8388608 values, got 0'],
    ['NaN', () => resample([1, Number.NaN], 2), RangeError, '"x" expected finite numbers, got NaN at index 1'],
    ['text inside', () => zscore(wrong([1, 2, '3'])), RangeError, '"x" expected finite numbers, got 3 at index 2'],
    ['big integers', () => zscore(wrong(BigInt64Array.of(1n))), RangeError, '"x" expected finite numbers, got 1 at index 0'],
    [
      'infinite tap',
      () => filtfilt([Number.POSITIVE_INFINITY], [1], [1]),
      RangeError,
      '"b" expected finite numbers, got Infinity at index 0',
    ],
    ['a[0] = 0', () => filtfilt([1], [0, 1], integers), RangeError, '"a" expected a first coefficient other than 0, got 0'],
    ['too short', () => filtfilt([1, 1], [1], [1, 2, 3, 4, 5, 6]), RangeError, '"x" expected more samples than padlen, which is 6, got 6'],
    ['padlen', () => filtfilt([1], [1], [1], { padlen: -1 }), RangeError, '"padlen" expected an integer from 0 to 8388608, got -1'],
    [
      'padlen text',
      () => filtfilt([1], [1], [1], { padlen: '1' as never }),
      TypeError,
      '"padlen" expected an integer from 0 to 8388608, got string',
    ],
    ['zi count', () => filtfilt([1, 1], [1], integers, { zi: new Float64Array(2) }), RangeError, '"zi" expected 1 values, got 2'],
    ['zi kind', () => filtfilt([1, 1], [1], integers, { zi: [1] as never }), TypeError, '"zi" expected a Float64Array, got object'],
    [
      'integrator',
      () => filtfilt([1], [1, -1], integers),
      RangeError,
      '"a" expected a filter without a pole at zero frequency, got coefficients with sum 0',
    ],
    ['num', () => resample([1], 0), RangeError, '"num" expected an integer from 1 to 8388608, got 0'],
    ['num, a fraction', () => resample([1], 1.5), RangeError, '"num" expected an integer from 1 to 8388608, got 1.5'],
    ['up', () => resamplePoly([1], 0, 1), RangeError, '"up" expected an integer from 1 to 1048576, got 0'],
    ['down', () => resamplePoly([1], 1, -3), RangeError, '"down" expected an integer from 1 to 1048576, got -3'],
    [
      'too long',
      () => resamplePoly(new Int16Array(10), 1048576, 1),
      RangeError,
      '"up" expected at most 8388608 samples in the result, got 10485760',
    ],
    [
      'unstable',
      () => filtfilt([1], [1, -9], noise(500)),
      RangeError,
      '"x" expected values with a finite result, got an overflow at index 0',
    ],
  ])('refuses %s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(new kind(message));
  });
});
