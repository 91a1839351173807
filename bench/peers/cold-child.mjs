// One cold start, for cold.mjs: `node cold-child.mjs KIND RECORD`. Writes what took how long, as JSON, when the result is there.
// Imports what its kind needs, and no more.

import { readFileSync } from 'node:fs';

const [, , kind, recordFile] = process.argv;
const models = new URL('models/', import.meta.url);
const LEADS = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
const steps = {};
let last = performance.now();

/** Ends a step: milliseconds since the one before. */
function step(name) {
  const now = performance.now();
  steps[name] = now - last;
  last = now;
}

function readFloats(file) {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

async function leadwise() {
  const { loadModelFile } = await import('../../dist/node.js');
  step('import');
  const model = await loadModelFile(new URL('edge-int8.safetensors', models));
  step('load');
  const values = readFloats(recordFile);
  const length = values.length / LEADS.length;
  const signal = LEADS.map((_, lead) => values.subarray(lead * length, (lead + 1) * length));
  model.classify({ fs: 500, sigName: LEADS, units: LEADS.map(() => 'mV'), signal });
  step('classify');
}

async function onnxRuntimeWeb() {
  const ort = await import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  step('import');
  const session = await ort.InferenceSession.create(readFileSync(new URL('edge.onnx', models)));
  step('session');
  const { shape } = session.inputMetadata[0];
  await session.run({ input: new ort.Tensor('float32', readFloats(recordFile), shape) });
  step('run');
}

const kinds = { nothing: async () => {}, leadwise, 'onnxruntime-web': onnxRuntimeWeb };
await kinds[kind]();
process.stdout.write(`${JSON.stringify(steps)}\n`);
