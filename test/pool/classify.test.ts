// A pool's answers are those of model.classify: the same bits, the same errors.

import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EcgRecord, loadModel, type Model } from '../../src/index.js';
import type { PoolOptions } from '../../src/pool/index.js';
import { simulate } from '../../src/simulate.js';
import { bitsOf, loadTiny, TINY_FILE, tinyRecord } from '../tiny-network.js';
import { VARIANTS } from '../variants.js';
import { built, createPool, named } from './built.js';

const EDGE = readFileSync(new URL('../../weights/edge.safetensors', import.meta.url));
const KERNELS = readFileSync(new URL('../../dist/kernels.simd.wasm', import.meta.url));

let model: Model;
beforeAll(async () => {
  model = await loadTiny();
});

describe('results', () => {
  it.each(VARIANTS)('are those of model.classify, with the default network (%s)', async (variant) => {
    const [edge, pool] = [await loadModel(EDGE, { variant }), await createPool({ weights: EDGE, variant })];
    const records = [1, 2, 3, 4, 5].map((seed) => simulate({ seed, seconds: 10 }));
    const results = await Promise.all(records.map((record) => pool.classify(record)));
    for (const [index, record] of records.entries()) {
      const expected = edge.classify(record);
      expect(results[index]).toEqual(expected);
      expect(bitsOf(results[index]!.logits)).toEqual(bitsOf(expected.logits));
    }
  });

  it('for every quality mode, also with digital samples', async () => {
    const pool = await createPool();
    const record = simulate({ fs: 100, seconds: 4, seed: 9 });
    record.signal[3]!.fill(0);
    record.digital![3]!.fill(0);
    for (const quality of ['gate', 'report', 'off'] as const) {
      expect(await pool.classify(record, { quality })).toEqual(model.classify(record, { quality }));
    }
  });

  it('for every window of a long record, and for a record without a usable lead', async () => {
    const pool = await createPool();
    const record = tinyRecord(8);
    expect(await pool.classify(record, { windows: 'all' })).toEqual(model.classify(record, { windows: 'all' }));
    await expect(pool.classify(record, { windows: 'last' as 'all' })).rejects.toThrow(TypeError);
    const nothing = { ...record, signal: record.signal.map((lead) => lead.map(() => 7)) };
    for (const quality of ['gate', 'off'] as const) {
      const hopeless = quality === 'gate' ? nothing : { ...nothing, signal: record.signal.map((lead) => lead.map(() => Number.NaN)) };
      const expected = await model.classifyAsync(hopeless, { quality }).catch((error) => error);
      const error = await pool.classify(hopeless, { quality }).catch((reason) => reason);
      expect(error).toMatchObject({ code: 'NO_USABLE_LEAD', quality: expected.quality });
    }
  });

  it('with kernels that the caller brings: bytes and a module', async () => {
    for (const wasm of [new Uint8Array(KERNELS), new WebAssembly.Module(KERNELS)]) {
      const expected = (await loadModel(TINY_FILE, { wasm })).classify(tinyRecord());
      const { kernels, logits } = await (await createPool({ wasm })).classify(tinyRecord());
      expect(kernels).toEqual(expected.kernels);
      expect(bitsOf(logits)).toEqual(bitsOf(expected.logits));
    }
  });

  it('from weights as buffer, Blob and Response', async () => {
    const bytes = new Uint8Array(TINY_FILE);
    for (const weights of [bytes.buffer, new Blob([bytes]), new Response(bytes)]) {
      expect(await (await createPool({ weights, size: 1 })).classify(tinyRecord())).toEqual(model.classify(tinyRecord()));
    }
  });
});

