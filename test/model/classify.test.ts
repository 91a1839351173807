// What a result says, and what it does not depend on.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { STANDARD_LEADS } from '../../src/ecg.js';
import { type EcgRecord, loadModel, NOTICE, type Result, VERSION } from '../../src/index.js';
import { sha256 } from '../../src/sha256.js';
import { simulate } from '../../src/simulate.js';
import { kernelBytes } from '../../src/wasm.js';
import { bitsOf, changeFile, loadTiny, TINY_FILE, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const record = tinyRecord();
const model = await loadTiny();

function only(leads: string[]): EcgRecord {
  const rows = leads.map((lead) => record.sigName.indexOf(lead));
  return { fs: 100, sigName: leads, units: leads.map(() => 'mV'), signal: rows.map((row) => record.signal[row]!) };
}

describe.each(VARIANTS)('a result (%s)', (variant) => {
  const run = async () => (await loadTiny(variant)).classify(record);

  it('has every key of the contract', async () => {
    const result = await run();
    const { findings, logits, ...rest } = result;
    expect(rest).toEqual({
      schema: 1,
      fs: 100,
      leads: [...STANDARD_LEADS],
      leadsIgnored: [],
      leadsDropped: [],
      flags: [],
      preprocessing: { resampledFrom: null, paddedSamples: 0, cutSamples: 344 },
      quality: { verdict: 'ok', codes: [], leads: STANDARD_LEADS.map((lead) => ({ lead, verdict: 'ok', codes: [] })), reasons: [] },
      thresholdLeads: null,
      saturated: 0,
      beyondCalibration: 0,
      model: { name: 'test-tiny', sha256: sha256(TINY_FILE), version: VERSION },
      kernels: { variant, sha256: sha256(kernelBytes(variant)) },
      notice: NOTICE,
    });
    expect(logits).toBeInstanceOf(Float32Array);
    expect(logits).toHaveLength(26);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(new Set(logits).size).toBeGreaterThan(20);
    expect(findings).toHaveLength(26);
  });

  it('has a finding for each class', async () => {
    const { findings, logits } = await run();
    CHALLENGE_CLASSES.forEach((expected, index) => {
      const finding = findings.find(({ code }) => code === expected.code)!;
      const logit = logits[index]!;
      expect(finding).toEqual({
        ...expected,
        logit,
        probability: finding.probability,
        calibrated: false,
        threshold: 0,
        present: logit >= 0,
      });
      expect(finding.probability).toBeCloseTo(1 / (1 + Math.exp(-logit)), 14);
    });
    expect(findings.map(({ probability }) => probability)).toEqual(findings.map(({ probability }) => probability).sort((a, b) => b - a));
    expect(findings.some(({ present }) => present)).toBe(true);
    expect(findings.some(({ present }) => !present)).toBe(true);
  });
});

it('both binaries give the same result but for their names', async () => {
  const [simd, scalar] = (await Promise.all(VARIANTS.map((variant) => loadTiny(variant)))).map((tiny) => tiny.classify(record)) as [
    Result,
    Result,
  ];
  expect(bitsOf(scalar.logits)).toEqual(bitsOf(simd.logits));
  expect({ ...scalar, kernels: simd.kernels }).toEqual(simd);
  expect(scalar.kernels.sha256).not.toBe(simd.kernels.sha256);
});

it('can be written as JSON, and holds no views of the engine', () => {
  const result = model.classify(record);
  const text = JSON.stringify({ ...result, logits: Array.from(result.logits) });
  model.classify(tinyRecord(6, 8));
  expect(JSON.stringify({ ...result, logits: Array.from(result.logits) })).toBe(text);
});

describe('thresholds', () => {
  const all = (value: number) => CHALLENGE_CLASSES.map(() => value);
  const sets = [
    { leads: ['I', 'II'], values: all(2) },
    { leads: ['I', 'II', 'V2'], values: all(3) },
    { leads: ['I', 'II', 'III', 'aVR', 'aVL', 'aVF'], values: all(6) },
  ];

  it.each([
    [['I', 'II'], ['I', 'II'], 2],
    [['II', 'V2', 'I'], ['I', 'II', 'V2'], 3],
    [['I', 'II', 'V1', 'V3', 'V4', 'V5', 'V6'], ['I', 'II'], 2],
    [['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V2'], ['I', 'II', 'III', 'aVR', 'aVL', 'aVF'], 6],
    [record.sigName, ['I', 'II', 'III', 'aVR', 'aVL', 'aVF'], 6],
  ])('of %j are those of the largest set within: %j', async (leads, thresholdLeads, threshold) => {
    const result = (await loadTiny('simd', { metadata: { thresholds: sets } })).classify(only(leads));
    expect(result).toMatchObject({ thresholdLeads, flags: [] });
    expect(result.findings.every((finding) => finding.threshold === threshold)).toBe(true);
    for (const { logit, present } of result.findings) expect(present).toBe(logit >= threshold);
  });

  it('for every record are the last resort', async () => {
    const withAny = await loadTiny('simd', { metadata: { thresholds: [{ values: all(0.5) }, ...sets] } });
    expect(withAny.classify(only(['V1', 'V2']))).toMatchObject({ thresholdLeads: null, flags: [] });
    expect(withAny.classify(only(['V1', 'I', 'II']))).toMatchObject({ thresholdLeads: ['I', 'II'] });
  });

  it('of too few leads are those of the smallest set, and flagged', async () => {
    const result = (await loadTiny('simd', { metadata: { thresholds: [...sets].reverse() } })).classify(only(['V1']));
    expect(result).toMatchObject({ thresholdLeads: ['I', 'II'], flags: ['thresholds:fallback'] });
  });

  it('do not count a lead that was dropped', async () => {
    const flat = { ...record, signal: record.signal.map((lead, row) => (record.sigName[row] === 'aVF' ? lead.map(() => 1) : lead)) };
    const result = (await loadTiny('simd', { metadata: { thresholds: sets } })).classify(flat);
    expect(result.thresholdLeads).toEqual(['I', 'II', 'V2']);
  });

  it('are met by a logit that is equal', async () => {
    const { logits } = model.classify(record);
    const { findings } = (await loadTiny('simd', { metadata: { thresholds: Array.from(logits) } })).classify(record);
    expect(findings.every(({ present, logit, threshold }) => present && logit === threshold)).toBe(true);
    const above = Array.from(logits, (logit) => logit + 1e-9 * Math.max(1, Math.abs(logit)));
    const missed = (await loadTiny('simd', { metadata: { thresholds: above } })).classify(record);
    expect(missed.findings.some(({ present }) => present)).toBe(false);
  });
});

describe('calibration', () => {
  it('makes probabilities of logits, and leaves the logits', async () => {
    const calibrated = await loadTiny('simd', { metadata: { calibration: { temperature: 2, shift: -Math.LN10 } } });
    const result = calibrated.classify(record);
    expect(bitsOf(result.logits)).toEqual(bitsOf(model.classify(record).logits));
    for (const finding of result.findings) {
      expect(finding.calibrated).toBe(true);
      expect(finding.probability).toBeCloseTo(1 / (1 + Math.exp(-finding.logit / 2 + Math.LN10)), 14);
    }
  });

  it('is that of the largest lead set within the record; where none fits, of the smallest, and said', async () => {
    const calibration = [
      { leads: ['I', 'II'], temperature: 1, shift: 1 },
      { leads: ['I', 'II', 'V2'], temperature: 1, shift: 2 },
    ];
    const calibrated = await loadTiny('simd', { metadata: { calibration } });
    const shiftOf = (leads: string[]) => {
      const [{ probability, logit, calibrated: is }] = calibrated.classify(only(leads)).findings as [Result['findings'][0]];
      return [Math.log(probability / (1 - probability)) - logit, is] as const;
    };
    expect(shiftOf(['I', 'II', 'V1'])).toEqual([expect.closeTo(1, 9), true]);
    expect(shiftOf(record.sigName)).toEqual([expect.closeTo(2, 9), true]);
    expect(shiftOf(['V1'])).toEqual([expect.closeTo(1, 9), true]);
    expect(calibrated.classify(only(['V1'])).flags).toContain('thresholds:fallback');
    expect(calibrated.classify(only(['I', 'II'])).flags).not.toContain('thresholds:fallback');
  });

  it('may shift each class by itself', async () => {
    const shift = CHALLENGE_CLASSES.map((_, k) => k / 10);
    const calibrated = await loadTiny('simd', { metadata: { calibration: [{ temperature: 2, shift }] } });
    for (const { code, logit, probability } of calibrated.classify(record).findings) {
      const index = CHALLENGE_CLASSES.findIndex((diagnosis) => diagnosis.code === code);
      expect(probability).toBeCloseTo(1 / (1 + Math.exp(-logit / 2 - shift[index]!)), 14);
    }
  });

  it('keeps ties in class order', async () => {
    // So much shift that every probability is 1.
    const tied = await loadTiny('simd', { metadata: { calibration: { temperature: 1, shift: 1000 } } });
    expect(tied.classify(record).findings.map(({ code }) => code)).toEqual(CHALLENGE_CLASSES.map(({ code }) => code));
  });
});

describe('the same bits', () => {
  const expected = bitsOf(model.classify(record).logits);

  it('twice, on another model, and after another record', async () => {
    expect(bitsOf(model.classify(record).logits)).toEqual(expected);
    const other = await loadTiny();
    other.classify(only(['II']));
    expect(other.classify(record)).toEqual(model.classify(record));
  });

  it('whatever the order of the leads', () => {
    const orders = fc.shuffledSubarray(Array.from(record.sigName.keys()), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(orders, (order) => {
        const sigName = order.map((row) => record.sigName[row]!);
        const result = model.classify({ ...record, sigName, signal: order.map((row) => record.signal[row]!) });
        expect(result).toEqual(model.classify(record));
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['lower case', (name: string) => name.toLowerCase()],
    ['MDC', (name: string) => `MDC_ECG_LEAD_${name.toUpperCase()}`],
    ['Lead', (name: string) => `Lead ${name}`],
  ])('with lead names in %s', (_, rename) => {
    const result = model.classify({ ...record, sigName: record.sigName.map(rename) });
    expect(result).toEqual(model.classify(record));
  });

  it('with other leads beside, which are listed', () => {
    const noise = Float64Array.from({ length: 9 }, () => Number.NaN);
    const sigName = ['RESP', ...record.sigName, 'MLII', 'RESP'];
    const units = sigName.map(() => 'unknown' as const);
    const result = model.classify({ ...record, sigName, units, signal: [noise, ...record.signal, noise, noise] });
    expect(bitsOf(result.logits)).toEqual(expected);
    expect(result.leadsIgnored).toEqual(['RESP', 'MLII', 'RESP']);
  });

  it('from any type of array that holds the same numbers', () => {
    const whole = { ...record, signal: simulate({ fs: 100, seconds: 6 }).digital! };
    const reference = bitsOf(model.classify(whole).logits);
    for (const Type of [Int16Array, Float32Array, Float64Array]) {
      expect(bitsOf(model.classify({ ...whole, signal: whole.signal.map((lead) => Type.from(lead)) }).logits)).toEqual(reference);
    }
  });

  it('from signal, where a negative gain turns the integers upside down', () => {
    const { digital } = simulate({ fs: 100, seconds: 6, seed: 3 }) as Required<EcgRecord>;
    const upsideDown = digital.map((values) => values.map((value) => -value));
    const signal = digital.map((values) => Float64Array.from(values));
    const turned = { ...record, signal, digital: upsideDown, adcGain: digital.map(() => -1), baseline: digital.map(() => 0) };
    expect(bitsOf(model.classify(turned).logits)).toEqual(bitsOf(model.classify({ ...record, signal }).logits));
  });

  it('from digital, whatever signal and units say', () => {
    const { digital } = simulate({ fs: 100, seconds: 6, seed: 3 }) as Required<EcgRecord>;
    const units = record.units.map(() => 'unknown' as const);
    const fromDigital = model.classify({ ...record, units, digital, adcGain: digital.map(() => 1), baseline: digital.map(() => 5) });
    expect(bitsOf(fromDigital.logits)).toEqual(bitsOf(model.classify({ ...record, signal: digital }).logits));
    expect(bitsOf(fromDigital.logits)).not.toEqual(expected);
  });
});

it.each([1000, 1e-3, 1e-6, 1e9])('a scale of %d leaves the logits', (scale) => {
  const scaled = model.classify({ ...record, signal: record.signal.map((lead) => Float64Array.from(lead, (value) => value * scale)) });
  const { logits } = model.classify(record);
  for (const [index, logit] of scaled.logits.entries()) expect(Math.abs(logit - logits[index]!)).toBeLessThan(1e-4);
});

it('does not change its input', () => {
  const full = simulate({ fs: 250, seconds: 6 });
  const copy = structuredClone(full);
  model.classify(full);
  model.preprocess(full);
  expect(full).toEqual(copy);
  const x = model.preprocess(full);
  const before = bitsOf(x);
  model.forward(x);
  expect(bitsOf(x)).toEqual(before);
  const frozen = Object.freeze({ ...record, sigName: Object.freeze([...record.sigName]), signal: Object.freeze([...record.signal]) });
  expect(model.classify(frozen as unknown as EcgRecord)).toEqual(model.classify(record));
});

it('classes outside the challenge are named by the file', async () => {
  const code = (index: number) => ({ code: `x${index}`, abbreviation: `X${index}`, name: `Class ${index}` });
  const classes = CHALLENGE_CLASSES.map(({ code: own }, index) => (index < 3 ? code(index) : own));
  const other = await loadModel(changeFile(TINY_FILE, { metadata: { classes } }));
  expect(other.classes.slice(0, 4)).toEqual([code(0), code(1), code(2), CHALLENGE_CLASSES[3]]);
  expect(other.classify(record).findings.find((finding) => finding.code === 'x2')).toMatchObject(code(2));
});
