// The runtimes behind one interface: open(preset) -> { sessionMs, run(x) -> { logits, ms, ownMs } }, perhaps as promises. A run is from
// the array of inputs to the array of logits.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as onnxNode from 'onnxruntime-node';
import { loadModelFile } from '../../dist/node.js';
import { MODELS } from './scenarios.mjs';
import { startWatch } from './stopwatch.mjs';
import { openTorch } from './torch.mjs';

const require = createRequire(import.meta.url);

async function timed(run) {
  const stop = startWatch();
  const value = await run();
  return { value, ...stop() };
}

async function openLeadwise(file) {
  const { value: model, ms: sessionMs } = await timed(() => loadModelFile(file));
  const run = (x) => {
    const stop = startWatch();
    const logits = model.forward(x);
    return { ...stop(), logits };
  };
  return { sessionMs, model, run };
}

/** A session with one of the two builds of onnxruntime. */
async function openSession({ InferenceSession, Tensor }, preset, { allThreads, ...options } = {}) {
  const { value: session, ms: sessionMs } = await timed(async () =>
    InferenceSession.create(await readFile(`${MODELS}/${preset}.onnx`), options),
  );
  const { shape } = session.inputMetadata[0];
  const run = async (x) => {
    const stop = startWatch({ allThreads });
    const { logits } = await session.run({ input: new Tensor('float32', x, shape) });
    return { ...stop(), logits: Float32Array.from(logits.data) };
  };
  return { sessionMs, run };
}

/** The number of threads is one for each module, and the modules keep a list of backends in common: each number gets a copy of both. */
function requireOnnxWeb(threads) {
  for (const file of Object.keys(require.cache)) if (/[\\/]onnxruntime-(common|web)[\\/]/.test(file)) delete require.cache[file];
  const ort = require('onnxruntime-web');
  ort.env.wasm.numThreads = threads;
  return ort;
}

const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 };

/** leadwise with int8 weights, leadwise in f32 as the reference of the outputs, and the others in the order of the table. */
export async function openRuntimes() {
  const [web1, web2] = [requireOnnxWeb(1), requireOnnxWeb(2)];
  const torch = await openTorch();
  const web = `onnxruntime-web ${web1.env.versions.web}`;
  const node = `onnxruntime-node ${onnxNode.env.versions.node}`;
  return {
    leadwise: { name: 'leadwise int8', open: (preset) => openLeadwise(`${MODELS}/${preset}-int8.safetensors`) },
    leadwiseF32: { name: 'leadwise f32', open: (preset) => openLeadwise(`${MODELS}/${preset}.safetensors`) },
    peers: [
      { name: `${web}, 1 thread`, open: (preset) => openSession(web1, preset) },
      { name: `${web}, 2 threads`, open: (preset) => openSession(web2, preset, { allThreads: true }) },
      { name: `${node}, 1 thread`, open: (preset) => openSession(onnxNode, preset, ONE_THREAD) },
      { name: `PyTorch ${torch.version}, 1 thread`, open: (preset) => torch.open(`${MODELS}/${preset}.safetensors`) },
    ],
    close: torch.close,
  };
}
