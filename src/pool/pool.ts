import { checkRecord, type EcgRecord } from '../ecg.js';
import { LeadwiseError } from '../errors.js';
import type { ClassifyOptions } from '../model.js';
import { checkQualityMode } from '../quality/mode.js';
import type { Result } from '../result.js';
import { checkWindowsMode } from '../windows.js';
import { type Job, WorkerHandle } from './handle.js';
import { endedError, type WorkerLike } from './host.js';
import { inOrder } from './in-order.js';
import type { LoadMessage } from './messages.js';
import { onAbort } from './on-abort.js';
import { takeRecord } from './record.js';

export interface JobOptions extends ClassifyOptions {
  /** Aborts in the queue, and between two layers of the network. */
  signal?: AbortSignal;
  /** Moves the samples to the worker instead of copying them. The caller's arrays, and all other views on their buffers, are then empty. */
  transfer?: boolean;
}

export interface ManyOptions extends JobOptions {
  /** What becomes of a record that fails: `throw` (default) ends the stream, `yield` gives a `Failure` in its place. */
  onError?: 'throw' | 'yield';
}

/** In the place of the result of a record that failed. */
export interface Failure {
  error: Error;
}

/** What every worker of a pool is made with. */
interface Plan {
  readonly size: number;
  readonly queueLimit: number;
  readonly start: () => WorkerLike;
  readonly load: LoadMessage;
}

type Records = Iterable<EcgRecord | PromiseLike<EcgRecord>> | AsyncIterable<EcgRecord>;

/** Workers that end at the start or without a job, one after another, before the pool stops replacing them. */
const LOST_IN_A_ROW = 3;

/** Workers with a model each, and one queue before them. Made by `createPool`. */
export class Pool {
  private readonly workers = new Set<WorkerHandle>();
  private readonly queue: Job[] = [];
  private running = 0;
  private lost = 0;
  /** Until all workers were ready once, the first failure is the pool's. */
  private started = false;
  private onStarted = () => {};
  private readonly end = new AbortController();

  /** @internal */
  constructor(private readonly plan: Plan) {}

  /** Workers at hand; less than asked for when some ended and could not be replaced. */
  get size(): number {
    return this.workers.size;
  }

  /** Jobs that wait or run. */
  get pending(): number {
    return this.queue.length + this.running;
  }

