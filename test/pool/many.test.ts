// classifyMany: order, a bounded number of records in flight, errors, early ends, slow and hostile sources.

import { beforeAll, describe, expect, it } from 'vitest';
import type { EcgRecord, Model, Result } from '../../src/index.js';
import { bitsOf, loadTiny, tinyRecord } from '../tiny-network.js';
import { createPool, HeldWorkers, named } from './built.js';

let model: Model;
beforeAll(async () => {
  model = await loadTiny();
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const bad = (): EcgRecord => ({ ...tinyRecord(), fs: 3 });

it('200 records come back in order, a few of them in memory at a time', async () => {
  const pool = await createPool({ size: 2, queueLimit: 0 });
  let [taken, given, most] = [0, 0, 0];
  const logits: number[][] = [];
  async function* records() {
    while (taken < 200) {
      taken++;
      most = Math.max(most, taken - given);
      yield tinyRecord(3 + (taken % 4), taken);
    }
  }
  const results: Result[] = [];
  for await (const result of pool.classifyMany(records())) {
    given++;
    results.push(result);
    expect(pool.pending).toBeLessThanOrEqual(4);
  }
  for (let seed = 1; seed <= 200; seed++) logits.push(bitsOf(model.classify(tinyRecord(3 + (seed % 4), seed)).logits));
  expect(results.map((result) => bitsOf(result.logits))).toEqual(logits);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(5); // two for each worker, and the one in the loop's hands
});

it('a record that takes long does not let a later one pass', async () => {
  const workers = new HeldWorkers();
  const pool = await createPool({ size: 2, worker: workers.start });
  const records = [1, 2, 3, 4, 5, 6].map((seed) => tinyRecord(6, seed));
  const stream = pool.classifyMany(records);
  workers.all[0]!.postMessage('hold');
  const head = stream.next();
  await workers.until((message) => message === 'held');
  const done = (message: unknown) => (message as { leadwise?: string } | null)?.leadwise === 'result';
  await workers.until(done, 3); // the rest of the window, by the other worker
  workers.all[0]!.postMessage('go');
  expect((await head).value).toEqual(model.classify(records[0]!));
  expect(await collect(stream)).toEqual(records.slice(1).map((record) => model.classify(record)));
});

it('a slow source does not hold back what is done', async () => {
  const pool = await createPool({ size: 2 });
  let more!: (record: EcgRecord) => void;
  async function* records() {
    yield tinyRecord(6, 1);
    yield await new Promise<EcgRecord>((resolve) => {
      more = resolve;
    });
  }
  const stream = pool.classifyMany(records());
  expect((await stream.next()).value).toEqual(model.classify(tinyRecord(6, 1)));
  more(tinyRecord(6, 2));
  expect((await stream.next()).value).toEqual(model.classify(tinyRecord(6, 2)));
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

it('a slow reader holds back the source', async () => {
  const pool = await createPool({ size: 1 });
  let taken = 0;
  function* records() {
    for (let seed = 1; seed <= 20; seed++) {
      taken++;
      yield tinyRecord(6, seed);
    }
  }
  const stream = pool.classifyMany(records());
  await stream.next();
  for (let round = 0; round < 3; round++) await pool.classify(tinyRecord()); // time enough for the window to be done
  expect(taken).toBeLessThanOrEqual(3);
  expect(await collect(stream)).toHaveLength(19);
  expect(taken).toBe(20);
});

it('takes iterables of promises, none at all, and options', async () => {
  const pool = await createPool();
  expect(await collect(pool.classifyMany([Promise.resolve(tinyRecord())]))).toEqual([model.classify(tinyRecord())]);
  expect(await collect(pool.classifyMany([]))).toEqual([]);
  const record = tinyRecord();
  record.signal[2]!.fill(1);
  expect(await collect(pool.classifyMany([record], { quality: 'report' }))).toEqual([model.classify(record, { quality: 'report' })]);
  const expected = model.classify(record);
  expect(await collect(pool.classifyMany([record], { transfer: true }))).toEqual([expected]);
  expect(record.signal[0]).toHaveLength(0);
});

it('refuses at the call what is no iterable, and an unknown onError', async () => {
  const pool = await createPool();
  for (const records of [undefined, null, 5, {}, tinyRecord()]) {
    expect(() => pool.classifyMany(records as unknown as EcgRecord[])).toThrow(TypeError);
  }
  expect(() => pool.classifyMany([], { onError: 'ignore' as 'throw' })).toThrow('"onError"');
});

describe('a record that fails', () => {
  it('ends the loop behind the results before it, and closes the source', async () => {
    const pool = await createPool();
    let closed = false;
    function* records() {
      try {
        yield tinyRecord(6, 1);
        yield bad();
        for (;;) yield tinyRecord(6, 2);
      } finally {
        closed = true;
      }
    }
    const stream = pool.classifyMany(records());
    expect((await stream.next()).value).toEqual(model.classify(tinyRecord(6, 1)));
    await expect(stream.next()).rejects.toSatisfy(named('FS_OUT_OF_RANGE'));
    expect(closed).toBe(true);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(await pool.classify(tinyRecord())).toEqual(model.classify(tinyRecord()));
  });

  it('or stands in the stream, in its place', async () => {
    const pool = await createPool();
    const records = [bad(), tinyRecord(6, 1), null as unknown as EcgRecord, tinyRecord(6, 2), bad()];
    const entries = await collect(pool.classifyMany(records, { onError: 'yield' }));
    expect(entries.map((entry) => ('error' in entry ? ((entry.error as { code?: string }).code ?? entry.error.name) : 'result'))).toEqual([
      'FS_OUT_OF_RANGE',
      'result',
      'TypeError',
      'result',
      'FS_OUT_OF_RANGE',
    ]);
    expect(entries[3]).toEqual(model.classify(tinyRecord(6, 2)));
  });

  it('with its worker stands in the stream too', async () => {
    const workers = new HeldWorkers();
    const pool = await createPool({ size: 1, worker: workers.start });
    workers.last.postMessage('hold');
    const stream = pool.classifyMany(
      [1, 2, 3].map((seed) => tinyRecord(6, seed)),
      { onError: 'yield' },
    );
    const head = stream.next();
    await workers.until((message) => message === 'held');
    workers.last.postMessage('throw');
    const { value } = await head;
    expect(named('WORKER_CRASHED')((value as { error: Error }).error)).toBe(true);
    expect(await collect(stream)).toEqual([2, 3].map((seed) => model.classify(tinyRecord(6, seed))));
  });
});

describe('an early end', () => {
  it('by leaving the loop aborts what is under way, and closes the source', async () => {
    const pool = await createPool();
    let [taken, closed] = [0, false];
    async function* records() {
      try {
        for (;;) yield tinyRecord(6, ++taken);
      } finally {
        closed = true;
      }
    }
    for await (const result of pool.classifyMany(records())) {
      expect(result.schema).toBe(1);
      break;
    }
    expect(closed).toBe(true);
    expect(taken).toBeLessThanOrEqual(6);
    expect(await pool.classify(tinyRecord())).toEqual(model.classify(tinyRecord()));
    // The other worker may still be between two layers of an aborted job, which counts until it has let go of it.
    await expect.poll(() => pool.pending).toBe(0);
  });

  it('by leaving the loop ends a job between layers', async () => {
    const workers = new HeldWorkers();
    const pool = await createPool({ size: 1, worker: workers.start });
    const answers = (kind: string) => (message: unknown) => (message as { leadwise?: string } | null)?.leadwise === kind;
    async function* records() {
      yield tinyRecord(6, 1);
      await workers.until(answers('result'));
      workers.last.postMessage('hold');
      yield tinyRecord(6, 2);
    }
    for await (const result of pool.classifyMany(records())) {
      expect(result).toEqual(model.classify(tinyRecord(6, 1)));
      await workers.until((message) => message === 'held');
      break;
    }
    workers.last.postMessage('go');
    await workers.until(answers('error'));
    expect(workers.sent.at(-1)).toMatchObject({ error: { name: 'AbortError' } });
  });

  it.each(['throw', 'yield'] as const)('by a signal, while the source lets wait (onError %s)', async (onError) => {
    const pool = await createPool();
    const controller = new AbortController();
    let returned = false;
    const silent = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: () => {
          returned = true;
          return new Promise<never>(() => {});
        },
      }),
    };
    const next = pool.classifyMany(silent, { signal: controller.signal, onError }).next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(returned).toBe(true);
  });

  it('by dispose, while the source lets wait', async () => {
    const pool = await createPool();
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const next = pool.classifyMany(silent, { onError: 'yield' }).next();
    pool.dispose();
    await expect(next).rejects.toSatisfy(named('POOL_DISPOSED'));
  });

  it('by the source’s own error, behind the results before it', async () => {
    const pool = await createPool();
    async function* records() {
      yield tinyRecord(6, 1);
      yield tinyRecord(6, 2);
      throw new Error('unplugged');
    }
    for (const onError of ['throw', 'yield'] as const) {
      const stream = pool.classifyMany(records(), { onError });
      expect((await stream.next()).value).toEqual(model.classify(tinyRecord(6, 1)));
      expect((await stream.next()).value).toEqual(model.classify(tinyRecord(6, 2)));
      await expect(stream.next()).rejects.toThrow('unplugged');
    }
  });

  it.each([
    ['next', { next: () => throwing() }],
    ['its value', { next: () => ({ done: false, value: Promise.reject(new Error('from the source')) }) }],
    ['its answer', { next: () => null }],
  ])('by %s of a hostile source', async (_, iterator) => {
    const pool = await createPool();
    const source = { [Symbol.iterator]: () => iterator } as unknown as Iterable<EcgRecord>;
    await expect(collect(pool.classifyMany(source, { onError: 'yield' }))).rejects.toThrow(Error);
  });
});

function throwing(): never {
  throw new Error('from the source');
}

it('two streams and single jobs share the workers', async () => {
  const pool = await createPool();
  const records = [1, 2, 3, 4, 5, 6].map((seed) => tinyRecord(6, seed));
  const expected = records.map((record) => model.classify(record));
  const [one, two, single] = await Promise.all([
    collect(pool.classifyMany(records)),
    collect(pool.classifyMany(records)),
    pool.classify(records[0]!),
  ]);
  expect([one, two, single]).toEqual([expected, expected, expected[0]]);
});
