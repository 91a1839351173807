import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRecord, type EcgRecord, standardLead, type Unit } from '../../src/ecg.js';
import { readEdf } from '../../src/readers/edf.js';
import { formatEdf } from '../../src/writers/edf.js';
import { twelveLeads } from '../readers/writers.js';

/** Made by `LEADWISE_WRITE_FIXTURES=1 npx vitest run test/writers/edf.test.ts`, read by pyedflib in training/edf_fixtures.py. */
const WRITTEN = new URL('../readers/fixtures/edf/written.edf', import.meta.url);

interface Lead {
  digital: number[];
  sigName?: string;
  adcGain?: number;
  baseline?: number;
  unit?: Unit;
}

function recordOf(leads: Lead[], fs = 500): EcgRecord {
  const gain = ({ adcGain = 1000 }: Lead) => adcGain;
  const zero = ({ baseline = 0 }: Lead) => baseline;
  return {
    fs,
    sigName: leads.map(({ sigName = 'I' }) => sigName),
    units: leads.map(({ unit = 'mV' }) => unit),
    signal: leads.map((lead) => Float64Array.from(lead.digital, (value) => (value - zero(lead)) / gain(lead))),
    digital: leads.map(({ digital }) => Int32Array.from(digital)),
    adcGain: leads.map(gain),
    baseline: leads.map(zero),
  };
}

const twelve = (sigLen: number, fs = 500) => recordOf(twelveLeads(sigLen) as Lead[], fs);
const physical = (signal: EcgRecord['signal'][number], units: Unit = 'mV', sigName = 'I'): EcgRecord => ({
  fs: 100,
  sigName: [sigName],
  units: [units],
  signal: [signal],
});
const text = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to)).trimEnd();

