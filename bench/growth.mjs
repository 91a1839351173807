// Memory over many runs: `node bench/growth.mjs [RUNS]`, 10,000 by default. Nothing may grow: the wasm memory is planned at load, and what
// JavaScript allocates is collected.

import { loadModelFile } from '../dist/node.js';
import { simulate } from '../dist/simulate.js';

const runs = Number(process.argv[2] ?? 10_000);
const STEPS = 10;
const model = await loadModelFile('weights/edge.safetensors');
const records = Array.from({ length: 8 }, (_, seed) => simulate({ seed, seconds: 10 }));
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
let run = 0;
for (let step = 0; step <= STEPS; step++) {
  for (; run < (step * runs) / STEPS; run++) model.classify(records[run % records.length]);
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  console.log(
    `${String(run).padStart(7)} runs: wasm ${mebibytes(model.memory.total)}, array buffers ${mebibytes(arrayBuffers)}, heap ${mebibytes(heapUsed)}, resident ${mebibytes(rss)}`,
  );
}
