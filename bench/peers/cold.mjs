// From the start of a process to its first result, `edge` on a 10 s record: `npm run cold --prefix bench/peers`.
//   --rounds N     processes of each kind, default 15
//   --output FILE  default bench/peers/results/cold.json
// Each round starts one process of each kind (cold-child.mjs), in changing order. onnxruntime-web gets a record that is already preprocessed.

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
import { medianOf, shuffled, summarize } from './rounds.mjs';
import { MODELS, makeRecord, SCENARIOS } from './scenarios.mjs';

const CHILD = fileURLToPath(new URL('cold-child.mjs', import.meta.url));
const KINDS = [
  { name: 'nothing (Node alone)', kind: 'nothing' },
  { name: 'leadwise: import, load, classify', kind: 'leadwise' },
  { name: 'onnxruntime-web: import, session, run', kind: 'onnxruntime-web' },
];

/** Milliseconds until the first line of a child, `ownMs` without its waiting for a core; `steps` as the child says. */
async function start(kind, file) {
  const begin = performance.now();
  const child = spawn(process.execPath, [CHILD, kind, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { done } = await lines.next();
  const ms = performance.now() - begin;
  if (done) throw new Error(`${kind}: the process ended without a result`);
  const { waitedMs, ...steps } = JSON.parse((await lines.next()).value);
  child.kill();
  return { ms, ownMs: ms - waitedMs, steps };
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
const tasks = KINDS.map((task) => ({ ...task, samples: [], ownSamples: [], steps: [] }));
try {
  await writeInputs(folder);
  for (let round = 0; round < rounds; round++) {
    for (const { kind, samples, ownSamples, steps } of shuffled(tasks)) {
      const result = await start(kind, join(folder, kind));
      samples.push(result.ms);
      ownSamples.push(result.ownMs);
      steps.push(result.steps);
    }
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
const results = tasks.map((task) => ({ ...task, ...summarize(task) }));
mkdirSync(dirname(values.output), { recursive: true });
writeFileSync(values.output, `${JSON.stringify({ machine: machine(), rounds, results })}\n`);
for (const { name, median, best, wallMedian, steps } of results) {
  const middle = (step) => medianOf(steps.map((taken) => taken[step])).toFixed(0);
  const parts = Object.keys(steps[0]).map((step) => `${step} ${middle(step)}`);
  console.log(
    `${name.padEnd(40)} median ${median.toFixed(0).padStart(5)} ms, best ${best.toFixed(0).padStart(5)} ms, ` +
      `wall clock ${wallMedian.toFixed(0).padStart(5)} ms${parts.length > 0 ? `; ${parts.join(', ')}` : ''}`,
  );
}
