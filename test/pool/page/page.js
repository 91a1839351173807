// What a page does with a pool; posts what came of it. Nothing is bundled, nothing inlined.

import { createPool, LeadwiseError, RecordError, WeightsError } from '/dist/pool.js';
import { simulate } from '/dist/simulate.js';

const WEIGHTS = new URL('/weights/edge.safetensors', location.href);
const bits = ({ logits }) => [...new Uint32Array(logits.buffer, logits.byteOffset, logits.length)];
const failure = (promise) =>
  promise.then(
    () => 'none',
    (error) => error,
  );

async function run() {
  const records = [1, 2, 3, 4, 5, 6].map((seed) => simulate({ seed, seconds: 10 }));
  const pool = await createPool({ weights: WEIGHTS, size: 2 });
  const single = bits(await pool.classify(records[0]));
  const many = [];
  for await (const result of pool.classifyMany(records)) many.push(bits(result));

  const controller = new AbortController();
  const aborted = failure(pool.classify(records[0], { signal: controller.signal }));
  controller.abort(new Error('enough'));
  const bad = await failure(pool.classify({ ...records[0], fs: 3 }));
  const moved = simulate({ seed: 1, seconds: 10 });
  const transferred = bits(await pool.classify(moved, { transfer: true }));

  const handles = [];
  const start = () => {
    handles.push(new Worker('crashing-worker.js', { type: 'module' }));
    return handles.at(-1);
  };
  const crashing = await createPool({ weights: WEIGHTS, size: 1, worker: start });
  const lost = failure(crashing.classify(records[1]));
  handles[0].postMessage('throw');
  const crashed = await lost;
  const afterCrash = bits(await crashing.classify(records[1]));

  const absent = () => new Worker('absent.js', { type: 'module' });
  const notFound = await failure(createPool({ weights: WEIGHTS, size: 1, worker: absent }));
  const noWeights = await failure(createPool({ weights: new Uint8Array(9), size: 1 }));
  const noFile = await failure(createPool({ weights: new URL('/absent.safetensors', location.href), size: 1 }));
  const pending = failure(pool.classify(records[2]));
  pool.dispose();
  crashing.dispose();
  return {
    single,
    many,
    aborted: (await aborted).message,
    bad: [bad instanceof RecordError, bad.code],
    transferred: [transferred, moved.signal[0].length],
    crashed: [crashed instanceof LeadwiseError, crashed.code, handles.length],
    afterCrash,
    notFound: notFound.code,
    noWeights: [noWeights instanceof WeightsError, noWeights.code],
    noFile: noFile.code,
    disposed: (await pending).code,
    sharedMemory: typeof SharedArrayBuffer,
  };
}

const report = await run().catch((error) => ({ failed: `${error.name}: ${error.message}` }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
