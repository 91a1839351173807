import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EcgRecord, SignalArray } from '../../src/ecg.js';
import { simulate } from '../../src/simulate.js';
import { toSixteenBits } from '../../src/writers/digital.js';

const recordOf = (signal: SignalArray): EcgRecord => ({ fs: 100, sigName: ['I'], units: ['mV'], signal: [signal] });

function back({ digital, adcGain, baseline }: EcgRecord): number[] {
  return Array.from(digital![0]!, (value) => (value === -32768 ? Number.NaN : (value - baseline![0]!) / adcGain![0]!));
}

it('integers that fit stay', () => {
  const record = simulate({ seconds: 1 });
  const { record: same, largestError } = toSixteenBits(record);
  expect([same.digital, same.adcGain, same.baseline]).toEqual([record.digital, record.adcGain, record.baseline]);
  expect(new Set(largestError)).toEqual(new Set([0]));
});

it('decimals are exact', () => {
  for (const digits of [0, 1, 2, 3, 4]) {
    const values = Float64Array.from({ length: 50 }, (_, n) => Number(((n - 25) * 0.0437).toFixed(digits)));
    const { record, largestError } = toSixteenBits(recordOf(values));
    expect(back(record)).toEqual(Array.from(values, (value) => value + 0));
    expect(largestError).toEqual([0]);
  }
});

it('anything else is within half a step of 16 bits; what is not finite is marked', () => {
  const sample = fc.oneof(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => (Math.abs(value) < 1e-6 ? 0 : value)),
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
  );
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 30 }), (list) => {
      const values = Float64Array.from(list);
      const { record, largestError } = toSixteenBits(recordOf(values));
      const most = Math.max(0, ...list.filter(Number.isFinite).map(Math.abs));
      expect(record.digital![0]!.every((value) => value >= -32768 && value <= 32767)).toBe(true);
      back(record).forEach((value, n) => {
        if (Number.isFinite(list[n])) expect(Math.abs(value - list[n]!)).toBeLessThanOrEqual(largestError[0]!);
        else expect(value).toBeNaN();
      });
      expect(largestError[0]).toBeLessThanOrEqual((most / 32767) * 0.501);
    }),
  );
});

it('a sample that the source calls invalid stays invalid, and integers of 24 bits are scaled', () => {
  const digital = Int32Array.of(5, 6, 7);
  const marked = { ...recordOf(Float64Array.of(0.005, Number.NaN, 0.007)), digital: [digital], adcGain: [1000], baseline: [0] };
  expect(Array.from(toSixteenBits(marked).record.digital![0]!)).toEqual([5, -32768, 7]);
  const wide = { ...recordOf(Float64Array.of(-8, 8)), digital: [Int32Array.of(-8_000_000, 8_000_000)], adcGain: [1e6], baseline: [0] };
  expect(back(toSixteenBits(wide).record)).toEqual([-8, 8]);
});
