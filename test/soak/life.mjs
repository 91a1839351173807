// The life of one pool: it starts (or is kept from it), serves its clients while workers are killed under it, and ends one way or another.

import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '../../dist/pool.js';
import { breakPool } from './broken-pool.mjs';
import { flood, single, stream } from './clients.mjs';
import { attempt, describe, settle } from './oracle.mjs';
import { copyRecord } from './records.mjs';
import { SoakWorkers } from './workers.mjs';

export const STARTS = ['aborted', 'broken', 'bad weights'];
export const ENDINGS = ['idle', 'idle', 'in flight', 'within a call', 'no workers left'];

export class Life {
  disposed = false;
  over = false;
  /** Jobs that ended with WORKER_CRASHED: no more than workers that were killed. */
  crashed = 0;
  /** Jobs of `classify` under way. */
  unsettled = new Set();

  constructor(soak, { network, size, random }) {
    Object.assign(this, { soak, network, size, random });
    this.queueLimit = random.pick([0, 1, 4, 32, 256, 256, 256, 256, 256, 256]);
    this.workers = new SoakWorkers(soak, random);
  }

  async run(seconds, ending, clients) {
    const { soak, workers, size, queueLimit } = this;
    if (!soak.options.break && this.random.chance(0.4)) await this.failToStart();
    const weights = soak.networks[this.network];
    const outcome = await soak.watch(this.named('createPool'), settle(createPool({ weights, size, queueLimit, worker: workers.start })));
    if (outcome?.value === undefined) return soak.fail(`createPool: ${describe(outcome?.error)}`);
    this.pool = breakPool(outcome.value, soak.options.break, this.random);
    soak.pools++;
    const work = [...this.clients(clients), ...(soak.options.break ? [] : [this.killer()])];
    await Promise.race([sleep(1000 * seconds, undefined, { ref: false }), soak.ended]);
    await this[ENDING_METHODS[ending]](Promise.all(work));
    this.over = true;
    await Promise.all(work);
    if (!this.disposed) this.dispose();
    await this.buried();
    soak.count(`ending: ${ending}`);
  }

  clients({ singles, streams }) {
    const { soak, random } = this;
    const use = async (act, longest) => {
      while (!this.over) {
        await act(soak, this);
        await sleep(random.whole(0, longest));
      }
    };
    return [
      ...Array.from({ length: singles }, () => use(random.chance(0.1) ? flood : single, 40)),
      ...Array.from({ length: streams }, () => use(stream, 80)),
    ];
  }

  async killer() {
    const { soak, random, workers } = this;
    const calm = Math.min(2000, 75 * soak.options.seconds); // milliseconds
    while (!this.over) {
      await Promise.race([sleep(random.whole(20, calm), undefined, { ref: false }), soak.ended]);
      if (this.over || this.ending) return;
      if (random.chance(0.1)) workers.talkNonsense();
      else if (workers.mayKill()) workers.kill(soak.wayTurns.next());
    }
  }

  /** All is answered, all workers are at hand, and each of them works. */
  async endIdle(work) {
    const { soak, workers, pool, size } = this;
    this.ending = true;
    this.over = true;
    await work;
    await this.until('every job has left the pool', () => pool.pending === 0);
    await this.until('every worker is back', () => pool.size === size && workers.live === size && workers.ready === size);
    const before = workers.answers();
    const { record } = soak.catalogue.draw(0, this.random);
    const jobs = before.map(() => settle(pool.classify(copyRecord(record))));
    await soak.watch(this.named('one job for each idle worker'), Promise.all(jobs));
    const idle = workers.answers().filter((answered, worker) => answered === before[worker]).length;
    if (idle > 0 && this.queueLimit >= 0) soak.fail(`${idle} of ${size} workers of the pool take no jobs`);
  }

  async endInFlight() {
    this.ending = true;
    this.dispose();
    await sleep(50); // the clients find it gone
  }

