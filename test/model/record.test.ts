// Records that are too short, too long, too fast, or no records; and the quality rule.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EcgRecord, QualityMode, Unit } from '../../src/index.js';
import { bitsOf, loadTiny, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const record = tinyRecord();
const model = await loadTiny();
const scalar = await loadTiny('scalar');

function cut(samples: number, source: EcgRecord = record): EcgRecord {
  return { ...source, signal: source.signal.map((lead) => lead.slice(0, samples)) };
}

function withLead(lead: string, change: (samples: Float64Array) => Float64Array): EcgRecord {
  const changed = record.signal.map((samples, row) => (record.sigName[row] === lead ? change(Float64Array.from(samples)) : samples));
  return { ...record, signal: changed };
}

function withoutLead(lead: string): EcgRecord {
  const keep = <T>(list: readonly T[]) => list.filter((_, row) => record.sigName[row] !== lead);
  return { fs: 100, sigName: keep(record.sigName), units: keep(record.units), signal: keep(record.signal) };
}

describe('length', () => {
  it('of 21 samples is refused, 22 are classified and flagged', () => {
    expect(() => model.classify(cut(21))).toThrow(expect.objectContaining({ name: 'RecordError', code: 'RECORD_TOO_SHORT' }));
    const result = model.classify(cut(22));
    expect(result).toMatchObject({ flags: ['short'], preprocessing: { paddedSamples: 234, cutSamples: 0 } });
    expect(result.logits.every(Number.isFinite)).toBe(true);
  });

  it('counts at the rate of the network', () => {
    const at500 = { ...record, fs: 500 };
    expect(() => model.classify(cut(109, at500))).toThrow(expect.objectContaining({ code: 'RECORD_TOO_SHORT' }));
    expect(model.classify(cut(110, at500))).toMatchObject({ fs: 500, preprocessing: { resampledFrom: 500, paddedSamples: 234 } });
  });

  it('of nothing is refused', () => {
    expect(() => model.classify(cut(0))).toThrow(expect.objectContaining({ code: 'RECORD_TOO_SHORT' }));
  });

  it('below five seconds is flagged', () => {
    expect(model.classify(cut(499)).flags).toEqual(['short']);
    expect(model.classify(cut(500)).flags).toEqual([]);
  });

  it('beyond the window: the first window counts', () => {
    const [whole, first] = [
      model.preprocess(record),
      model.preprocess({ ...record, signal: record.signal.map((lead) => lead.slice(0, 599)) }),
    ];
    expect(whole).toHaveLength(12 * 256);
    expect(model.classify(record).preprocessing).toEqual({ resampledFrom: null, paddedSamples: 0, cutSamples: 344 });
    // The filter and the z-score see the whole record, so one sample less moves values a little, not the window.
    for (const [index, value] of whole.entries()) expect(Math.abs(value - first[index]!)).toBeLessThan(0.1);
  });

  it('shorter than the window: zeros on the left', () => {
    const x = model.preprocess(cut(200));
    for (let row = 0; row < 12; row++) {
      expect(x.subarray(row * 256, row * 256 + 56).every((value) => value === 0)).toBe(true);
      expect(x.subarray(row * 256 + 56, (row + 1) * 256).some((value) => value !== 0)).toBe(true);
    }
  });

  it('of an hour is read, of more refused at once', () => {
    const hour = new Int16Array(360_001).map((_, index) => (index * index) % 97);
    const long = (samples: Int16Array): EcgRecord => ({ fs: 100, sigName: ['II'], units: ['adc'], signal: [samples] });
    expect(model.classify(long(hour.subarray(0, 360_000))).preprocessing.cutSamples).toBe(359_744);
    expect(() => model.classify(long(hour))).toThrow(expect.objectContaining({ name: 'RecordError', code: 'RECORD_TOO_LONG' }));
    const day = new Int16Array(24 * 3600 * 500);
    const before = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    const twelve = { ...record, fs: 500, signal: record.signal.map(() => day) };
    expect(() => model.classify(twelve)).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_LONG', message: expect.stringContaining('cut it') }),
    );
    expect(performance.now() - start).toBeLessThan(50);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });
});

describe('sampling frequency', () => {
  it.each([10, 49.9, 2001, 10_000])('%d Hz is out of range', (fs) => {
    expect(() => model.classify({ ...record, fs })).toThrow(expect.objectContaining({ name: 'RecordError', code: 'FS_OUT_OF_RANGE' }));
  });

  it.each([Number.NaN, 0, -100, Number.POSITIVE_INFINITY])('%d is a RangeError', (fs) => {
    expect(() => model.classify({ ...record, fs })).toThrow(RangeError);
  });

  it.each([50, 128.5, 250, 257, 360, 500, 1000, 2000])('%d Hz is read', (fs) => {
    const result = model.classify({ ...record, fs });
    expect(result.preprocessing.resampledFrom).toBe(fs);
    expect(result.logits.every(Number.isFinite)).toBe(true);
    expect(bitsOf(scalar.classify({ ...record, fs }).logits)).toEqual(bitsOf(result.logits));
  });
});

