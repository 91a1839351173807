// A soak: several pools side by side, one life after another, and the books about every job.

import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { loadModel } from '../../dist/index.js';
import { createPool } from '../../dist/pool.js';
import { Catalogue } from './catalogue.mjs';
import { ABORTS, drawJob, STREAM_ENDS } from './clients.mjs';
import { readFiles } from './files.mjs';
import { HOSTILE } from './hostile.mjs';
import { ENDINGS, Life, STARTS } from './life.mjs';
import { Latencies, Memory } from './measure.mjs';
import { readNetworks } from './networks.mjs';
import { attempt, settle, verdictOf } from './oracle.mjs';
import { Random, Turns } from './random.mjs';
import { BAD_STARTS, WAYS } from './workers.mjs';

const PROGRESS_SECONDS = 10;
const MOST_FAILURES = 10;
/** Seconds more than asked for, until every fault has been injected, or a broken pool noticed. */
const GRACE_SECONDS = 90;

/** A soak that has not done all this has not done its work. */
const REQUIRED = [
  ...WAYS.map((way) => `worker: ${way}`),
  ...BAD_STARTS.map((way) => `worker: ${way}`),
  'worker: nonsense',
  ...STARTS.map((way) => `createPool: ${way}`),
  ...Object.keys(HOSTILE).map((name) => `job: hostile: ${name}`),
  'job: valid',
  'job: file',
  'abort: before',
  ...ABORTS.slice(1, -1).map((plan) => `abort: ${plan}, running`),
  'abort: at once, queued',
  'abort: after',
  ...STREAM_ENDS.map((end) => `stream: ${end}`),
  'stream: slow consumer',
  ...new Set(ENDINGS.map((ending) => `ending: ${ending}`)),
];

export class Soak {
  counts = new Map();
  /** By kind of job: how many ended how. */
  outcomes = new Map();
  failures = [];
  jobs = 0;
  pools = 0;
  respawns = 0;
  workersStarted = 0;
  latencies = new Latencies();
  memory = new Memory();
  sharedSignal = new AbortController().signal;
  #watched = new Set();
  #end;
  #longestPause = 0;

  constructor(options) {
    this.options = options;
    const random = new Random(options.seed);
    this.random = random;
    this.wayTurns = new Turns(WAYS, random);
    this.streamTurns = new Turns(STREAM_ENDS, random);
    this.startTurns = new Turns(STARTS, random);
    this.endingTurns = new Turns(ENDINGS, random);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.ended.then(() => {
      this.isOver = true;
    });
  }

  async load() {
    this.networks = await readNetworks();
    this.models = {};
    for (const [name, weights] of Object.entries(this.networks)) this.models[name] = await loadModel(weights);
    this.files = await readFiles();
    this.catalogue = new Catalogue(this.options.seed, (network, record, quality) => this.classifyHere(network, record, quality));
    this.begun = performance.now();
  }

