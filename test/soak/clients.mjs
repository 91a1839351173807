// Those who use a pool: single jobs with all that may befall them, and streams.

import { setTimeout as sleep } from 'node:timers/promises';
import { readSpoilt, spoil } from './files.mjs';
import { HOSTILE, victim } from './hostile.mjs';
import { attempt, isNamed, settle } from './oracle.mjs';
import { copyRecord, scribble } from './records.mjs';

export const ABORTS = ['before', 'at once', 'soon', 'by time', 'after'];
export const STREAM_ENDS = ['complete', 'left', 'aborted', 'source fails', 'record fails'];
const QUALITIES = ['gate', 'gate', 'gate', 'report', 'off'];

const KINDS = Object.keys(HOSTILE);
/** A promise, or what throws when it is asked whether it is one, is the source's own affair. */
const NOT_STREAMED = ['proxy', 'nothing'];

/** The record of a job and what should come of it: both follow from the seed and the job's number. `unread`: no record came of its file. */
export async function drawJob(soak, job) {
  const { random, number } = job;
  const share = draw(soak, job, KINDS[number % KINDS.length]);
  if (share < 0.92) return;
  job.kind = 'file';
  const read = await readSpoilt(spoil(random.pick(soak.files), random));
  if (read.record) {
    job.record = read.record;
    job.expected = soak.reference(job);
    return;
  }
  if (!isNamed(read.error)) soak.fail(`a reader threw no named error: ${read.error?.stack ?? read.error}`, job);
  job.unread = true;
}

function draw(soak, job, name, { quality, transfer } = {}) {
  const { random, number } = job;
  job.quality = quality ?? random.pick(QUALITIES);
  job.transfer = transfer ?? random.chance(0.3);
  const share = random.next();
  if (share > 0.72 && share < 0.92 && name !== undefined) {
    Object.assign(job, HOSTILE[name](victim(random.whole(0, 99)), random), { kind: `hostile: ${name}` });
    if (!job.unsteady) job.expected = soak.reference(job);
    return share;
  }
  const drawn = soak.catalogue.draw(number, random);
  Object.assign(job, { kind: 'valid', record: copyRecord(drawn.record), expected: drawn.expected(job.life.network, job.quality) });
  return share;
}

/** One job of `classify`, from its record to its end. */
export async function single(soak, life) {
  const job = soak.newJob(life);
  await drawJob(soak, job);
  soak.count(`job: ${job.kind}`);
  if (job.unread) return soak.finish(job, 'unread');
  const isFree = life.pool.pending < life.workers.ready; // it will run at once: not often
  const plan = job.random.chance(isFree ? 0.7 : 0.35) ? job.random.pick(ABORTS) : job.random.pick(['no signal', 'shared signal']);
  const controller = new AbortController();
  job.signal = signalOf(plan, { soak, job, controller });
  const { quality, transfer, record, signal } = job;
  const abort = () => {
    const wasSettled = job.settled;
    if (signal.aborted) return;
    controller.abort(new Error(`job ${job.number} is no longer wanted`));
    if (!wasSettled) soak.soon(() => job.settled || soak.fail('an abort did not end the job at once', job));
  };
  if (plan === 'before') abort();
  job.mayBeFull = life.pool.pending >= life.queueLimit;
  const posted = life.workers.posted;
  const promise = life.pool.classify(record, { quality, transfer, ...(signal ? { signal } : {}) });
  const queued = life.workers.posted === posted;
  if (job.kind === 'valid' && !transfer && job.random.chance(0.5)) scribble(record);
  if (plan === 'at once') abort();
  if (plan === 'soon') setTimeout(abort, job.random.whole(0, 60));
  life.unsettled.add(job);
  const { word } = await soak.follow(job, promise);
  life.unsettled.delete(job);
  if (plan === 'after') abort();
  if (word === 'aborted') soak.count(`abort: ${plan === 'before' ? plan : queued ? `${plan}, queued` : `${plan}, running`}`);
  else if (plan === 'after') soak.count('abort: after');
}

function signalOf(plan, { soak, job, controller }) {
  if (plan === 'no signal') return undefined;
  if (plan === 'shared signal') return soak.sharedSignal;
  return plan === 'by time' ? AbortSignal.timeout(job.random.whole(0, 50)) : controller.signal;
}

/** More jobs at once than the queue takes. */
export async function flood(soak, life) {
  const wanted = Math.min(life.queueLimit, 40) + 2 * life.size + 2;
  await Promise.all(Array.from({ length: wanted }, () => single(soak, life)));
}