describe('named errors', () => {
  const two = (names: [string, string], lengths: [number, number] = [600, 600]): EcgRecord => ({
    fs: 100,
    sigName: names,
    units: ['mV', 'mV'],
    signal: lengths.map((length, row) => record.signal[row]!.slice(0, length)),
  });

  it.each<[string, EcgRecord]>([
    ['DUPLICATE_LEAD', two(['II', 'lead ii'])],
    ['UNEQUAL_LENGTHS', two(['I', 'II'], [600, 599])],
    ['UNEQUAL_LENGTHS', { ...two(['I', 'II']), digital: [new Int32Array(600), new Int32Array(599)] }],
    ['NO_KNOWN_LEAD', two(['RESP', 'MLII'])],
  ])('%s', (code, wrong) => {
    for (const call of [() => model.classify(wrong), () => model.preprocess(wrong)]) {
      expect(call).toThrow(expect.objectContaining({ name: 'RecordError', code }));
    }
  });

  it.each<[unknown]>([
    [undefined],
    [null],
    [{}],
    ['record'],
    [{ ...record, signal: record.signal.map((lead) => Array.from(lead)) }],
    [{ ...record, units: undefined }],
  ])('TypeError for what is no record (%#)', async (wrong) => {
    expect(() => model.classify(wrong as never)).toThrow(TypeError);
    expect(() => model.preprocess(wrong as never)).toThrow(TypeError);
    await expect(model.classifyAsync(wrong as never)).rejects.toThrow(TypeError);
  });

  it('RangeError for a record without leads', () => {
    expect(() => model.classify({ fs: 100, sigName: [], units: [], signal: [] })).toThrow(RangeError);
  });

  it.each(['GATE', '', null, 1, {}])('TypeError for the quality %j', (quality) => {
    expect(() => model.classify(record, { quality: quality as never })).toThrow(TypeError);
  });
});

const FAULTS: [string, 'flat' | 'not-finite', (samples: Float64Array) => Float64Array][] = [
  ['zero', 'flat', (samples) => samples.fill(0)],
  ['flat', 'flat', (samples) => samples.fill(-1.25)],
  ['one NaN', 'not-finite', (samples) => samples.fill(Number.NaN, 300, 301)],
  ['all NaN', 'not-finite', (samples) => samples.fill(Number.NaN)],
  ['one infinity', 'not-finite', (samples) => samples.fill(Number.NEGATIVE_INFINITY, 599)],
];

describe.each(FAULTS)('a lead that is %s', (_, reason, spoil) => {
  const spoiled = withLead('V3', spoil);
  const missing = (quality: QualityMode) => bitsOf(model.classify(withoutLead('V3'), { quality }).logits);

  it('counts as missing with "gate", which is the default', () => {
    const result = model.classify(spoiled);
    expect(result.leadsDropped).toEqual([{ lead: 'V3', reason }]);
    expect(result.leads).not.toContain('V3');
    expect(result.flags).toEqual([]);
    expect(bitsOf(result.logits)).toEqual(missing('gate'));
    expect(result).toEqual(model.classify(spoiled, { quality: 'gate' }));
  });

  it('is kept and flagged with "report" when it is flat, dropped when it is not finite', () => {
    const result = model.classify(spoiled, { quality: 'report' });
    expect(result.flags).toEqual(reason === 'flat' ? ['flat:V3'] : []);
    expect(result.leadsDropped).toEqual(reason === 'flat' ? [] : [{ lead: 'V3', reason }]);
    expect(bitsOf(result.logits)).toEqual(bitsOf(model.classify(spoiled, { quality: 'off' }).logits));
  });

  it('is as published with "off": NaN empties its lead', () => {
    const result = model.classify(spoiled, { quality: 'off' });
    expect(result.flags).toEqual([]);
    if (reason === 'not-finite') expect(bitsOf(result.logits)).toEqual(missing('off'));
    else expect(result.leads).toContain('V3');
  });

  it('never brings a NaN to the logits', () => {
    for (const quality of ['gate', 'report', 'off'] as const) {
      const { logits, findings } = model.classify(spoiled, { quality });
      expect(logits.every(Number.isFinite)).toBe(true);
      expect(findings.every(({ probability }) => probability >= 0 && probability <= 1)).toBe(true);
      expect(bitsOf(scalar.classify(spoiled, { quality }).logits)).toEqual(bitsOf(logits));
    }
  });
});

