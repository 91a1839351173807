// From the start of a process to its first result, `edge` on a 10 s record: `npm run cold --prefix bench/peers`.
//   --rounds N     processes of each kind, default 15
//   --output FILE  default bench/peers/results/cold.json
// Each round starts one process of each kind (cold-child.mjs), in changing order. onnxruntime-web gets a record that is already
// preprocessed. All times are wall clock: what compiles beside the main thread is a part of the start.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadModelFile } from '../../dist/node.js';
import { machine } from './machine.mjs';
import { medianOf, shuffled } from './rounds.mjs';
import { MODELS, makeRecord, SCENARIOS } from './scenarios.mjs';

const CHILD = fileURLToPath(new URL('cold-child.mjs', import.meta.url));
const KINDS = [
  { name: 'nothing (Node alone)', kind: 'nothing' },
  { name: 'leadwise: import, load, classify', kind: 'leadwise' },
  { name: 'onnxruntime-web: import, session, run', kind: 'onnxruntime-web' },
];

/** Milliseconds until a child has its result, and its own `steps`. */
async function start(kind, file) {
  const begin = performance.now();
  const child = spawn(process.execPath, [CHILD, kind, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { done, value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const ms = performance.now() - begin;
  if (done) throw new Error(`${kind}: the process ended without a result`);
  child.kill();
  return { ms, steps: JSON.parse(value) };
}

/** The records as files: raw millivolts for leadwise, what the network sees for onnxruntime. */
async function writeInputs(folder) {
  const record = makeRecord(SCENARIOS.find(({ preset }) => preset === 'edge'));
  const model = await loadModelFile(`${MODELS}/edge-int8.safetensors`);
  writeFileSync(join(folder, 'onnxruntime-web'), model.preprocess(record));
  const raw = record.sigName.map((_, lead) => Float32Array.from(record.digital[lead], (value) => value / 1000));
  writeFileSync(join(folder, 'leadwise'), Buffer.concat(raw.map(({ buffer }) => Buffer.from(buffer))));
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    output: { type: 'string', default: fileURLToPath(new URL('results/cold.json', import.meta.url)) },
  },
});
const rounds = Number(values.rounds);
if (!(Number.isInteger(rounds) && rounds > 0)) throw new RangeError(`"--rounds" expected a whole number from 1, got ${values.rounds}`);
const folder = mkdtempSync(join(tmpdir(), 'leadwise-cold-'));
const tasks = KINDS.map((task) => ({ ...task, samples: [], steps: [] }));
try {
  await writeInputs(folder);
  for (let round = 0; round < rounds; round++) {
    for (const { kind, samples, steps } of shuffled(tasks)) {
      const result = await start(kind, join(folder, kind));
      samples.push(result.ms);
      steps.push(result.steps);
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const results = tasks.map((task) => ({ ...task, median: medianOf(task.samples), best: Math.min(...task.samples) }));
mkdirSync(dirname(values.output), { recursive: true });
writeFileSync(values.output, `${JSON.stringify({ machine: machine(), rounds, results })}\n`);
for (const { name, median, best, steps } of results) {
  const parts = Object.keys(steps[0]).map((step) => `, ${step} ${medianOf(steps.map((taken) => taken[step])).toFixed(0)} ms`);
  console.log(`${name.padEnd(40)} median ${median.toFixed(0).padStart(5)} ms, best ${best.toFixed(0).padStart(5)} ms${parts.join('')}`);
}
