import { describe, expect, it } from 'vitest';
import filters from '../../src/filters.json' with { type: 'json' };
import { resampledLength, SignalEngine } from '../../src/signal-engine.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { noise } from './reference.js';

const FS_500 = { fs: 500, ...filters['500'] };

describe.each(VARIANTS)('SignalEngine, %s', (variant) => {
  const newEngine = () => new SignalEngine((bytes) => new KernelBench(variant, bytes).instance);

  it('makes no memory before it is used, grows, and gives back what is unusual', () => {
    const engine = newEngine();
    expect(engine.byteLength).toBe(0);
    engine.resample(noise(5000), 1000);
    const usual = engine.byteLength;
    engine.trim();
    expect(engine.byteLength).toBe(usual);
    engine.resample(noise(500_000), 100_000);
    expect(engine.byteLength).toBeGreaterThan(2 ** 24);
    engine.trim();
    expect(engine.byteLength).toBe(0);
    expect(engine.resample(noise(20), 10)).toEqual(newEngine().resample(noise(20), 10));
  });

  it('gives the same bits whatever ran before', () => {
    const engine = newEngine();
    const first = engine.resample(noise(360), 500);
    for (const num of [500, 100, 7, 499]) engine.resample(noise(257), num);
    engine.zscore(noise(1000));
    engine.filtfilt(filters['100'], noise(4000));
    engine.resamplePoly(noise(3000), 3, 2);
    expect(engine.resample(noise(360), 500)).toEqual(first);
    engine.preprocessLead(noise(360), 360, FS_500);
    expect(engine.resample(noise(360), 500)).toEqual(first);
  });

  it('preprocessLead is its steps', () => {
    const engine = newEngine();
    const x = noise(400);
    const after = (resampled: Float64Array) => engine.zscore(engine.filtfilt(filters['500'], resampled));
    expect(engine.preprocessLead(x, 500, FS_500)).toEqual(after(x));
    expect(engine.preprocessLead(x, 1000, FS_500)).toEqual(after(engine.resamplePoly(x, 1, 2)));
    expect(engine.preprocessLead(x, 257, FS_500)).toEqual(after(engine.resample(x, 778)));
    const bits = Int16Array.from(x, (value) => 1000 * value);
    expect(engine.preprocessLead(bits, 500, FS_500)).toEqual(engine.preprocessLead(Float64Array.from(bits), 500, FS_500));
  });

  it('preprocessLead: a value that is not finite takes its whole lead along, and so does an overflow', () => {
    const engine = newEngine();
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE]) {
      const x = noise(400);
      x[200] = bad;
      expect(engine.preprocessLead(x, 250, FS_500)).toEqual(new Float64Array(800));
    }
  });

  it('preprocessLead: a flat lead is noise or zeros, never NaN', () => {
    const engine = newEngine();
    for (const level of [0, 1, -1234.5]) {
      expect(engine.preprocessLead(new Float64Array(300).fill(level), 360, FS_500).every(Number.isFinite)).toBe(true);
    }
    expect(engine.preprocessLead(new Float64Array(300), 500, FS_500)).toEqual(new Float64Array(300));
  });

  it('preprocessLead needs more than 21 samples after resampling', () => {
    const engine = newEngine();
    expect(() => engine.preprocessLead(noise(21), 500, FS_500)).toThrow(
      new RangeError('"samples" expected 22 to 8388608 samples at 500 Hz, got 21 from 21 at 500 Hz'),
    );
    expect(engine.preprocessLead(noise(22), 500, FS_500).length).toBe(22);
    expect(() => engine.preprocessLead(noise(42), 1000, FS_500)).toThrow(RangeError);
    expect(engine.preprocessLead(noise(43), 1000, FS_500).length).toBe(22);
  });

  it('release does not break an engine that failed', () => {
    const engine = newEngine();
    expect(() => engine.filtfilt({ b: [1], a: [1, -1] }, noise(40))).toThrow(/"a" expected a filter without a pole/);
    expect(engine.filtfilt({ b: [1], a: [1] }, noise(40))).toEqual(noise(40));
  });
});

it('resampledLength counts as Python does', () => {
  expect(resampledLength(5000, 500, 500)).toBe(5000);
  expect(resampledLength(2571, 257, 500)).toBe(5001);
  expect(resampledLength(5001, 1000, 500)).toBe(2501);
  expect(resampledLength(5009, 1000, 100)).toBe(500);
  expect(resampledLength(1000, 333.3, 100)).toBe(300);
});
