// Callers whose records run code, change as they are read, or only look like records: the pool is not to lose a job or a worker by them.

import { getEventListeners } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EcgRecord, Model } from '../../src/index.js';
import type { Pool } from '../../src/pool/index.js';
import { loadTiny, tinyRecord } from '../tiny-network.js';
import { createPool, HeldWorkers, named } from './built.js';

let model: Model;
beforeAll(async () => {
  model = await loadTiny();
});

/** Gives `later` from the second time on. */
function shifting(field: keyof EcgRecord, later: unknown): EcgRecord {
  const record = tinyRecord();
  const steady = record[field as 'fs'];
  let asked = 0;
  return Object.defineProperty(record, field, { get: () => (asked++ === 0 ? steady : later) });
}

function onRead(act: () => void): EcgRecord {
  return Object.defineProperty(tinyRecord(), 'fs', {
    get() {
      act();
      return 100;
    },
  });
}

async function expectUnharmed(pool: Pool, workers: HeldWorkers): Promise<void> {
  expect(pool.pending).toBe(0);
  expect(await pool.classify(tinyRecord())).toEqual(model.classify(tinyRecord()));
  expect([pool.size, workers.all.length]).toEqual([1, 1]);
}

const COPIES = [null, undefined, {}, () => {}, { buffer: null }, new Uint8Array(3)];

describe.each([false, true])('with transfer %s', (transfer) => {
  it.each([null, 0, [], [null], ['I'], [{ slice: () => null }], [{ slice: () => () => {} }], new Array(12).fill({})])(
    'a signal that is %j when it is read again is refused by name',
    async (later) => {
      const workers = new HeldWorkers();
      const pool = await createPool({ size: 1, worker: workers.start });
      const failed = await pool.classify(shifting('signal', later), { transfer }).catch((error: unknown) => error);
      expect(failed instanceof TypeError || failed instanceof RangeError || (failed as Error).name === 'DataCloneError').toBe(true);
      await expectUnharmed(pool, workers);
    },
  );

  it.each(COPIES)('samples whose copy is %s do not reach a worker', async (copy) => {
    const workers = new HeldWorkers();
    const pool = await createPool({ size: 1, worker: workers.start });
    const methods = { slice: () => copy };
    for (const samples of [tinyRecord().signal[0]!, { [Symbol.toStringTag]: 'Float32Array', length: 600 }]) {
      const { signal, ...rest } = tinyRecord();
      const record = { ...rest, signal: [Object.assign(samples, methods), ...signal.slice(1)] } as EcgRecord;
      const ended = await pool.classify(record, { transfer }).catch((error: Error) => error.name);
      if (typeof ended === 'string') expect(['TypeError', 'RangeError', 'RecordError', 'DataCloneError']).toContain(ended);
    }
    await expectUnharmed(pool, workers);
  });

  it('samples that were moved away give the error of model.classify', async () => {
    const pool = await createPool({ size: 1 });
    const record = tinyRecord();
    structuredClone(null, { transfer: [record.signal[3]!.buffer as ArrayBuffer] });
    await expect(pool.classify(record, { transfer })).rejects.toSatisfy(named('UNEQUAL_LENGTHS'));
    for (const samples of record.signal) if (samples.length > 0) structuredClone(null, { transfer: [samples.buffer as ArrayBuffer] });
    await expect(pool.classify(record, { transfer })).rejects.toSatisfy(named('RECORD_TOO_SHORT'));
  });
});

describe('a record whose reading', () => {
  it('disposes of the pool ends its own job too', async () => {
    const pool = await createPool({ size: 1 });
    await expect(pool.classify(onRead(() => pool.dispose()))).rejects.toSatisfy(named('POOL_DISPOSED'));
    expect(pool.pending).toBe(0);
  });

  it('aborts its own job ends it', async () => {
    const pool = await createPool({ size: 1 });
    const controller = new AbortController();
    const record = onRead(() => controller.abort(new Error('enough')));
    await expect(pool.classify(record, { signal: controller.signal })).rejects.toThrow('enough');
    expect(pool.pending).toBe(0);
  });
});

describe('a signal for many jobs', () => {
  it('has one listener, and none behind the last', async () => {
    const pool = await createPool({ size: 2 });
    const warnings: Error[] = [];
    const hear = (warning: Error) => void warnings.push(warning);
    process.on('warning', hear);
    const { signal } = new AbortController();

    const streams = Array.from({ length: 12 }, () => pool.classifyMany([tinyRecord(3, 1), tinyRecord(3, 2)], { signal }));
    const jobs = Array.from({ length: 12 }, () => pool.classify(tinyRecord(), { signal }));
    const firsts = streams.map((stream) => stream.next());
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.all([...jobs, ...firsts]);
    await Promise.all(streams.map((stream) => stream.return()));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await new Promise((resolve) => setImmediate(resolve)); // Node warns later
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  it('ends them all, once', async () => {
    const pool = await createPool({ size: 1 });
    const controller = new AbortController();
    const jobs = Array.from({ length: 30 }, () => pool.classify(tinyRecord(), { signal: controller.signal }));
    const stream = pool.classifyMany([tinyRecord()], { signal: controller.signal }).next();
    const reason = new Error('closing');
    controller.abort(reason);
    for (const ended of await Promise.allSettled([...jobs, stream])) expect(ended).toEqual({ status: 'rejected', reason });
    expect(await pool.classify(tinyRecord())).toEqual(model.classify(tinyRecord()));
    expect(pool.pending).toBe(0);
  });
});
