// The life of jobs and workers: aborts, the full queue, crashes, dispose. The workers are stopped in the middle of a job where it matters.

import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '../../src/index.js';
import { loadTiny, TINY_FILE, tinyRecord } from '../tiny-network.js';
import { built, createPool, HeldWorkers, named } from './built.js';

const [first, second] = [tinyRecord(6, 1), tinyRecord(6, 2)];
let expected: Result;
let other: Result;
beforeAll(async () => {
  const model = await loadTiny();
  [expected, other] = [model.classify(first), model.classify(second)];
});

async function heldPool(options: object = {}) {
  const workers = new HeldWorkers();
  const pool = await createPool({ size: 1, worker: workers.start, ...options });
  return { workers, pool };
}

const answerOf = (name: string) => (message: unknown) => (message as { error?: { name?: string } } | null)?.error?.name === name;

describe('an AbortSignal', () => {
  it('aborted before: nothing is sent', async () => {
    const { workers, pool } = await heldPool();
    const reason = new Error('no longer needed');
    await expect(pool.classify(first, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(pool.pending).toBe(0);
    expect(await pool.classify(second)).toEqual(other);
    expect(workers.sent.filter((message) => (message as { id?: number }).id !== undefined)).toHaveLength(1);
  });

  it('ends a job between layers; the worker takes the next', async () => {
    const { workers, pool } = await heldPool();
    const controller = new AbortController();
    const { job, go } = await workers.hold(() => pool.classify(first, { signal: controller.signal }));
    const next = pool.classify(second);
    controller.abort(new Error('enough'));
    await expect(job).rejects.toThrow('enough'); // at once, while the worker is held
    expect(pool.pending).toBe(2);
    go();
    expect(await next).toEqual(other);
    expect(workers.sent.filter(answerOf('AbortError'))).toHaveLength(1);
    expect(workers.all).toHaveLength(1);
    expect(pool.pending).toBe(0);
  });

  it('ends a job in the queue; those around it are right', async () => {
    const { workers, pool } = await heldPool();
    const controller = new AbortController();
    const { job, go } = await workers.hold(() => pool.classify(first));
    const queued = pool.classify(first, { signal: controller.signal });
    const behind = pool.classify(second);
    expect(pool.pending).toBe(3);
    controller.abort();
    await expect(queued).rejects.toMatchObject({ name: 'AbortError' });
    expect(pool.pending).toBe(2);
    go();
    expect(await Promise.all([job, behind])).toEqual([expected, other]);
    expect(workers.sent.filter(answerOf('AbortError'))).toHaveLength(0);
  });

  it('that comes after the end does nothing', async () => {
    const { pool } = await heldPool();
    const controller = new AbortController();
    expect(await pool.classify(first, { signal: controller.signal })).toEqual(expected);
    controller.abort();
    expect(await pool.classify(second)).toEqual(other);
  });

  it('ends the start', async () => {
    const silent = () => new Worker('setInterval(() => {}, 1000)', { eval: true });
    const controller = new AbortController();
    const pool = built.createPool({ weights: TINY_FILE, size: 2, worker: silent, signal: controller.signal });
    setTimeout(() => controller.abort(new Error('too slow')), 50);
    await expect(pool).rejects.toThrow('too slow');
    await expect(built.createPool({ weights: TINY_FILE, signal: controller.signal })).rejects.toThrow('too slow');
  });
});

describe('the queue', () => {
  it('refuses by name when it is full, and takes jobs again', async () => {
    const { workers, pool } = await heldPool({ queueLimit: 2 });
    const { job, go } = await workers.hold(() => pool.classify(first));
    const waiting = [pool.classify(second), pool.classify(second)];
    await expect(pool.classify(second)).rejects.toSatisfy(named('POOL_FULL'));
    expect(pool.pending).toBe(3);
    go();
    expect(await Promise.all([job, ...waiting])).toEqual([expected, other, other]);
    expect(await pool.classify(first)).toEqual(expected);
  });

  it('may be none: a free worker is needed', async () => {
    const pool = await createPool({ size: 2, queueLimit: 0 });
    const jobs = [pool.classify(first), pool.classify(second)];
    await expect(pool.classify(first)).rejects.toSatisfy(named('POOL_FULL'));
    expect(await Promise.all(jobs)).toEqual([expected, other]);
  });
});

describe('a worker that ends', () => {
  it.each([
    ['by an uncaught error', (worker: Worker) => worker.postMessage('throw'), /thrown by the test/],
    ['by itself', (worker: Worker) => worker.postMessage('exit'), /exit code 3/],
    ['from outside', (worker: Worker) => void worker.terminate(), /exit code 1/],
  ])('%s fails its job by name, and is replaced', async (_, kill, reason) => {
    const { workers, pool } = await heldPool();
    const { job } = await workers.hold(() => pool.classify(first));
    const queued = pool.classify(second);
    kill(workers.last);
    await expect(job).rejects.toSatisfy(named('WORKER_CRASHED'));
    await expect(job).rejects.toThrow(reason);
    expect(await queued).toEqual(other);
    expect(await pool.classify(first)).toEqual(expected);
    expect(workers.all).toHaveLength(2);
    expect([pool.size, pool.pending]).toEqual([1, 0]);
  });

  it('with every job is replaced every time', async () => {
    const { workers, pool } = await heldPool();
    for (let round = 0; round < 5; round++) {
      const { job } = await workers.hold(() => pool.classify(first));
      workers.last.postMessage('throw');
      await expect(job).rejects.toSatisfy(named('WORKER_CRASHED'));
      await workers.until((message) => (message as { leadwise?: string }).leadwise === 'ready', round + 2);
    }
    expect(await pool.classify(second)).toEqual(other);
  });

  it('idle is replaced, but not for ever: then every job fails by name', async () => {
    const { workers, pool } = await heldPool();
    for (let round = 1; round <= 3; round++) {
      await workers.until((message) => (message as { leadwise?: string }).leadwise === 'ready', round);
      const gone = new Promise((resolve) => workers.last.once('exit', resolve));
      workers.last.postMessage('exit');
      await gone;
    }
    expect(pool.size).toBe(0);
    await expect(pool.classify(first)).rejects.toSatisfy(named('WORKER_NOT_STARTED'));
    expect(workers.all).toHaveLength(3);
  });

  it('leaves the jobs of the others alone', async () => {
    const workers = new HeldWorkers();
    const pool = await createPool({ size: 2, worker: workers.start });
    const [one, two] = workers.all as [Worker, Worker];
    one.postMessage('hold');
    two.postMessage('hold');
    const jobs = [pool.classify(first), pool.classify(second)];
    const failed = expect(jobs[0]).rejects.toSatisfy(named('WORKER_CRASHED'));
    await workers.until((message) => message === 'held', 2);
    one.postMessage('throw');
    two.postMessage('go');
    await failed;
    expect(await jobs[1]).toEqual(other);
  });

  it.each([
    ['cannot be found', () => new Worker(new URL('absent.mjs', import.meta.url))],
    ['ends at once', () => new Worker('process.exit(7)', { eval: true })],
    ['throws at once', () => new Worker('throw new Error("broken")', { eval: true })],
  ])('at the start, as it %s, fails createPool by name', async (_, worker) => {
    await expect(built.createPool({ weights: TINY_FILE, size: 2, worker })).rejects.toSatisfy(named('WORKER_NOT_STARTED'));
  });

  it('cannot be made: createPool fails by name', async () => {
    const worker = () => {
      throw new Error('forbidden by policy');
    };
    await expect(built.createPool({ weights: TINY_FILE, worker })).rejects.toSatisfy(named('WORKER_NOT_STARTED'));
  });

  it('cannot be replaced: waiting jobs fail by name', async () => {
    const workers = new HeldWorkers();
    let started = 0;
    const worker = () => {
      started++;
      return started === 1 ? workers.start() : new Worker('process.exit(7)', { eval: true });
    };
    const pool = await createPool({ size: 1, worker });
    const { job } = await workers.hold(() => pool.classify(first));
    const queued = pool.classify(second);
    workers.last.postMessage('throw');
    await expect(job).rejects.toSatisfy(named('WORKER_CRASHED'));
    await expect(queued).rejects.toSatisfy(named('WORKER_NOT_STARTED'));
    await expect(pool.classify(first)).rejects.toSatisfy(named('WORKER_NOT_STARTED'));
    expect(started).toBe(4);
  });
});

describe('messages that are none', () => {
  it('from the worker change nothing', async () => {
    const { workers, pool } = await heldPool();
    const { job, go } = await workers.hold(() => pool.classify(first));
    workers.last.postMessage('hostile');
    await workers.until((message) => message === null);
    go();
    expect(await job).toEqual(expected);
    workers.last.postMessage('hostile');
    expect(await pool.classify(second)).toEqual(other);
    expect(workers.all).toHaveLength(1);
  });

  it('to the worker change nothing', async () => {
    const { workers, pool } = await heldPool();
    for (const nonsense of [
      null,
      0,
      'load',
      {},
      { leadwise: 'load' },
      { leadwise: 'abort' },
      { leadwise: 'abort', id: 1 },
      { leadwise: 'x' },
    ]) {
      workers.last.postMessage(nonsense);
    }
    workers.last.postMessage({ leadwise: 'classify', id: 77, record: { fs: 'x' } });
    expect(await pool.classify(first)).toEqual(expected);
    expect(workers.all).toHaveLength(1);
  });
});

describe('dispose', () => {
  it.each(['dispose', Symbol.dispose] as const)('by %s ends what runs and waits, by name', async (method) => {
    const { workers, pool } = await heldPool();
    const { job } = await workers.hold(() => pool.classify(first));
    const waiting = [pool.classify(first), pool.classify(second)];
    const stream = pool.classifyMany([first, second]);
    const gone = new Promise((resolve) => workers.last.once('exit', resolve));
    pool[method]();
    pool[method]();
    for (const promise of [job, ...waiting, pool.classify(first), stream.next()]) {
      await expect(promise).rejects.toSatisfy(named('POOL_DISPOSED'));
    }
    await gone;
    expect([pool.size, pool.pending]).toEqual([0, 0]);
    expect(workers.all).toHaveLength(1);
  });
});

it('an idle pool does not keep the process alive, a job does', async () => {
  const { spawn } = await import('node:child_process');
  const script = `
    import { readFile } from 'node:fs/promises';
    import { createPool } from './dist/pool.js';
    import { simulate } from './dist/simulate.js';
    const pool = await createPool({ weights: await readFile('weights/edge.safetensors'), size: 2 });
    pool.classify(simulate()).then(({ findings }) => console.log(findings.length));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: new URL('../..', import.meta.url) });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => void output.push(chunk));
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  expect(Buffer.concat(output).toString()).toBe('26\n');
});
