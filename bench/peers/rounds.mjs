// Short rounds, shuffled and interleaved: a noisy neighbour, or a warm core, then hits all alike.

import { Bench } from 'tinybench';

const ROUND_MS = 100;

/**
 * Runs tasks { run() -> { ms, ownMs } } in rounds; a run says its own time. Gives each task its `samples`, milliseconds of wall clock,
 * and `ownSamples`, those of the same runs without waiting for a core (stopwatch.mjs).
 */
export async function interleave(tasks, rounds, onRound = () => {}) {
  for (const task of tasks) Object.assign(task, { samples: [], ownSamples: [] });
  for (let round = 0; round < rounds; round++) {
    for (const task of shuffled(tasks)) await runRound(task);
    onRound(round + 1);
  }
}

async function runRound({ name, run, samples, ownSamples }) {
  // Where runs are short, the caches are warmed first: another runtime was there before.
  if (samples[0] < ROUND_MS) await run();
  const bench = new Bench({ time: ROUND_MS, iterations: 1, warmup: false, throws: true });
  const timed = async () => {
    const { ms, ownMs } = await run();
    samples.push(ms);
    ownSamples.push(ownMs);
    return { overriddenDuration: ms };
  };
  await bench.add(name, timed, { async: true }).run();
}

/** Milliseconds: median and quartiles of the runs without waiting, median and best of the wall clock. */
export function summarize({ samples, ownSamples }) {
  const [wall, own] = [samples, ownSamples].map((values) => values.toSorted((a, b) => a - b));
  return { wallMedian: at(wall, 0.5), median: at(own, 0.5), best: wall[0], quartiles: [at(own, 0.25), at(own, 0.75)], runs: own.length };
}

export function medianOf(values) {
  return at(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** A quantile of sorted values. */
function at(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** In random order. */
export function shuffled(tasks) {
  const order = [...tasks];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
