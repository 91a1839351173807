// The entry of leadwise/pool: needs no model in the page or the main thread; the workers have it.

import type { LoadOptions, WeightsSource } from '../index.js';
import { readSource } from '../source.js';
import { defaultSize, startWorker, type WorkerLike } from './host.js';
import { Pool } from './pool.js';

export { FormatError, LeadwiseError, RecordError, UnsupportedError, WeightsError } from '../errors.js';
export type { WorkerLike } from './host.js';
export type { Failure, JobOptions, ManyOptions, Pool } from './pool.js';

export interface PoolOptions extends Pick<LoadOptions, 'wasm' | 'variant'> {
  /** Read once, kept for replacements, and copied to every worker. As for `loadModel`; a file's path or URL is not: pass its bytes. */
  weights: WeightsSource;
  /** Workers, 1 to 64. Default: one for each processor, 8 at most. */
  size?: number;
  /** Jobs of `classify` that may wait. Each holds its record. Default 256. */
  queueLimit?: number;
  /** Starts the worker script, `leadwise/pool-worker`, where the host or bundler does not find it. */
  worker?: () => WorkerLike;
  /** Aborts the start. */
  signal?: AbortSignal;
}

const LARGEST_SIZE = 64;

/**
 * Starts workers, each with a model of its own, and resolves when all of them are ready.
 * @throws TypeError, RangeError for wrong options
 * @throws what `loadModel` throws, in the worker; the signal's reason
 * @throws LeadwiseError `WORKER_NOT_STARTED` when a script cannot be loaded or fails at once; UnsupportedError `NO_WORKERS`
 */
export async function createPool(options: PoolOptions): Promise<Pool> {
  if (typeof options !== 'object' || options === null) throw new TypeError('"options" expected an object with "weights"');
  const { weights, wasm, variant, worker = startWorker, signal } = options;
  if (typeof worker !== 'function') throw new TypeError(`"worker" expected a function that gives a Worker, got ${typeof worker}`);
  const size = inRange('size', options.size ?? defaultSize(), 1, LARGEST_SIZE);
  const queueLimit = inRange('queueLimit', options.queueLimit ?? 256, 0, Infinity);
  signal?.throwIfAborted();
  // A copy: views on a larger buffer would take all of it along, and the caller may go on with theirs.
  const bytes = new Uint8Array(await readSource(weights));
  const kernels = wasm instanceof URL ? { href: wasm.href } : wasm;
  const pool = new Pool({ size, queueLimit, start: worker, load: { leadwise: 'load', weights: bytes, wasm: kernels, variant } });
  await pool.start(signal);
  return pool;
}

function inRange(name: string, value: unknown, ...[least, most]: [number, number]): number {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected a number, got ${value === null ? 'null' : typeof value}`);
  if (!(Number.isInteger(value) || value === Infinity) || value < least || value > most)
    throw new RangeError(`"${name}" expected ${least} to ${most}, got ${value}`);
  return value;
}