describe('missing leads', () => {
  it('are listed', () => {
    const result = model.classify({ fs: 100, sigName: ['V6', 'II'], units: ['mV', 'mV'], signal: record.signal.slice(0, 2) });
    expect(result.leads).toEqual(['II', 'V6']);
    expect(result.leadsDropped).toEqual(
      ['I', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5'].map((lead) => ({ lead, reason: 'missing' })),
    );
  });

  it('change the logits', () => {
    for (const lead of record.sigName)
      expect(bitsOf(model.classify(withoutLead(lead)).logits)).not.toEqual(bitsOf(model.classify(record).logits));
  });
});

describe('samples that the source calls invalid', () => {
  // Readers mark them by NaN in `signal`; the integers in `digital` go on.
  const digital = record.signal.map((lead) => Int32Array.from(lead, (value) => Math.round(value * 1000)));
  const marked = { ...withLead('V3', (samples) => samples.fill(Number.NaN, 100, 110)), digital };

  it.each(['gate', 'report'] as const)('drop their lead with "%s"', (quality) => {
    const result = model.classify(marked, { quality });
    expect(result.leadsDropped).toEqual([{ lead: 'V3', reason: 'not-finite' }]);
  });

  it('are read as they stand with "off"', () => {
    const result = model.classify(marked, { quality: 'off' });
    expect(result.leadsDropped).toEqual([]);
    expect(bitsOf(result.logits)).toEqual(bitsOf(model.classify({ ...record, digital }, { quality: 'off' }).logits));
  });
});

describe('no usable lead', () => {
  const all = (value: number): EcgRecord => ({ ...record, signal: record.signal.map((lead) => lead.map(() => value)) });

  it.each([
    ['flat', 'gate', 1],
    ['flat', 'report', 1],
    ['NaN', 'gate', Number.NaN],
    ['NaN', 'report', Number.NaN],
    ['NaN', 'off', Number.NaN],
  ] as const)('when all are %s with "%s"', (_, quality, value) => {
    expect(() => model.classify(all(value), { quality })).toThrow(expect.objectContaining({ name: 'RecordError', code: 'NO_USABLE_LEAD' }));
  });

  it('names what was wrong with each lead', () => {
    const one = { fs: 100, sigName: ['II'], units: ['mV' as Unit], signal: [new Float32Array(600)] };
    for (const quality of ['gate', 'report'] as const) expect(() => model.classify(one, { quality })).toThrow(/II flat/);
  });

  it('leaves the model usable', () => {
    expect(() => model.classify(all(1))).toThrow();
    expect(model.classify(record).logits.every(Number.isFinite)).toBe(true);
  });
});

it('whatever the samples are, the logits are finite and equal on both binaries', () => {
  const extremes = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e308, -1e308, 5e-324, Number.NaN, Number.POSITIVE_INFINITY), fc.integer());
  const leads = fc.array(fc.array(extremes, { minLength: 22, maxLength: 40 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(leads, fc.constantFrom('gate', 'report', 'off' as const), (lists, quality) => {
      const length = Math.min(...lists.map((list) => list.length));
      const signal = lists.map((list) => Float64Array.from(list.slice(0, length)));
      const wild: EcgRecord = { fs: 100, sigName: ['I', 'II', 'V1'].slice(0, signal.length), units: signal.map(() => 'mV'), signal };
      try {
        const { logits } = model.classify(wild, { quality });
        expect(logits.every(Number.isFinite)).toBe(true);
        expect(bitsOf(scalar.classify(wild, { quality }).logits)).toEqual(bitsOf(logits));
      } catch (error) {
        expect(error).toMatchObject({ code: 'NO_USABLE_LEAD' });
      }
    }),
    { numRuns: 300 },
  );
});

it.each(VARIANTS)('records of another realm are records (%s)', async (variant) => {
  const { runInNewContext } = await import('node:vm');
  const foreign = runInNewContext(
    "({ fs: 100, sigName: ['II'], units: ['mV'], signal: [Float32Array.from({ length: 600 }, (_, i) => (i * i) % 31)] })",
  ) as EcgRecord;
  const own: EcgRecord = { ...foreign, signal: [Float32Array.from(foreign.signal[0]!)] };
  const both = await loadTiny(variant);
  expect(bitsOf(both.classify(foreign).logits)).toEqual(bitsOf(both.classify(own).logits));
});
