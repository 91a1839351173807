import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EcgRecord } from '../../src/ecg.js';
import { type Rhythm, type SimulateOptions, simulate } from '../../src/simulate.js';
import { builtKernels } from '../../src/wasm.js';
import { VARIANTS } from '../variants.js';

const RHYTHMS: Rhythm[] = ['sinus', 'bradycardia', 'tachycardia', 'af', 'pvc'];

/** SHA-256 of the twelve leads' integers, little-endian. */
function fingerprint(record: EcgRecord): string {
  const hash = createHash('sha256');
  for (const lead of record.digital!) hash.update(new Uint8Array(lead.buffer, lead.byteOffset, lead.byteLength));
  return hash.digest('hex');
}

function lead(record: EcgRecord, name: string): number[] {
  return Array.from(record.signal[record.sigName.indexOf(name)]!);
}

/** R times in seconds: maxima of lead II above half its peak. */
function rPeaks(record: EcgRecord): number[] {
  const signal = lead(record, 'II');
  const level = 0.5 * signal.reduce((most, value) => Math.max(most, value), 0);
  const peaks: number[] = [];
  for (let n = 1; n + 1 < signal.length; n++) {
    if (signal[n]! > level && signal[n]! >= signal[n - 1]! && signal[n]! > signal[n + 1]!) {
      if (peaks.length === 0 || n / record.fs - peaks.at(-1)! > 0.12) peaks.push(n / record.fs);
    }
  }
  return peaks;
}

