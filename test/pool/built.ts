// The built pool: its worker is a file that only the build makes.

import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach } from 'vitest';
import type { Pool, PoolOptions } from '../../src/pool/index.js';
import { TINY_FILE } from '../tiny-network.js';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

export const built = (await import(/* @vite-ignore */ `${DIST}pool.js`)) as typeof import('../../src/pool/index.js');

const pools: Pool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.dispose();
});

/** A pool of the tiny network, disposed of after the test. */
export async function createPool(options: Partial<PoolOptions> = {}): Promise<Pool> {
  const pool = await built.createPool({ weights: TINY_FILE, size: 2, ...options });
  pools.push(pool);
  return pool;
}

/** Pool workers that do what the test says; see held-worker.mjs. */
export class HeldWorkers {
  readonly all: Worker[] = [];
  /** All that they sent. */
  readonly sent: unknown[] = [];
  private listeners: (() => void)[] = [];

  readonly start = (): Worker => {
    const worker = new Worker(new URL('held-worker.mjs', import.meta.url));
    this.all.push(worker);
    worker.on('message', (message) => {
      this.sent.push(message);
      for (const listener of this.listeners.splice(0)) listener();
    });
    return worker;
  };

  get last(): Worker {
    return this.all.at(-1)!;
  }

  /** Resolves when messages of the workers that `matches` are so many. */
  async until(matches: (message: unknown) => boolean, count = 1): Promise<void> {
    while (this.sent.filter(matches).length < count) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }

  /** Has the last worker stop in the middle of the job that `begin` gives it. */
  async hold<Value>(begin: () => Promise<Value>): Promise<{ job: Promise<Value>; go: () => void }> {
    const { last } = this;
    const before = this.sent.filter((message) => message === 'held').length;
    last.postMessage('hold');
    const job = begin();
    job.catch(() => {});
    await this.until((message) => message === 'held', before + 1);
    return { job, go: () => last.postMessage('go') };
  }
}

export function named(code: string) {
  return (error: unknown): boolean => error instanceof built.LeadwiseError && error.code === code;
}