  /** A record that disposes of the pool as it is read. */
  async endWithinCall() {
    this.ending = true;
    const job = this.named('a call that disposes of its pool');
    const record = copyRecord(this.soak.catalogue.draw(0, this.random).record);
    const { fs } = record;
    Object.defineProperty(record, 'fs', {
      get: () => {
        this.dispose();
        return fs;
      },
    });
    const outcome = await this.soak.watch(job, settle(this.pool.classify(record)));
    const known = outcome && 'error' in outcome && ['POOL_DISPOSED', 'POOL_FULL'].includes(outcome.error?.code);
    if (outcome && !known) this.soak.fail(`a call that disposes of its pool ended in ${outcome.error?.stack ?? 'a result'}`);
  }

  async endWithoutWorkers() {
    const { soak, workers, pool } = this;
    this.ending = true;
    workers.broken = true;
    workers.killAll();
    await this.until('the pool has given up', () => pool.size === 0 && workers.live === 0);
    await sleep(50);
    const { record } = soak.catalogue.draw(0, this.random);
    const outcome = await soak.watch(this.named('a job without workers'), settle(pool.classify(copyRecord(record))));
    if (outcome && outcome.error?.code !== 'WORKER_NOT_STARTED') soak.fail(`a pool without workers said ${describe(outcome.error)}`);
  }

  /** createPool that is aborted, whose workers do not start, or whose weights are none: it rejects by name and leaves no worker behind. */
  async failToStart() {
    const { soak, random } = this;
    const way = soak.startTurns.next();
    const workers = new SoakWorkers(soak, random);
    const reason = new Error('the start is no longer wanted');
    const controller = new AbortController();
    let weights = soak.networks[this.network];
    if (way === 'bad weights') weights = weights.slice(0, random.whole(0, weights.length - 1));
    if (way === 'aborted') setTimeout(() => controller.abort(reason), random.whole(0, 60));
    workers.broken = way === 'broken';
    workers.released = true;
    const start = createPool({ weights, size: this.size, worker: workers.start, signal: controller.signal });
    const outcome = await soak.watch(this.named('a start that fails'), settle(start));
    outcome?.value?.dispose(); // it was quicker than the abort
    if (outcome?.error && !START_ERRORS[way](outcome.error, reason)) soak.fail(`a start that is ${way}: ${describe(outcome.error)}`);
    if (outcome?.value && way !== 'aborted') soak.fail(`a start that is ${way} succeeded`);
    await this.until('no worker is left of a start that failed', () => workers.live === 0);
    soak.count(`createPool: ${way}`);
  }

  dispose() {
    this.disposed = true;
    this.workers.released = true;
    this.pool.dispose();
    const open = [...this.unsettled];
    this.soak.soon(() => {
      for (const job of open) if (!job.settled) this.soak.fail('dispose did not end the job at once', job);
    });
  }

  async buried() {
    const { soak, workers, pool } = this;
    await this.until('every worker has ended', () => workers.live === 0);
    if (pool.pending !== 0) soak.fail(`${pool.pending} jobs are left in a pool that was disposed of`);
    const after = attempt(() => pool.size);
    if (after.value !== 0) soak.fail(`a pool that was disposed of has ${after.value} workers`);
    soak.workersStarted += workers.started;
  }

  /** Something to be watched that is no job of a client. */
  named(kind) {
    return { number: -1, kind, life: this };
  }

  async until(what, holds) {
    const deadline = performance.now() + 1000 * this.soak.options.patience;
    while (!holds()) {
      if (performance.now() > deadline) return this.soak.fail(`waited in vain until ${what} (${this.network}, pool of ${this.size})`);
      await sleep(5);
    }
  }
}

const ENDING_METHODS = {
  idle: 'endIdle',
  'in flight': 'endInFlight',
  'within a call': 'endWithinCall',
  'no workers left': 'endWithoutWorkers',
};

const START_ERRORS = {
  aborted: (error, reason) => error === reason,
  broken: ({ code }) => code === 'WORKER_NOT_STARTED',
  'bad weights': ({ name }) => name === 'WeightsError',
};
