// Records a second through pools of one and more workers, and without a pool: `node bench/pool.mjs [SIZE…]`. Preprocessing included.
// Rounds are short, shuffled and interleaved; a record takes as long as the median round says. Processor time is
// that of all threads: where it stays the same, workers cost nothing but waiting for a processor.

import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { loadModel } from '../dist/index.js';
import { createPool } from '../dist/pool.js';
import { simulate } from '../dist/simulate.js';

const ROUNDS = 11;
const RECORDS = 20;

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 2];
const weights = await readFile('weights/edge.safetensors');
const records = Array.from({ length: RECORDS }, (_, seed) => simulate({ seed, seconds: 10 }));
const model = await loadModel(weights);
const runs = [
  {
    name: 'model.classify',
    samples: [],
    cpu: [],
    run() {
      for (const record of records) model.classify(record);
    },
  },
];
for (const size of sizes) {
  const pool = await createPool({ weights, size });
  runs.push({
    name: `pool of ${size}`,
    samples: [],
    cpu: [],
    async run() {
      let count = 0;
      for await (const { logits } of pool.classifyMany(records)) count += logits.length / 26;
      if (count !== RECORDS) throw new Error(`${count} results for ${RECORDS} records`);
    },
  });
}
for (const { run } of runs) await run(); // until the engine has compiled the kernels with its best tier
for (let round = 0; round < ROUNDS; round++) {
  for (const { run, samples, cpu } of runs.toSorted(() => Math.random() - 0.5)) {
    const [start, used] = [performance.now(), process.cpuUsage()];
    await run();
    samples.push((performance.now() - start) / RECORDS);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1000 / RECORDS);
  }
}
const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];
const one = runs.find(({ name }) => name === 'pool of 1');
for (const { name, samples, cpu } of runs) {
  const ratios = one ? samples.map((sample, round) => one.samples[round] / sample) : [];
  const versus = one && name !== one.name ? `, ${median(ratios).toFixed(2)} times a pool of 1` : '';
  const [best, middle] = [Math.min(...samples), median(samples)];
  console.log(
    `${name.padEnd(16)} median ${middle.toFixed(2).padStart(6)} ms a record (${(1000 / middle).toFixed(0)} a second), best ${best.toFixed(2)}, ${median(cpu).toFixed(2)} ms of processor${versus}`,
  );
}