/** One `classifyMany`, to its end: each record taken has one entry, in the order in which it was taken, or ended with the stream. */
export async function stream(soak, life) {
  const job = soak.newJob(life);
  const { random } = job;
  const controller = new AbortController();
  const plan = {
    end: soak.streamTurns.next(),
    length: random.whole(1, soak.options.seconds < 60 ? 8 : 24),
    slow: random.chance(0.3),
    source: random.pick(['list', 'generator', 'slow generator', 'promises']),
    quality: random.pick(QUALITIES),
    transfer: random.chance(0.3),
  };
  const onError = plan.end === 'record fails' ? 'throw' : 'yield';
  Object.assign(job, { kind: 'stream', plan, signal: controller.signal, sourceError: new Error('the source is unplugged') });
  const { quality, transfer } = plan;
  const state = { taken: [], given: 0, closed: false };
  const source = sourceOf({ soak, life, job, state });
  const entries = life.pool.classifyMany(source, { onError, quality, transfer, signal: controller.signal });
  if (plan.slow) soak.count('stream: slow consumer');
  const end = await consume({ soak, life, job, state, entries, controller });
  if (end !== undefined) soak.count(`stream: ${end}`);
  checkTaken({ soak, life, job, state }, end);
  for (const left of state.taken.slice(state.given)) soak.finish(left, 'ended with its stream');
}

async function consume({ soak, life, job, state, entries, controller }) {
  const { plan, random } = job;
  const stopAt = random.whole(0, plan.length);
  for (;;) {
    if (state.given === stopAt && plan.end === 'aborted')
      setTimeout(() => controller.abort(new Error('stream aborted')), random.whole(0, 20));
    if (state.given === stopAt && plan.end === 'left' && state.given > 0) {
      await soak.watch(job, settle(entries.return()));
      return 'left';
    }
    const outcome = await soak.watch(job, settle(entries.next()));
    if (outcome === undefined) return undefined; // lost, and told
    if ('error' in outcome) return endOf({ soak, life, job, state }, outcome.error);
    if (outcome.value.done) return 'complete';
    const taken = state.taken[state.given++];
    const { value } = outcome.value;
    if (!taken) soak.fail('a stream gave more entries than it took records', job);
    else soak.judge(taken, value !== null && typeof value === 'object' && 'error' in value ? { error: value.error } : { value });
    if (plan.slow) await sleep(random.whole(0, 80));
  }
}

/** Why a stream may end early. */
function endOf({ soak, life, job, state }, error) {
  if (job.signal.aborted && error === job.signal.reason) return 'aborted';
  if (error === job.sourceError) return 'source fails';
  const { code } = error ?? {};
  if ((code === 'POOL_DISPOSED' && life.disposed) || (code === 'WORKER_NOT_STARTED' && life.workers.broken)) return 'ended with its pool';
  const taken = job.plan.end === 'record fails' ? state.taken[state.given++] : undefined;
  if (taken) soak.judge(taken, { error });
  else soak.fail(`a stream ended in ${error?.stack ?? error}`, job);
  return 'record fails';
}

function checkTaken({ soak, job, state }, end) {
  const { length, source, end: planned } = job.plan;
  if (end === 'complete' && (state.given !== length || state.taken.length !== length || planned === 'source fails')) {
    soak.fail(`a stream of ${length} gave ${state.given} of ${state.taken.length} and ended well`, job);
  }
  if (end !== 'complete' && end !== 'source fails' && source === 'generator' && state.taken.length > 0 && !state.closed) {
    soak.fail(`a stream (${end}) left its source open`, job);
  }
}

function sourceOf({ soak, life, job, state }) {
  const { plan, random } = job;
  const most = 2 * life.size + 1;
  const failAt = plan.end === 'source fails' ? random.whole(0, plan.length - 1) : -1;
  const take = () => {
    if (state.taken.length === failAt) throw job.sourceError;
    const next = soak.newJob(life);
    const name = KINDS[next.number % KINDS.length];
    draw(soak, next, NOT_STREAMED.includes(name) ? undefined : name, plan);
    soak.count(`job: ${next.kind}`);
    next.kind = `streamed ${next.kind}`;
    state.taken.push(next);
    if (plan.source !== 'list' && state.taken.length - state.given > most) soak.fail('a stream took more records than two a worker', job);
    return next.record;
  };
  const pause = () => (plan.source === 'slow generator' ? sleep(random.whole(0, 40)) : undefined);
  switch (plan.source) {
    case 'list':
      return failAt < 0 ? Array.from({ length: plan.length }, take) : generate(plan.length, take, state);
    case 'promises':
      return generate(plan.length, () => attemptLater(take), state);
    case 'generator':
      return generate(plan.length, take, state);
    default:
      return generateSlowly(plan.length, take, { state, pause });
  }
}

/** A promise of what `take` gives: rejected where it throws. */
function attemptLater(take) {
  const taken = attempt(take);
  return 'error' in taken ? Promise.reject(taken.error) : Promise.resolve(taken.value);
}

function* generate(length, take, state) {
  try {
    for (let count = 0; count < length; count++) yield take();
  } finally {
    state.closed = true;
  }
}

async function* generateSlowly(length, take, { state, pause }) {
  try {
    for (let count = 0; count < length; count++) {
      await pause();
      yield take();
    }
  } finally {
    state.closed = true;
  }
}
