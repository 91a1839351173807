// What the benches share: short rounds in random order, so that a noisy neighbour hits all tasks alike, and the figures of a task over its rounds.

import { cpus } from 'node:os';
import { Bench } from 'tinybench';

/**
 * Runs tasks { name, run } in `rounds` rounds of about `roundMs` each, shuffled in every round.
 * Returns { name, median, best, runs } in milliseconds, in the order of the tasks.
 */
export async function interleaved(tasks, { rounds = 5, roundMs = 500 } = {}) {
  const samples = new Map(tasks.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`\rround ${round + 1}/${rounds}`);
    for (const { name, run } of shuffled(tasks)) {
      const bench = new Bench({ time: roundMs, iterations: 1, warmup: round === 0, retainSamples: true }).add(name, run);
      await bench.run();
      const [{ result }] = bench.tasks;
      if (result.error) throw result.error;
      samples.get(name).push(...result.latency.samples);
    }
  }
  process.stderr.write('\r                \r');
  return tasks.map(({ name }) => ({ name, ...figures(samples.get(name)) }));
}

/** Of milliseconds. */
export function figures(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], best: sorted[0], runs: sorted.length };
}

/** Processor, engine and time of a measurement. */
export function machine() {
  const [{ model } = { model: 'unknown' }] = cpus();
  return {
    cpu: model.trim(),
    cores: cpus().length,
    node: process.version,
    v8: process.versions.v8,
    date: new Date().toISOString().slice(0, 10),
  };
}

function shuffled(list) {
  return list
    .map((entry) => [Math.random(), entry])
    .sort(([a], [b]) => a - b)
    .map(([, entry]) => entry);
}