function intervals(record: EcgRecord): number[] {
  const peaks = rPeaks(record);
  return peaks.slice(1).map((peak, k) => peak - peaks[k]!);
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const spread = (values: number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) / mean(values);

/** Mean beat of a noiseless record: the lead from 0.35 s before to 0.65 s after an R peak in the middle. */
function beat(record: EcgRecord, name: string) {
  const peaks = rPeaks(record);
  const centre = Math.round(peaks[Math.floor(peaks.length / 2)]! * record.fs);
  const signal = lead(record, name);
  const between = (from: number, to: number) =>
    signal.slice(centre + Math.round(from * record.fs), centre + Math.round(to * record.fs) + 1);
  const atRest = signal[centre - Math.round(0.25 * record.fs)]!;
  return {
    most: (from: number, to: number) => Math.max(...between(from, to)) - atRest,
    least: (from: number, to: number) => Math.min(...between(from, to)) - atRest,
  };
}

describe('simulate', () => {
  it('gives twelve leads of 10 s at 500 Hz, in mV and in microvolts', () => {
    const record = simulate();
    expect(record.fs).toBe(500);
    expect(record.sigName).toEqual(['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']);
    expect(record.units).toEqual(Array(12).fill('mV'));
    expect(record.adcGain).toEqual(Array(12).fill(1000));
    expect(record.baseline).toEqual(Array(12).fill(0));
    record.signal.forEach((signal, row) => {
      expect(Array.from(signal)).toEqual(Array.from(record.digital![row]!, (value) => value / 1000));
      expect(signal.length).toBe(5000);
    });
  });

  it.each(RHYTHMS)('%s has the same bits in both variants, block borders included', (rhythm) => {
    const options: SimulateOptions = { rhythm, seed: 42, seconds: 17.3, fs: 1000, noise: { mainsHz: 60, mainsMv: 0.03, muscleMv: 0.02 } };
    const [simd, scalar] = VARIANTS.map((variant) => fingerprint(simulate({ ...options, variant })));
    expect(simd).toBe(scalar);
    expect(fingerprint(simulate(options))).toBe(simd);
  });

  // Recorded from this simulator: a change here is a numerical change and belongs in the change log.
  it.each(VARIANTS)('has recorded fingerprints, %s', (variant) => {
    expect(RHYTHMS.map((rhythm) => [rhythm, fingerprint(simulate({ rhythm, variant })).slice(0, 16)])).toMatchInlineSnapshot(`
      [
        [
          "sinus",
          "94e9a7eac6a7925c",
        ],
        [
          "bradycardia",
          "43ca4bba647950b9",
        ],
        [
          "tachycardia",
          "be22f366feed9fa3",
        ],
        [
          "af",
          "fea0b4e73900eda4",
        ],
        [
          "pvc",
          "ef6dddaa0f3148be",
        ],
      ]
    `);
  });

  it('runs on a module that the caller compiled', () => {
    expect(fingerprint(simulate({ variant: 'scalar', wasm: builtKernels('scalar').module }))).toBe(fingerprint(simulate()));
  });

  it('differs with the seed, and in every lead', () => {
    const seeds = [0, 1, 2, 3, 2 ** 31, 2 ** 32 - 1];
    expect(new Set(seeds.map((seed) => fingerprint(simulate({ seed })))).size).toBe(seeds.length);
    expect(new Set(simulate().digital!.map((signal) => signal.join())).size).toBe(12);
  });

  it('is Einthoven and Goldberger to the unit, with every noise', () => {
    const noise = fc.double({ min: 0, max: 2, noNaN: true });
    const rhythm = fc.constantFrom(...RHYTHMS);
    const seed = fc.nat();
    fc.assert(
      fc.property(fc.record({ rhythm, seed, noise: fc.record({ wanderMv: noise, mainsMv: noise, muscleMv: noise }) }), (options) => {
        const [one, two, three, right, left, foot] = simulate({ ...options, seconds: 2 }).digital!;
        const broken = one!.findIndex(
          (_, n) =>
            three![n] !== two![n]! - one![n]! ||
            2 * right![n]! !== -(one![n]! + two![n]!) ||
            2 * left![n]! !== 2 * one![n]! - two![n]! ||
            2 * foot![n]! !== 2 * two![n]! - one![n]! ||
            right![n]! + left![n]! + foot![n]! !== 0,
        );
        expect(broken).toBe(-1);
      }),
      { numRuns: 20 },
    );
  });

  it.each([30, 45, 60, 72, 100, 125, 180, 220])('beats at %i a minute', (heartRate) => {
    for (const seed of [1, 2, 3]) {
      const rate = 60 / mean(intervals(simulate({ heartRate, seed, seconds: 20 })));
      expect(Math.abs(rate / heartRate - 1)).toBeLessThan(0.02);
    }
  });

  it('keeps the mean rate in fibrillation and with premature beats', () => {
    for (const rhythm of ['af', 'pvc'] as const) {
      const rate = 60 / mean(intervals(simulate({ rhythm, heartRate: 80, seconds: 300 })));
      expect(Math.abs(rate / 80 - 1)).toBeLessThan(0.02);
    }
  });

  it('follows heartRateStd in sinus rhythm and is irregular in fibrillation', () => {
    const options = { heartRate: 75, seconds: 300 };
    expect(spread(intervals(simulate({ ...options, heartRateStd: 0 })))).toBeLessThan(0.002);
    const sinus = spread(intervals(simulate({ ...options, heartRateStd: 3 })));
    expect(Math.abs(sinus / (3 / 75) - 1)).toBeLessThan(0.2);
    expect(spread(intervals(simulate({ ...options, rhythm: 'af' })))).toBeGreaterThan(4 * sinus);
  });

  it('has P waves in sinus rhythm and none in fibrillation', () => {
    const atrial = (rhythm: Rhythm) => {
      const record = simulate({ rhythm, heartRate: 60, noise: 'none', seconds: 60 });
      const signal = lead(record, 'II');
      const peaks = rPeaks(record).slice(1);
      const average = (seconds: number) => mean(peaks.map((peak) => signal[Math.round((peak + seconds) * record.fs)]!));
      return average(-0.15) - average(-0.07);
    };
    expect(atrial('sinus')).toBeGreaterThan(0.05);
    expect(Math.abs(atrial('af'))).toBeLessThan(0.02);
  });

  it('puts a broad early beat and a compensatory pause into pvc', () => {
    const record = simulate({ rhythm: 'pvc', heartRateStd: 0, heartRate: 60, noise: 'none', seconds: 60 });
    const rr = intervals(record);
    const early = rr.flatMap((interval, k) => (interval < 0.75 ? [k] : []));
    expect(early.length).toBeGreaterThanOrEqual(6);
    for (const k of early.filter((at) => at + 1 < rr.length)) expect(rr[k]! + rr[k + 1]!).toBeCloseTo(2, 1);
  });

  it('looks like a healthy adult at 60 a minute', () => {
    const record = simulate({ heartRate: 60, noise: 'none' });
    const of = (name: string) => beat(record, name);
    const r = (name: string) => of(name).most(-0.06, 0.06);
    const s = (name: string) => of(name).least(-0.06, 0.06);
    expect(r('II')).toBeGreaterThan(0.8);
    expect(r('II')).toBeLessThan(1.5);
    expect(r('I')).toBeGreaterThan(0.3);
    expect(-s('aVR')).toBeGreaterThan(5 * r('aVR'));
    expect(-s('V1')).toBeGreaterThan(2 * r('V1'));
    const chest = ['V1', 'V2', 'V3', 'V4', 'V5'].map(r);
    expect(chest).toEqual([...chest].sort((a, b) => a - b));
    for (const name of ['I', 'II', 'V3', 'V4', 'V5', 'V6']) expect(of(name).most(0.15, 0.4)).toBeGreaterThan(0.1);
    for (const name of ['I', 'II', 'aVF', 'V4']) expect(of(name).most(-0.22, -0.1)).toBeGreaterThan(0.03);
  });

  it.each([50, 60, 75, 100, 120])('keeps QRS near 0.09 s and QT near 0.38 s times the square root of RR at %i a minute', (heartRate) => {
    const record = simulate({ heartRate, heartRateStd: 0, noise: 'none', fs: 1000 });
    const peak = Math.round(rPeaks(record)[2]! * 1000);
    const slope = (n: number) => Math.max(...record.signal.map((signal) => Math.abs(signal[n + 1]! - signal[n - 1]!))) * 500;
    const fast = Array.from({ length: 121 }, (_, k) => k - 60).filter((ms) => slope(peak + ms) > 4);
    expect(fast.at(-1)! - fast[0]!).toBeGreaterThan(80);
    expect(fast.at(-1)! - fast[0]!).toBeLessThan(100);
    // The end of T is where the tangent of its steepest descent in V5 meets the level between T and P.
    const v5 = lead(record, 'V5');
    const stretch = Math.sqrt(60 / heartRate);
    const descent = Array.from({ length: Math.round(180 * stretch) }, (_, k) => peak + Math.round(200 * stretch) + k);
    const steepest = descent.reduce((best, n) => (v5[n + 1]! - v5[n]! < v5[best + 1]! - v5[best]! ? n : best));
    const tEnd = steepest - (v5[steepest]! - v5[peak + Math.round(450 * stretch)]!) / (v5[steepest + 1]! - v5[steepest]!);
    const qt = (tEnd - peak - fast[0]!) / 1000;
    expect(qt / stretch).toBeGreaterThan(0.36);
    expect(qt / stretch).toBeLessThan(0.4);
  });

  it('draws noise by its amplitude, without touching the beats', () => {
    const still = simulate({ noise: 'none' });
    const noisy = (noise: SimulateOptions['noise'] & object) => {
      const record = simulate({ noise: { wanderMv: 0, mainsMv: 0, muscleMv: 0, ...noise } });
      return lead(record, 'II').map((value, n) => value - lead2[n]!);
    };
    const lead2 = lead(still, 'II');
    expect(Math.max(...noisy({}).map(Math.abs))).toBe(0);
    const rms = (values: number[]) => Math.sqrt(mean(values.map((value) => value * value)));
    expect(rms(noisy({ muscleMv: 0.05 })) / (0.05 * Math.SQRT2)).toBeCloseTo(1, 1);
    expect(rms(noisy({ mainsMv: 0.2 })) / rms(noisy({ mainsMv: 0.1 }))).toBeCloseTo(2, 1);
    expect(rms(noisy({ wanderMv: 0.4 })) / rms(noisy({ wanderMv: 0.2 }))).toBeCloseTo(2, 1);
  });

  it('leaves mains out where it would alias', () => {
    const options = { fs: 100, noise: { wanderMv: 0, muscleMv: 0, mainsMv: 1 } };
    expect(fingerprint(simulate(options))).toBe(fingerprint(simulate({ fs: 100, noise: 'none' })));
  });

  it.each([
    [{ heartRate: -5 }, RangeError, '"heartRate" expected 20 to 300 beats a minute, got -5'],
    [{ heartRate: 90, rhythm: 'bradycardia' }, RangeError, '"heartRate" expected 20 to 60 beats a minute, got 90'],
    [{ heartRate: Number.NaN }, RangeError, '"heartRate" expected 20 to 300 beats a minute, got NaN'],
    [{ heartRate: '60' }, TypeError, '"heartRate" expected 20 to 300 beats a minute, got string'],
    [{ fs: 50 }, RangeError, '"fs" expected 100 to 4000 samples a second, got 50'],
    [{ seconds: 3601 }, RangeError, '"seconds" expected 0.1 to 3600 s, got 3601'],
    [{ seed: 1.5 }, RangeError, '"seed" expected an integer, got 1.5'],
    [{ seed: -1 }, RangeError, '"seed" expected 0 to 4294967295'],
    [{ rhythm: 'toString' }, RangeError, '"rhythm" expected sinus, bradycardia, tachycardia, af, pvc, got toString'],
    [{ heartRateStd: 10, heartRate: 60 }, RangeError, '"heartRateStd" expected 0 to 6 beats a minute, got 10'],
    [{ respirationHz: 2 }, RangeError, '"respirationHz" expected 0.05 to 1 Hz, got 2'],
    [{ noise: 'loud' }, TypeError, `"noise" expected an object or 'none', got loud`],
    [{ noise: { mainsHz: 55 } }, RangeError, '"noise.mainsHz" expected 50 or 60, got 55'],
    [{ noise: { muscleMv: 3 } }, RangeError, '"noise.muscleMv" expected 0 to 2 mV, got 3'],
    [null, TypeError, '"options" expected an object, got null'],
  ])('refuses %j', (options, kind, message) => {
    const act = () => simulate(options as unknown as SimulateOptions);
    expect(act).toThrow(kind);
    expect(act).toThrow(message);
  });
});
