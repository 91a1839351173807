// The workers of one pool: started for it, killed under it, and watched until the last has ended.

import { Worker } from 'node:worker_threads';

export const WAYS = ['terminate', 'exit', 'throw', 'reject', 'close', 'memory', 'hang'];
export const BAD_STARTS = ['start throws', 'start ends at once', 'start is killed'];
/** A pool gives up replacing workers when it has lost so many in a row that had no job. */
const LOST_IN_A_ROW = 3;
const SCRIPT = new URL('soak-worker.mjs', import.meta.url);
/** Small, so that running out of it takes no longer than a tenth of a second. */
const MEMORY = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 8 };

export class SoakWorkers {
  started = 0;
  /** Jobs that the pool has sent to its workers. */
  posted = 0;
  /** Workers that were told to end, or started so that they do. */
  told = 0;
  /** The pool was disposed of, or did not start: all may end. */
  released = false;
  /** Every later start fails. */
  broken = false;
  #live = new Map();
  #dying = 0;
  #lost = 0;
  #soak;
  #random;

  constructor(soak, random) {
    this.#soak = soak;
    this.#random = random;
  }

  start = () => {
    this.started++;
    // The very first ones are to live: createPool with broken ones is a case of its own.
    const bad = this.broken || (this.ready > 0 && this.mayKill() && this.#random.chance(0.15));
    return bad ? this.#startBadly() : this.#watch(new Worker(SCRIPT, { execArgv: [], resourceLimits: MEMORY }));
  };

  get live() {
    return this.#live.size;
  }

  get ready() {
    return [...this.#live.values()].filter(({ ready }) => ready).length;
  }

  /** How many jobs each live worker has answered. */
  answers() {
    return [...this.#live.values()].map(({ answered }) => answered);
  }

  /** A pool that loses three idle ones in a row is right not to go on: never more than two are taken from it between two jobs. */
  mayKill() {
    return this.#dying === 0 && this.#lost < LOST_IN_A_ROW - 1 && !this.released;
  }

  kill(way) {
    const victims = [...this.#live].filter(([, { ready }]) => ready);
    if (victims.length === 0) return false;
    const [worker] = this.#random.pick(victims);
    this.#tell(worker);
    if (way === 'terminate') void Worker.prototype.terminate.call(worker);
    else worker.postMessage({ soak: way });
    if (way === 'hang') setTimeout(() => Worker.prototype.terminate.call(worker), this.#random.whole(20, 400));
    this.#soak.count(`worker: ${way}`);
    return true;
  }

  killAll() {
    for (const worker of this.#live.keys()) {
      this.#tell(worker);
      void Worker.prototype.terminate.call(worker);
    }
  }

  /** Something that is no answer. */
  talkNonsense() {
    for (const worker of this.#live.keys()) worker.postMessage({ soak: 'nonsense' });
    this.#soak.count('worker: nonsense');
  }

  #startBadly() {
    const way = this.#random.pick(BAD_STARTS);
    this.#soak.count(`worker: ${way}`);
    if (way === 'start throws') {
      this.told++;
      this.#lost++;
      throw new Error('no worker, says the soak');
    }
    const script = way === 'start is killed' ? 'setInterval(() => {}, 1000)' : 'process.exit(7)';
    const worker = this.#watch(new Worker(script, { eval: true, execArgv: [] }));
    this.#tell(worker);
    if (way === 'start is killed') setTimeout(() => Worker.prototype.terminate.call(worker), 30);
    return worker;
  }

  #tell(worker) {
    const entry = this.#live.get(worker);
    if (entry.told) return;
    entry.told = true;
    entry.since = performance.now();
    this.told++;
    this.#dying++;
  }

  #watch(worker) {
    const entry = { told: false, ready: false, answered: 0 };
    this.#live.set(worker, entry);
    worker.postMessage = (message, transfer) => {
      Worker.prototype.postMessage.call(worker, message, transfer);
      if (message.leadwise === 'classify') this.posted++;
    };
    worker.on('message', (message) => {
      if (message?.leadwise === 'ready') entry.ready = true;
      if (!Number.isInteger(message?.id) || message.id < 1 || message.id === 1e9) return;
      entry.answered++;
      this.#lost = 0;
    });
    worker.on('exit', () => {
      this.#live.delete(worker);
      if (entry.told) this.#dying--;
      this.#lost++;
      if (!entry.told && !this.released) this.#soak.fail('a worker ended that nobody had told to');
      if (entry.told) this.#soak.respawns++;
    });
    return worker;
  }
}