describe('formatEdf', () => {
  it('is EDF+C without a person', () => {
    const bytes = formatEdf({ ...twelve(1000), comments: ['Name: Nobody'] });
    expect(text(bytes, 0, 256)).toBe(
      [
        '0'.padEnd(8),
        'X X X X'.padEnd(80),
        'Startdate X X X X'.padEnd(80),
        '01.01.8500.00.00',
        '3584'.padEnd(8),
        'EDF+C'.padEnd(44),
        '2'.padEnd(8),
        '1'.padEnd(8),
        '13',
      ].join(''),
    );
    expect(text(bytes, 256, 256 + 16 * 13)).toBe(
      ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'].map((lead) => `ECG ${lead}`.padEnd(16)).join('') +
        'EDF Annotations',
    );
    expect(String.fromCharCode(...bytes)).not.toContain('Nobody');
  });

  it('is what pyedflib reads', () => {
    const record = twelve(257, 100); // the last of three data records is filled up
    const bytes = formatEdf(record);
    if (process.env.LEADWISE_WRITE_FIXTURES) writeFileSync(WRITTEN, bytes);
    expect(bytes).toEqual(new Uint8Array(readFileSync(WRITTEN)));
    const { signals } = JSON.parse(readFileSync(new URL('written.json', WRITTEN), 'utf8'));
    signals.forEach(({ digital, physical }: { digital: number[]; physical: number[] }, lead: number) => {
      expect(digital).toHaveLength(300);
      expect(digital.slice(0, 257)).toEqual([...record.digital![lead]!]);
      expect(new Set(digital.slice(256)).size).toBe(1);
      physical.slice(0, 20).forEach((value, t) => {
        expect(value).toBeCloseTo(record.signal[lead]![t]!, 9);
      });
    });
  });

  it.each([1, 2, 100, 499, 500, 650, 5000, 5003])('%i samples at 500 Hz are read back equal', (sigLen) => {
    const record = twelve(sigLen);
    expect(readEdf(formatEdf(record))).toEqual(record);
  });

  it.each([360, 257, 62.5, 128.25, 999.56, 1000 / 3, 1 / 3, 0.5, 250, 1, 44100])('%d Hz is read back equal', (fs) => {
    const record = twelve(650, fs);
    expect(readEdf(formatEdf(record))).toEqual(record);
  });

  it.each([100.00001, 1e-6, Math.PI * 100])('%d Hz is refused by name', (fs) => {
    expect(() => formatEdf(twelve(10, fs))).toThrow(expect.objectContaining({ name: 'RecordError', code: 'EDF_RATE' }));
  });

  it('keeps integers, gain, baseline and unit of any device', () => {
    const lead = fc.record({
      digital: fc.array(fc.integer({ min: -32768, max: 32767 }), { minLength: 30, maxLength: 30 }),
      adcGain: fc.constantFrom(1, 4.88, 100, 200, 204.8, 409.6, 1000, 1024, 4880, 204.7),
      baseline: fc.oneof(fc.constant(0), fc.integer({ min: -2048, max: 2048 })),
      unit: fc.constantFrom<Unit>('mV', 'uV', 'adc', 'unknown'),
      sigName: fc.constantFrom('I', 'aVR', 'Lead II', 'MLII', 'V1-Ref', 'resp', 'ecg v2'),
    });
    fc.assert(
      fc.property(fc.array(lead, { minLength: 1, maxLength: 3 }), (leads) => {
        const record = recordOf(leads, 100);
        const read = readEdf(formatEdf(record));
        expect({ ...read, signal: [], adcGain: [], baseline: [] }).toEqual({ ...record, signal: [], adcGain: [], baseline: [] });
        read.signal.forEach((values, index) => {
          const halfStep = 0.5 / record.adcGain![index]!;
          values.forEach((value, t) => {
            expect(Math.abs(value - record.signal[index]![t]!)).toBeLessThanOrEqual(halfStep);
          });
        });
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [200, 1024],
    [204.8, 0],
    [409.5, 2047.5],
    [1000, -12],
    [4.88, 0],
  ])('gives gain %d and baseline %d back as they are', (adcGain, baseline) => {
    const record = recordOf([{ digital: [-1000, 5, 2047], adcGain, baseline }], 100);
    expect(readEdf(formatEdf(record))).toEqual(record);
  });

  it('scales integers whose limits need more than eight characters', () => {
    const record = recordOf([{ digital: [0, 1, 2, 700], adcGain: 999983, baseline: -1234567891 }], 100);
    const read = readEdf(formatEdf(record));
    read.signal[0]!.forEach((value, t) => {
      expect(Math.abs(value - record.signal[0]![t]!)).toBeLessThanOrEqual(0.5 / 999983);
    });
  });

  it('turns a signal of negative gain as its reader does', () => {
    const record = recordOf([{ digital: [-1000, 5, 2047], adcGain: -200 }], 100);
    const { digital: _, ...rest } = record;
    expect(readEdf(formatEdf(record))).toEqual(rest);
  });

  it('stores integers without scale as they are', () => {
    const { digital, adcGain, units, signal } = readEdf(formatEdf(physical(Int16Array.of(-32768, 0, 32767), 'adc')));
    expect({ digital, adcGain, units }).toEqual({ digital: [Int32Array.of(-32768, 0, 32767)], adcGain: [1], units: ['adc'] });
    expect([...signal[0]!]).toEqual([-32768, 0, 32767]);
  });

  it('scales everything else with an error of half a step', () => {
    const value = fc.oneof(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: -9999999, max: 99999999, noNaN: true }),
      fc.constant(0),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (values) => {
        const record = physical(Float64Array.from(values));
        const read = readEdf(formatEdf(record));
        checkRecord(read);
        const halfStep = 0.5 / read.adcGain![0]!;
        expect(read.signal[0]).toHaveLength(values.length);
        read.signal[0]!.forEach((got, t) => {
          expect(Math.abs(got - values[t]!)).toBeLessThanOrEqual(halfStep * (1 + 1e-6));
        });
        if (values.every(Number.isInteger)) return; // stored as they are
        const range = Math.max(...values) - Math.min(...values);
        expect(1 / read.adcGain![0]!).toBeLessThanOrEqual(Math.max(range * 1.3, 4e-6, range + 22) / 65535);
      }),
      { numRuns: 1000 },
    );
  });

  it('scales integers of more than 16 bits', () => {
    const record = recordOf([{ digital: [-8388608, 0, 1, 8388607] }], 100);
    const { signal, adcGain } = readEdf(formatEdf(record));
    signal[0]!.forEach((value, t) => {
      expect(Math.abs(value - record.signal[0]![t]!)).toBeLessThanOrEqual(0.5 / adcGain![0]!);
    });
  });

  it.each([
    ['I', 'ECG I', 'I'],
    ['Lead II', 'ECG Lead II', 'Lead II'],
    ['ECG V1', 'ECG V1', 'V1'],
    ['ekg v1', 'ekg v1', 'ekg v1'],
    ['MDC_ECG_LEAD_AVR', 'ECG aVR', 'aVR'],
    ['Lead I (Einthoven)', 'ECG I', 'I'],
    ['aVR, augmented voltage, right', 'ECG aVR', 'aVR'],
    ['V1\0', 'ECG V1', 'V1'],
    ['MLII', 'MLII', 'MLII'],
    ['Température', 'Temp?rature', 'Temp?rature'],
    ['a name of many characters', 'a name of many c', 'a name of many c'],
    ['V1              -Ref', '?V1', '?V1'],
    ['EDF Annotations', '?EDF Annotations', '?EDF Annotations'],
    ['', '', ''],
  ])('%j is labelled %j and read as %j', (sigName, label, read) => {
    const bytes = formatEdf(physical(Float64Array.of(0.5), 'mV', sigName));
    expect(text(bytes, 256, 272)).toBe(label);
    expect(readEdf(bytes).sigName).toEqual([read]);
    expect(standardLead(readEdf(bytes).sigName[0]!)).toBe(standardLead(sigName));
  });

  it.each([
    ['NaN', Float64Array.of(1, Number.NaN), 'EDF_NOT_FINITE'],
    ['infinity', Float64Array.of(1, Number.NEGATIVE_INFINITY), 'EDF_NOT_FINITE'],
    ['huge values', Float64Array.of(1.5, 1e9), 'EDF_RANGE'],
    ['huge negative values', Float64Array.of(1.5, -1e30), 'EDF_RANGE'],
  ])('refuses %s by name', (_, signal, code) => {
    expect(() => formatEdf(physical(signal))).toThrow(
      expect.objectContaining({ name: 'RecordError', code, place: { format: 'edf', lead: 'I' } }),
    );
  });

  it('refuses what is no record', () => {
    expect(() => formatEdf(null as never)).toThrow(TypeError);
    expect(() => formatEdf(physical(new Float64Array()))).toThrow(RangeError);
    const unequal = { ...twelve(10), signal: twelve(10).signal.map((values, lead) => values.slice(lead)) };
    expect(() => formatEdf(unequal)).toThrow(RangeError);
  });
});