  async run() {
    const { seconds, workers, patience, say, seed, break: fault } = this.options;
    await this.load();
    say(`soak: ${seconds} s, seed ${seed}, pools of ${workers}, Node ${process.version}`);
    const timers = [
      setInterval(() => this.#watchTime(), 100),
      setInterval(() => this.memory.sample(this.seconds), 2000),
      setInterval(() => say(this.progress()), 1000 * PROGRESS_SECONDS),
    ];
    const lanes = [
      { network: 'tiny', size: 1, singles: 2, streams: 1 },
      { network: 'tiny', size: workers, singles: 3, streams: 2 },
      { network: 'edge', size: workers, singles: 3, streams: 1 },
    ];
    // A pool that is broken by itself needs no help.
    const all = Promise.all(lanes.slice(0, fault ? 1 : lanes.length).map((lane) => this.lane(lane)));
    const tooLong = this.ended.then(() => sleep(4000 * patience, 'too long', { ref: false }));
    if ((await Promise.race([all, tooLong])) === 'too long') this.fail('the soak does not end');
    for (const timer of timers) clearInterval(timer);
    for (const job of this.#watched) this.fail('nothing came of it', job);
    for (const missing of this.missing()) this.fail(`never happened: ${missing}`);
    this.checkMemory();
  }

  /** The record of one job alone, through a pool of one. */
  async repeat(number, network) {
    await this.load();
    const { workers, say } = this.options;
    const pool = await createPool({ weights: this.networks[network], size: workers });
    const job = { ...this.newJob({ network }), number, random: new Random(this.options.seed, number) };
    await drawJob(this, job);
    const { kind, quality, transfer, record, unread } = job;
    say(`job ${number}: ${kind}, quality ${quality}, transfer ${transfer}, ${inspect(record, { maxArrayLength: 6 })}`);
    const verdict = unread ? { word: 'unread' } : await this.follow(job, pool.classify(record, { quality, transfer }));
    pool.dispose();
    say(inspect(verdict));
  }

  /** One pool after another. */
  async lane({ network, size, ...clients }) {
    const random = new Random(this.random.whole(0, 2 ** 32 - 1));
    const share = Math.max(1, this.options.seconds / 4);
    while (!this.isOver) {
      const life = new Life(this, { network, size, random });
      const longest = Math.min(share, random.chance(0.05) ? 300 : 20); // seconds
      const { error } = await settle(life.run(0.3 + longest * random.next() ** 2, this.endingTurns.next(), clients));
      if (error) this.fail(`the soak itself: ${error.stack ?? error}`);
      await sleep(random.whole(0, 100));
    }
  }

  newJob(life) {
    const number = this.jobs++;
    return { number, life, random: new Random(this.options.seed, number), settled: false };
  }

  classifyHere(network, record, quality) {
    return attempt(() => this.models[network].classify(record, { quality }));
  }

  /** What the model says of a job's record, here and now. */
  reference({ life, record, quality }) {
    return this.classifyHere(life.network, record, quality);
  }

  /** The verdict on a job, when its promise has settled. */
  async follow(job, promise) {
    const begun = performance.now();
    const outcome = await this.watch(job, settle(promise));
    if (outcome === undefined) return { word: 'lost' };
    const verdict = this.judge(job, outcome);
    this.latencies.add(verdict.word, performance.now() - begun);
    return verdict;
  }

  /** Waits for an outcome, but not for ever: then it is lost, and undefined. */
  watch(job, outcome) {
    const entry = { deadline: performance.now() + 1000 * this.options.patience, job };
    const lost = new Promise((resolve) => {
      entry.giveUp = resolve;
    });
    this.#watched.add(entry);
    return Promise.race([outcome, lost]).finally(() => this.#watched.delete(entry));
  }

  judge(job, outcome) {
    const verdict = verdictOf(job, outcome);
    if (verdict.wrong) this.fail(verdict.wrong, job);
    this.finish(job, verdict.word);
    return verdict;
  }

  finish(job, word) {
    if (job.settled) this.fail('it ended twice', job);
    job.settled = true;
    const kind = job.kind.replace(/: .*/, '');
    const outcomes = this.outcomes.get(kind) ?? new Map();
    this.outcomes.set(kind, outcomes.set(word, (outcomes.get(word) ?? 0) + 1));
    job.record = job.expected = undefined;
  }

  /** After what is to happen at once has happened. */
  soon(check) {
    setImmediate(() => setImmediate(check));
  }

  count(name) {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  fail(message, job) {
    const where = job ? `${job.number >= 0 ? `job ${job.number}, ` : ''}${job.kind} (${job.life.network}): ` : '';
    const text = `${where}${message} [seed ${this.options.seed}, ${this.seconds.toFixed(1)} s]`;
    this.failures.push(text);
    console.error(`FAILED: ${text}`);
    if (this.failures.length >= (this.options.break ? 1 : MOST_FAILURES)) this.#end();
  }

  get seconds() {
    return (performance.now() - this.begun) / 1000;
  }

  missing() {
    return this.options.break || this.failures.length >= MOST_FAILURES ? [] : REQUIRED.filter((name) => !this.counts.has(name));
  }

  progress() {
    const told = WAYS.reduce((sum, way) => sum + (this.counts.get(`worker: ${way}`) ?? 0), 0);
    const { rss, heap } = this.memory.last;
    return `${this.seconds.toFixed(0).padStart(6)} s: ${this.jobs} jobs, ${this.pools} pools, ${told} workers killed, ${this.#watched.size} under way, resident ${rss.toFixed(0)} MiB, heap ${heap.toFixed(1)} MiB, ${this.failures.length} failures`;
  }

  report() {
    const { seconds, seed, workers } = this.options;
    const object = (map) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    return {
      asked: { seconds, seed, workers },
      node: process.version,
      seconds: this.seconds,
      jobs: this.jobs,
      outcomes: Object.fromEntries([...this.outcomes].map(([kind, outcomes]) => [kind, object(outcomes)])),
      counts: object(this.counts),
      pools: this.pools,
      workersStarted: this.workersStarted,
      workersReplaced: this.respawns,
      latencies: this.latencies.report(),
      longestPause: this.#longestPause,
      memory: this.memory.report(),
      failures: this.failures,
    };
  }

  checkMemory() {
    for (const grown of this.memory.grown()) this.fail(grown);
  }

  #watchTime() {
    const now = performance.now();
    if (this.lastTick !== undefined) this.#longestPause = Math.max(this.#longestPause, now - this.lastTick - 100);
    this.lastTick = now;
    for (const entry of this.#watched) {
      if (now < entry.deadline) continue;
      this.#watched.delete(entry);
      this.fail(`lost: nothing came of it in ${this.options.patience} s`, entry.job);
      entry.giveUp(undefined);
    }
    const { seconds, break: fault } = this.options;
    const done = fault === undefined && this.missing().length === 0;
    if (this.seconds > seconds && (done || this.seconds > seconds + GRACE_SECONDS)) this.#end();
  }
}
