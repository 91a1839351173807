// One worker as the pool sees it: it starts, is free, runs a job, and ends once.

import type { EcgRecord } from '../ecg.js';
import type { QualityMode } from '../quality/mode.js';
import type { Result } from '../result.js';
import type { WindowsMode } from '../windows.js';
import { endedError, keepAlive, listen, type WorkerLike } from './host.js';
import { type FromWorker, type LoadMessage, type ToWorker, unpackError } from './messages.js';
import { buffersOf } from './record.js';

export interface Job {
  /** The pool's own copy. */
  readonly record: EcgRecord;
  readonly quality: QualityMode;
  readonly windows: WindowsMode;
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

interface Owner {
  /** The worker has loaded its model. */
  ready(worker: WorkerHandle): void;
  /** A job came to its end, well or not. */
  done(worker: WorkerHandle): void;
  /** It will do nothing more. `unused`: no job was lost with it. */
  ended(worker: WorkerHandle, reason: { error: Error; unused: boolean }): void;
}

export class WorkerHandle {
  private state: 'starting' | 'free' | 'busy' | 'ended' = 'starting';
  private job: Job | undefined;
  private id = 0;

  constructor(
    private readonly worker: WorkerLike,
    private readonly owner: Owner,
  ) {
    listen(
      worker,
      (data) => this.hear(data as FromWorker | null),
      (cause) => this.end(endedError(this.job ? 'WORKER_CRASHED' : 'WORKER_NOT_STARTED', cause)),
    );
  }

  get free(): boolean {
    return this.state === 'free';
  }

  load(message: LoadMessage): void {
    this.post(message);
  }

  run(job: Job): void {
    this.job = job;
    this.state = 'busy';
    keepAlive(this.worker, true);
    const { record, quality, windows } = job;
    this.post({ leadwise: 'classify', id: ++this.id, record, quality, windows }, buffersOf(record));
  }

  /** Ends the job between two layers, if it is this one. The worker is free when it has answered. */
  abort(job: Job): void {
    if (this.job === job) this.post({ leadwise: 'abort', id: this.id });
  }

  /** Stops at once; a job that runs fails with the error. */
  end(error: Error): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    const { job } = this;
    this.job = undefined;
    this.worker.terminate();
    job?.reject(error);
    this.owner.ended(this, { error, unused: !job });
  }

  private post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    try {
      this.worker.postMessage(message, transfer);
    } catch (error) {
      this.end(error as Error); // what cannot be cloned, such as options that the types forbid
    }
  }

  private hear(message: FromWorker | null): void {
    const kind = message?.leadwise;
    if (kind === 'ready' && this.state === 'starting') {
      this.rest();
      this.owner.ready(this);
    } else if (kind === 'unready' && this.state === 'starting') this.end(unpackError(message!.error));
    else if ((kind === 'result' || kind === 'error') && message!.id === this.id && this.job) this.finish(message!);
  }

  private finish(message: Extract<FromWorker, { id: number }>): void {
    const job = this.job!;
    this.job = undefined;
    this.rest();
    if (message.leadwise === 'result') job.resolve(message.result);
    else job.reject(unpackError(message.error));
    this.owner.done(this);
  }

  private rest(): void {
    this.state = 'free';
    keepAlive(this.worker, false);
  }
}
