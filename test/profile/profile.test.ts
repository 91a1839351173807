// model.profile: every layer once, sums that add up, f32 and int8, both variants; and the life of a model that is measured.

import { describe, expect, it, vi } from 'vitest';
import { calibrate } from '../../src/convert/calibrate.js';
import { quantizeWeights } from '../../src/convert/quantize.js';
import { loadModel, type Profile, VERSION } from '../../src/index.js';
import { sha256 } from '../../src/sha256.js';
import { builtKernels } from '../../src/wasm.js';
import { testInput, testWeights } from '../test-network.js';
import { bitsOf, loadTiny, TINY, TINY_FILE, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';

const TINY_INT8 = (() => {
  const weights = testWeights(TINY);
  const maxima = calibrate(weights, builtKernels('scalar'), [testInput(TINY)]);
  return quantizeWeights(weights, maxima, { source: 'test input', records: 1 });
})();
const FILES = { f32: TINY_FILE, int8: TINY_INT8 };
const record = tinyRecord();
const busy = expect.objectContaining({ name: 'LeadwiseError', code: 'MODEL_BUSY' });
const disposed = expect.objectContaining({ name: 'LeadwiseError', code: 'MODEL_DISPOSED' });

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe.each(VARIANTS.flatMap((variant) => (['f32', 'int8'] as const).map((precision) => ({ variant, precision }))))(
  'a profile ($precision, $variant)',
  ({ variant, precision }) => {
    it('names what was measured, and survives JSON', async () => {
      const model = await loadModel(FILES[precision], { variant });
      const profile = await model.profile(record, { rounds: 3 });
      expect(profile).toMatchObject({
        schema: 1,
        model: { name: 'test-tiny', sha256: sha256(FILES[precision]), version: VERSION },
        kernels: { variant, sha256: builtKernels(variant).sha256 },
        engine: `node ${process.versions.node}`,
        record: { leads: TINY.leads, paddedSamples: 0 },
        rounds: 3,
        peak: { kernel: precision === 'int8' ? 'qs16x4_qc8w_gemm' : 'f32_gemm', shape: { rows: 64, inner: 128, columns: 128 } },
      });
      expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
    });

    it('has every layer of the plan, in its order, with its shape and work', async () => {
      const model = await loadModel(FILES[precision], { variant });
      const { layers, macs, computedMacs } = await model.profile(record, { rounds: 1 });
      expect(layers.map(({ name, shape, macs: work }) => ({ name, shape, macs: work }))).toEqual(model.plan.layers);
      expect(macs).toBe(model.plan.macs);
      expect(sum(layers.map((layer) => layer.macs))).toBe(macs);
      expect(sum(layers.map((layer) => layer.computedMacs))).toBe(computedMacs);
    });

    it('gives times and rates that belong together', async () => {
      const model = await loadModel(FILES[precision], { variant });
      const { layers, totalMs, preprocessingMs, peak, bandwidth, ...total } = await model.profile(record, { rounds: 5 });
      for (const { ms, bestMs, computedMacs, gmacPerSecond, shareOfPeak, bytes } of layers) {
        if (computedMacs > 0) expect(Math.min(ms, bestMs, gmacPerSecond, bytes)).toBeGreaterThan(0);
        else expect(gmacPerSecond).toBe(0);
        expect(bestMs).toBeLessThanOrEqual(ms);
        if (ms > 0) expect(gmacPerSecond).toBeCloseTo(computedMacs / ms / 1e6, 9);
        expect(shareOfPeak).toBeCloseTo(gmacPerSecond / peak.gmacPerSecond, 9);
      }
      expect(totalMs.best).toBeGreaterThan(0);
      expect(totalMs.best).toBeLessThanOrEqual(totalMs.median);
      expect(sum(layers.map(({ bestMs }) => bestMs))).toBeLessThanOrEqual(totalMs.best);
      expect(total.gmacPerSecond).toBeCloseTo(total.computedMacs / totalMs.median / 1e6, 9);
      expect(total.shareOfPeak).toBeCloseTo(total.gmacPerSecond / peak.gmacPerSecond, 9);
      expect(preprocessingMs).toBeGreaterThan(0);
      expect(peak.best).toBeGreaterThanOrEqual(peak.gmacPerSecond);
      expect(Math.min(peak.gmacPerSecond, bandwidth.gigabytesPerSecond)).toBeGreaterThan(0);
    });

    it('leaves the model as it was', async () => {
      const model = await loadModel(FILES[precision], { variant });
      const expected = model.classify(record);
      await model.profile(record, { rounds: 1 });
      expect(model.classify(record)).toEqual(expected);
    });
  },
);

describe('what repeats', () => {
  it('nothing in a full window: all work is done', async () => {
    const model = await loadTiny();
    const { layers, macs, computedMacs, record: seen } = await model.profile(model.preprocess(tinyRecord(6)), { rounds: 1 });
    expect(seen).toEqual({ leads: TINY.leads, paddedSamples: 0 });
    expect(computedMacs).toBe(macs);
    expect(layers.map((layer) => layer.computedMacs)).toEqual(layers.map((layer) => layer.macs));
  });

  it('padding and missing leads are less work and fewer bytes, by layer', async () => {
    const model = await loadTiny();
    const rest = tinyRecord(1);
    const two = { ...rest, sigName: ['I', 'II'], units: rest.units.slice(0, 2), signal: rest.signal.slice(0, 2) };
    const [full, less] = [await model.profile(tinyRecord(6), { rounds: 1 }), await model.profile(two, { rounds: 1 })];
    expect(less.record).toEqual({ leads: ['I', 'II'], paddedSamples: 156 });
    expect(less.macs).toBe(full.macs);
    expect(less.computedMacs).toBeLessThan(full.computedMacs);
    const stem = (profile: Profile) => profile.layers.find(({ name }) => name === 'blocks.0.p0')!;
    // Two leads and one that stands for the ten missing; their padding is one column beside its margins.
    expect(stem(less).computedMacs).toBeLessThan((3 / 12) * stem(full).macs);
    expect(stem(less).bytes).toBeLessThan(stem(full).bytes);
    const head = (profile: Profile) => profile.layers.slice(-3).map(({ bytes, computedMacs }) => [bytes, computedMacs]);
    expect(head(less)).toEqual(head(full));
  });

  it('a window that is all zeros has no leads', async () => {
    const model = await loadTiny();
    const { record: seen, preprocessingMs } = await model.profile(new Float32Array(12 * TINY.windowSamples), { rounds: 1 });
    expect([seen, preprocessingMs]).toEqual([{ leads: [], paddedSamples: TINY.windowSamples }, null]);
  });
});

describe('calls', () => {
  it.each([
    ['a word', '5', TypeError, '"rounds" expected a number, got string'],
    ['null', null, TypeError, '"rounds" expected a number, got null'],
    ['none', 0, RangeError, '"rounds" expected a whole number from 1 to 1000, got 0'],
    ['half', 1.5, RangeError, '"rounds" expected a whole number from 1 to 1000, got 1.5'],
    ['no number', Number.NaN, RangeError, '"rounds" expected a whole number from 1 to 1000, got NaN'],
    ['too many', 1001, RangeError, '"rounds" expected a whole number from 1 to 1000, got 1001'],
  ])('%s of rounds', async (_, rounds, type, message) => {
    const model = await loadTiny();
    const run = model.profile(record, { rounds: rounds as number });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toBeInstanceOf(type);
  });

  it('with what is no record or window', async () => {
    const model = await loadTiny();
    await expect(model.profile(new Float32Array(5))).rejects.toThrow(RangeError);
    await expect(model.profile(new Float32Array(12 * TINY.windowSamples).fill(Number.NaN))).rejects.toThrow('finite');
    await expect(model.profile('ecg' as never)).rejects.toThrow(TypeError);
    await expect(model.profile({ ...record, sigName: record.sigName.map((_, i) => `x${i}`) })).rejects.toMatchObject({
      code: 'NO_KNOWN_LEAD',
    });
    expect(model.classify(record).schema).toBe(1);
  });

  it('tell how far they are, up to 1, and are busy meanwhile', async () => {
    const model = await loadTiny();
    const fractions: number[] = [];
    const onProgress = (fraction: number) => {
      fractions.push(fraction);
      expect(() => model.classify(record)).toThrow(busy);
    };
    await model.profile(record, { rounds: 4, onProgress });
    expect(fractions).toEqual([0.25, 0.5, 0.75, 1]);
    expect(model.classify(record).schema).toBe(1);
  });

  it('queue with classifyAsync', async () => {
    const model = await loadTiny();
    const expected = model.classify(record);
    const ends: string[] = [];
    const runs = [
      model.classifyAsync(record).then((result) => ends.push('first') && result),
      model.profile(record, { rounds: 1 }).then(() => ends.push('profile')),
      model.classifyAsync(record).then((result) => ends.push('last') && result),
    ];
    expect(() => model.classify(record)).toThrow(busy);
    const [first, , last] = await Promise.all(runs);
    expect([first, last]).toEqual([expected, expected]);
    expect(ends).toEqual(['first', 'profile', 'last']);
  });

  it('measure the window as it was when they began', async () => {
    const model = await loadTiny();
    const window = model.preprocess(record);
    const run = model.profile(window, { rounds: 1 });
    window.fill(Number.NaN);
    expect((await run).record.leads).toEqual(TINY.leads);
  });

  it('can be aborted, before and on the way', async () => {
    const model = await loadTiny();
    const expected = model.classify(record);
    const onProgress = vi.fn();
    const reason = new Error('no longer needed');
    await expect(model.profile(record, { signal: AbortSignal.abort(reason), onProgress })).rejects.toBe(reason);
    expect(onProgress).not.toHaveBeenCalled();
    const controller = new AbortController();
    const { signal } = controller;
    onProgress.mockImplementation(() => controller.abort(reason));
    await expect(model.profile(record, { signal, onProgress })).rejects.toBe(reason);
    expect(onProgress).toHaveBeenCalledTimes(1);
    expect(bitsOf(model.classify(record).logits)).toEqual(bitsOf(expected.logits));
  });

  it('on a model that is disposed, before and on the way', async () => {
    const model = await loadTiny();
    await expect(model.profile(record, { onProgress: () => model.dispose() })).rejects.toEqual(disposed);
    await expect(model.profile(record)).rejects.toEqual(disposed);
    await expect(model.profile(new Float32Array(12 * TINY.windowSamples))).rejects.toEqual(disposed);
  });
});
