// Milliseconds of the network alone, for each weight file: `npm run bench -- [FILE…]`. Files for the larger presets:
//   python3 -m training.test_weights --preset published -o build/published.safetensors

import { basename } from 'node:path';
import { Bench } from 'tinybench';
import { loadModelFile } from '../dist/node.js';
import { simulate } from '../dist/simulate.js';

const ROUND_MS = 500;
const ROUNDS = 5;

const files = process.argv.slice(2);
if (files.length === 0) files.push('weights/edge.safetensors');
const record = simulate({ seconds: 10 });
const runs = [];
for (const file of files) {
  for (const variant of ['simd', 'scalar']) {
    const model = await loadModelFile(file, { variant });
    const x = model.preprocess(record);
    runs.push({ name: `${basename(file)} ${variant}`, macs: model.plan.macs, samples: [], run: () => model.forward(x) });
  }
}
// Rounds are short and interleaved: a noisy neighbour then hits all alike.
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, run, samples } of runs) {
    const bench = new Bench({ time: ROUND_MS, iterations: 1, warmup: round === 0, retainSamples: true }).add(name, run);
    await bench.run();
    samples.push(...bench.tasks[0].result.latency.samples);
  }
}
for (const { name, macs, samples } of runs) {
  const sorted = samples.toSorted((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  console.log(
    `${name.padEnd(32)} median ${median.toFixed(1).padStart(8)} ms, best ${sorted[0].toFixed(1).padStart(8)} ms, ` +
      `${(macs / median / 1e6).toFixed(1).padStart(5)} GMAC/s, ${sorted.length} runs`,
  );
}
