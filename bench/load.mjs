// Milliseconds from a weight file's bytes to a model that is ready to run: `node bench/load.mjs [FILE…]`. The larger presets: see
// bench/network.mjs. Parsing includes SHA-256 and the checks; loading is all of it, with the memory and the kernels' self-test.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { performance } from 'node:perf_hooks';
import { packF32 } from '../build/pack.js';
import { packQuantized } from '../build/quantized.js';
import { parseWeights } from '../build/weights.js';
import { loadModel } from '../dist/index.js';

const ROUNDS = 15;

function pack({ config, parameters }) {
  if (parameters.precision === 'int8') packQuantized(parameters.layers, parameters.tensors);
  else packF32(config, parameters.tensors);
}

async function time(samples, run) {
  const start = performance.now();
  const value = await run();
  samples.push(performance.now() - start);
  return value;
}

const files = process.argv.slice(2);
if (files.length === 0) files.push('weights/edge.safetensors');
const runs = await Promise.all(files.map(async (file) => ({ file, bytes: await readFile(file), parse: [], pack: [], load: [] })));
for (let round = 0; round < ROUNDS; round++) {
  for (const run of runs) {
    const weights = await time(run.parse, () => parseWeights(run.bytes));
    await time(run.pack, () => pack(weights));
    (await time(run.load, () => loadModel(run.bytes))).dispose();
  }
}
for (const { file, bytes, ...steps } of runs) {
  console.log(`${basename(file)}, ${(bytes.byteLength / 1e6).toFixed(2)} MB`);
  for (const [step, samples] of Object.entries(steps)) {
    const sorted = samples.toSorted((a, b) => a - b);
    const [first, median, best] = [samples[0], sorted[ROUNDS >> 1], sorted[0]].map((value) => value.toFixed(1).padStart(6));
    console.log(`  ${step.padEnd(6)} first ${first} ms, median ${median} ms, best ${best} ms`);
  }
}