  /** @internal Resolves when every worker has its model. @throws the first worker's error */
  async start(signal: AbortSignal | undefined): Promise<void> {
    const begun = new Promise<void>((resolve) => {
      this.onStarted = resolve;
    });
    const ended = new Promise<never>((_, reject) => {
      this.end.signal.addEventListener('abort', () => reject(this.end.signal.reason));
    });
    ended.catch(() => {}); // later, the jobs tell
    const stop = () => this.finish(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', stop);
    for (let count = 0; count < this.plan.size && !this.end.signal.aborted; count++) this.addWorker();
    await Promise.race([begun, ended]).finally(() => signal?.removeEventListener('abort', stop));
    this.started = true;
  }

  /**
   * Names what a record shows, with the bits of `model.classify`. The record is taken as it is at the call.
   * @throws what `model.classify` throws, and the signal's reason when aborted
   * @throws LeadwiseError `POOL_FULL`, `POOL_DISPOSED`; `WORKER_CRASHED` when the worker ended with the job; `WORKER_NOT_STARTED` when none is left
   */
  async classify(record: EcgRecord, options: JobOptions = {}): Promise<Result> {
    this.end.signal.throwIfAborted();
    const { queueLimit } = this.plan;
    if (this.queue.length >= queueLimit && !this.freeWorker()) {
      const wayOut = 'await some of them, use classifyMany, which takes records as they are wanted, or set "queueLimit"';
      throw new LeadwiseError('POOL_FULL', `${queueLimit} jobs wait already: ${wayOut}`);
    }
    return this.submit(record, options);
  }

  /**
   * The results of many records, in their order. Records are taken from the source as they are wanted: at most two for each worker are under
   * way. Leaving the loop aborts those.
   * @throws TypeError for a source that is not iterable
   * @throws (from the loop) what `classify` throws, unless `onError` is `yield`; always: what the source throws, the signal's reason,
   * `POOL_DISPOSED`, `WORKER_NOT_STARTED`
   */
  classifyMany(records: Records, options?: ManyOptions & { onError?: 'throw' }): AsyncGenerator<Result, void>;
  classifyMany(records: Records, options: ManyOptions): AsyncGenerator<Result | Failure, void>;
  classifyMany(records: Records, options: ManyOptions = {}): AsyncGenerator<Result | Failure, void> {
    const { onError = 'throw' } = options;
    if (onError !== 'throw' && onError !== 'yield') throw new TypeError(`"onError" expected 'throw' or 'yield', got ${String(onError)}`);
    const iterable = records as Partial<AsyncIterable<EcgRecord> & Iterable<EcgRecord>> | undefined;
    const source = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.();
    if (!source) throw new TypeError('"records" expected an iterable or an asynchronous iterable of records');
    return this.stream(source, options);
  }

  /** Ends the workers. Every job that waits or runs, and every later call, fails with `POOL_DISPOSED`. */
  dispose(): void {
    this.finish(new LeadwiseError('POOL_DISPOSED', 'This pool was disposed: create another'));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private async *stream(
    source: AsyncIterator<EcgRecord> | Iterator<EcgRecord>,
    { onError, signal, ...options }: ManyOptions,
  ): AsyncGenerator<Result | Failure, void> {
    const left = new AbortController();
    const run = (record: EcgRecord) => this.submit(record, { ...options, signal: left.signal });
    const stops = [this.end.signal, ...(signal ? [signal] : [])];
    try {
      for await (const outcome of inOrder({ source, run, limit: 2 * this.plan.size, stops })) {
        if ('value' in outcome) yield outcome.value;
        else if (onError === 'yield') yield { error: outcome.error as Error };
        else throw outcome.error;
      }
    } finally {
      left.abort();
    }
  }

  private async submit(record: EcgRecord, { quality = 'gate', windows = 'first', signal, transfer = false }: JobOptions): Promise<Result> {
    this.end.signal.throwIfAborted();
    signal?.throwIfAborted();
    checkQualityMode(quality);
    checkWindowsMode(windows);
    checkRecord(record);
    const own = takeRecord(record, transfer);
    // Again: reading a record may run code of the caller's.
    this.end.signal.throwIfAborted();
    signal?.throwIfAborted();
    let job!: Job;
    const result = new Promise<Result>((resolve, reject) => {
      job = { record: own, quality, windows, resolve, reject };
    });
    const forget = signal && onAbort(signal, () => this.abort(job, signal.reason));
    this.queue.push(job);
    this.dispatch();
    return result.finally(forget);
  }

  private abort(job: Job, reason: unknown): void {
    const index = this.queue.indexOf(job);
    if (index >= 0) this.queue.splice(index, 1);
    else for (const worker of this.workers) worker.abort(job);
    job.reject(reason);
  }

  private freeWorker(): WorkerHandle | undefined {
    for (const worker of this.workers) if (worker.free) return worker;
    return undefined;
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const worker = this.freeWorker();
      if (!worker) return;
      this.running++;
      worker.run(this.queue.shift()!);
    }
  }

  private addWorker(): void {
    let handle: WorkerLike | undefined;
    try {
      handle = this.plan.start();
      const worker = new WorkerHandle(handle, {
        ready: () => this.ready(),
        done: () => this.done(),
        ended: (ended, reason) => this.replace(ended, reason),
      });
      this.workers.add(worker);
      worker.load(this.plan.load);
    } catch (error) {
      handle?.terminate?.();
      this.lose(error instanceof LeadwiseError || error instanceof TypeError ? error : endedError('WORKER_NOT_STARTED', error));
    }
  }

  private ready(): void {
    if (this.freeCount() === this.plan.size) this.onStarted();
    this.dispatch();
  }

  private freeCount(): number {
    return [...this.workers].filter(({ free }) => free).length;
  }

  private done(): void {
    this.lost = 0;
    this.running--;
    this.dispatch();
  }

  private replace(worker: WorkerHandle, { error, unused }: { error: Error; unused: boolean }): void {
    this.workers.delete(worker);
    if (!unused) this.running--;
    if (this.end.signal.aborted) return;
    if (unused) this.lose(error);
    else this.addWorker();
  }

  /** A worker that ended without a job is not replaced for ever: the next one may fare no better. */
  private lose(error: Error): void {
    if (!this.started) this.finish(error);
    else if (++this.lost < LOST_IN_A_ROW) this.addWorker();
    else if (this.size === 0) this.finish(error instanceof LeadwiseError ? error : endedError('WORKER_NOT_STARTED', error));
  }

  private finish(reason: unknown): void {
    if (this.end.signal.aborted) return;
    this.end.abort(reason);
    for (const worker of this.workers) worker.end(reason as Error);
    for (const job of this.queue.splice(0)) job.reject(reason);
  }
}