describe('the record', () => {
  it('is taken as it is at the call, also in the queue', async () => {
    const pool = await createPool({ size: 1 });
    const [first, second] = [tinyRecord(6, 1), tinyRecord(6, 2)];
    const expected = [model.classify(first), model.classify(second)];
    const jobs = [pool.classify(first), pool.classify(second)];
    for (const record of [first, second]) {
      for (const samples of record.signal) samples.fill(0);
      record.sigName.reverse();
      record.fs = 500;
    }
    expect(await Promise.all(jobs)).toEqual(expected);
  });

  it('stays the caller’s, or its buffers are moved', async () => {
    const pool = await createPool({ size: 1 });
    const record = simulate({ fs: 100, seconds: 6, seed: 3 });
    const expected = model.classify(record);
    expect(await pool.classify(record)).toEqual(expected);
    expect(model.classify(record)).toEqual(expected);
    const jobs = [pool.classify(record, { transfer: true }), pool.classify(simulate({ fs: 100, seconds: 6, seed: 3 }), { transfer: true })];
    for (const samples of [...record.signal, ...record.digital!]) expect(samples).toHaveLength(0);
    expect(await Promise.all(jobs)).toEqual([expected, expected]);
  });

  it('may be views on one buffer', async () => {
    const pool = await createPool({ size: 1 });
    const { signal, ...rest } = tinyRecord();
    const samples = signal[0]!.length;
    const all = new Float64Array(signal.length * samples + 1000);
    for (const [lead, values] of signal.entries()) all.set(values, lead * samples + 7);
    const views = signal.map((_, lead) => all.subarray(lead * samples + 7, (lead + 1) * samples + 7));
    const expected = model.classify({ ...rest, signal: views });
    for (const transfer of [false, true]) expect(await pool.classify({ ...rest, signal: views }, { transfer })).toEqual(expected);
    expect(all).toHaveLength(0);
  });

  it('may lie in shared memory', async () => {
    const pool = await createPool({ size: 1 });
    const { signal, ...rest } = tinyRecord();
    const shared = signal.map((samples) => {
      const copy = new Float64Array(new SharedArrayBuffer(8 * samples.length));
      copy.set(samples);
      return copy;
    });
    const record = { ...rest, signal: shared as unknown as EcgRecord['signal'] };
    const expected = model.classify(record);
    for (const transfer of [false, true]) expect(await pool.classify(record, { transfer })).toEqual(expected);
    expect(shared[0]!.length).toBeGreaterThan(0);
  });

  it('may lie in the memory of a WebAssembly instance', async () => {
    const pool = await createPool({ size: 1 });
    const { signal, ...rest } = tinyRecord();
    const fixed = new Float32Array(new WebAssembly.Memory({ initial: 1 }).buffer, 8, signal[0]!.length);
    fixed.set(signal[0]!);
    const record = { ...rest, signal: [fixed, ...signal.slice(1)] };
    expect(await pool.classify(record)).toEqual(model.classify(record));
  });

  it('is not moved when it is refused', async () => {
    const pool = await createPool({ size: 1 });
    const record = tinyRecord();
    await expect(pool.classify({ ...record, fs: Number.NaN }, { transfer: true })).rejects.toThrow(RangeError);
    await expect(pool.classify(record, { transfer: true, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(record.signal[0]!.length).toBeGreaterThan(0);
  });

  it('goes without its comments, and may carry what cannot be cloned', async () => {
    const pool = await createPool({ size: 1 });
    const record = { ...tinyRecord(), comments: ['private'], open: () => {} };
    expect(await pool.classify(record)).toEqual(model.classify(record));
  });
});

const BAD_RECORDS: [string, (record: EcgRecord) => unknown][] = [
  ['null', () => null],
  ['text', () => 'I,II'],
  ['no rate', ({ fs: _, ...rest }) => rest],
  ['a rate of zero', (record) => ({ ...record, fs: 0 })],
  ['a rate far off', (record) => ({ ...record, fs: 10 })],
  ['no leads', (record) => ({ ...record, sigName: [], units: [], signal: [] })],
  ['unknown leads', (record) => ({ ...record, sigName: record.sigName.map((name) => `x${name}`) })],
  ['a lead twice', (record) => ({ ...record, sigName: record.sigName.map(() => 'II') })],
  ['fewer units', (record) => ({ ...record, units: ['mV'] })],
  ['lists for samples', (record) => ({ ...record, signal: record.signal.map((samples) => [...samples]) })],
  ['unequal lengths', (record) => ({ ...record, signal: record.signal.map((samples, lead) => samples.subarray(lead)) })],
  ['a few samples', (record) => ({ ...record, signal: record.signal.map((samples) => samples.subarray(0, 9)) })],
  ['two hours', (record) => ({ ...record, signal: record.signal.map(() => new Float32Array(720_001)) })],
  ['no signal', (record) => ({ ...record, signal: record.signal.map((samples) => samples.map(() => 0)) })],
  ['no numbers', (record) => ({ ...record, signal: record.signal.map((samples) => samples.map(() => Number.NaN)) })],
];

describe('errors', () => {
  it.each(BAD_RECORDS)('of a record that is %s are those of model.classify, and the worker goes on', async (_, change) => {
    const pool = await createPool({ size: 1 });
    const record = change(tinyRecord()) as EcgRecord;
    const expected = thrownBy(() => model.classify(record));
    const error = await rejection(pool.classify(record));
    expect(describeError(error)).toEqual(describeError(expected));
    expect(error instanceof (expected.name in built ? built[expected.name as 'RecordError'] : expected.constructor)).toBe(true);
    expect(await pool.classify(tinyRecord())).toEqual(model.classify(tinyRecord()));
    expect(pool.pending).toBe(0);
  });

  it('of a quality that is none', async () => {
    const quality = 'best' as 'gate';
    const expected = thrownBy(() => model.classify(tinyRecord(), { quality }));
    await expect((await createPool({ size: 1 })).classify(tinyRecord(), { quality })).rejects.toThrow(expected);
  });
});

describe('createPool', () => {
  it.each<[string, object, string | RegExp]>([
    ['no options', undefined as unknown as object, /"options"/],
    ['no weights', {}, /"weights"/],
    ['a path', { weights: 'edge.safetensors' }, /"weights"/],
    ['a file: URL', { weights: new URL('file:///edge.safetensors') }, /"weights"/],
    ['a size that is text', { weights: TINY_FILE, size: '2' }, /"size"/],
    ['a size of none', { weights: TINY_FILE, size: 0 }, /"size" expected 1 to 64, got 0/],
    ['half a worker', { weights: TINY_FILE, size: 1.5 }, /"size"/],
    ['endless workers', { weights: TINY_FILE, size: Infinity }, /"size"/],
    ['a queue below zero', { weights: TINY_FILE, queueLimit: -1 }, /"queueLimit"/],
    ['a worker that is no function', { weights: TINY_FILE, worker: 'pool-worker.js' }, /"worker"/],
    ['a worker that is no worker', { weights: TINY_FILE, worker: () => ({}) }, /"worker"/],
    ['a variant that is none', { weights: TINY_FILE, variant: 'fast' }, /"variant"/],
    ['kernels that are a path', { weights: TINY_FILE, wasm: 'kernels.wasm' }, /"wasm"/],
  ])('refuses %s', async (_, options, message) => {
    await expect(built.createPool(options as PoolOptions)).rejects.toThrow(message);
    await expect(built.createPool(options as PoolOptions)).rejects.toSatisfy(
      (error) => error instanceof TypeError || error instanceof RangeError,
    );
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a cut file', TINY_FILE.slice(0, -1)],
    ['another file', KERNELS],
  ])('passes on what the worker says of weights that are %s', async (_, weights) => {
    const expected = await rejection(loadModel(weights));
    const error = await rejection(built.createPool({ weights, size: 2 }));
    expect(error).toBeInstanceOf(built.WeightsError);
    expect(describeError(error)).toEqual(describeError(expected));
  });

  it('says when a server has no weights', async () => {
    const weights = new Response('no', { status: 404 });
    await expect(built.createPool({ weights })).rejects.toSatisfy(named('DOWNLOAD_FAILED'));
  });

  it('has at least one worker by default', async () => {
    const pool = await built.createPool({ weights: TINY_FILE });
    expect(pool.size).toBeGreaterThanOrEqual(1);
    expect(pool.size).toBeLessThanOrEqual(8);
    pool.dispose();
  });
});

function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('it should reject'),
    (reason: Error) => reason,
  );
}

function thrownBy(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable('it should throw');
}

function describeError({ name, message, code, place }: Error & { code?: string; place?: object }) {
  return { name, message, code, place };
}
