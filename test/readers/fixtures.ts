import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect } from 'vitest';
import { checkRecord, type EcgRecord } from '../../src/ecg.js';
import { expectRecordOrNamedError } from './writers.js';

// Files made by training/xml_fixtures.py, each with what Python reads in it beside it (NAME.expected.json).

interface Expected {
  fs: number;
  sigName: string[];
  units: string[];
  /** null stands for NaN. */
  signal: (number | null)[][];
  digital?: number[][];
}

export function fixture(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`./fixtures/${path}`, import.meta.url)));
}

/** Holds a record to the file beside the fixture: integers exactly, the others within what two roundings make. */
export function expectFixture(record: EcgRecord, path: string): void {
  const expected = JSON.parse(new TextDecoder().decode(fixture(`${path}.expected.json`))) as Expected;
  checkRecord(record);
  expect([record.sigName, record.units]).toEqual([expected.sigName, expected.units]);
  expect(record.fs).toBe(expected.fs);
  expect(record.digital?.map((samples) => [...samples])).toEqual(expected.digital);
  expected.signal.forEach((samples, lead) => {
    expect(record.signal[lead]).toHaveLength(samples.length);
    samples.forEach((sample, t) => {
      const value = record.signal[lead]![t]!;
      if (sample === null) expect(value).toBeNaN();
      else expect(Math.abs(value - sample)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(sample));
    });
  });
  expectDigitalToAgree(record);
}

/** physical = (digital - baseline) / adcGain, where all of them are there. */
export function expectDigitalToAgree({ signal, digital, adcGain, baseline }: EcgRecord): void {
  digital?.forEach((samples, lead) => {
    samples.forEach((sample, t) => {
      const physical = (sample - baseline![lead]!) / adcGain![lead]!;
      const value = signal[lead]![t]!;
      if (!Number.isNaN(value)) expect(physical).toBeCloseTo(value, 6);
    });
  });
}

/** Every truncation of a file, and files with bytes changed, removed and doubled. */
export async function expectNoHarm(bytes: Uint8Array, read: (bytes: Uint8Array) => EcgRecord, numRuns = 600): Promise<void> {
  for (let end = 0; end < bytes.length; end++) await expectRecordOrNamedError(() => read(bytes.subarray(0, end)));
  const change = fc.record({ at: fc.nat(bytes.length - 1), length: fc.integer({ min: 1, max: 12 }), kind: fc.nat(3), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      let mutated = [...bytes];
      for (const { at, length, kind, byte } of changes) {
        const piece = mutated.slice(at, at + length);
        if (kind === 0) mutated[at % mutated.length] = byte;
        else if (kind === 1) mutated.splice(at, length);
        else if (kind === 2) mutated.splice(at, 0, ...piece);
        else mutated = [...mutated.slice(0, at), ...Buffer.from('1e9'), ...mutated.slice(at)];
      }
      await expectRecordOrNamedError(() => read(Uint8Array.from(mutated)));
    }),
    { numRuns },
  );
}

export const failing = (code: string, more = {}) => expect.objectContaining({ name: 'FormatError', code, ...more });
