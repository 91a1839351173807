// The runtimes in a page; chromium.mjs calls what stands on `globalThis`. A run is from the array of inputs to the array of logits.

import { loadModel } from '../../dist/index.js';
import { loadAndCompile, loadLiteRt, Tensor } from './node_modules/@litertjs/core/dist/index.js';
import * as ort from './node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs';

ort.env.wasm.numThreads = 1;
const MODELS = new URL('models/', import.meta.url);
const bytes = async (file) => new Uint8Array(await (await fetch(new URL(file, MODELS))).arrayBuffer());
const scenarios = new Map();

const openers = {
  async 'leadwise int8'(preset) {
    const model = await loadModel(await bytes(`${preset}-int8.safetensors`));
    return (x) => model.forward(x);
  },
  async 'onnxruntime-web, 1 thread'(preset) {
    const session = await ort.InferenceSession.create(await bytes(`${preset}.onnx`));
    const { shape } = session.inputMetadata[0];
    return async (x) => (await session.run({ input: new ort.Tensor('float32', x, shape) })).logits.data;
  },
  async 'LiteRT.js, 1 thread'(preset) {
    const model = await loadAndCompile(await bytes(`${preset}.tflite`), { accelerator: 'wasm' });
    const { shape } = model.getInputDetails()[0];
    return async (x) => {
      const input = new Tensor(x, Array.from(shape));
      const [output] = await model.run(input);
      const logits = output.toTypedArray().slice();
      input.delete();
      output.delete();
      return logits;
    };
  },
};

async function timed(run) {
  const start = performance.now();
  const value = await run();
  return { ms: performance.now() - start, value };
}

Object.assign(globalThis, {
  openScenario(key, preset, values) {
    scenarios.set(key, { preset, x: Float32Array.from(values), runtimes: new Map() });
  },
  /** [milliseconds of opening, the first run]. */
  async openRuntime(key, name) {
    const { preset, runtimes } = scenarios.get(key);
    const { ms, value } = await timed(() => openers[name](preset));
    runtimes.set(name, value);
    return [ms, await globalThis.run(key, name)];
  },
  async run(key, name) {
    const { x, runtimes } = scenarios.get(key);
    const { ms, value } = await timed(() => runtimes.get(name)(x));
    return { ms, logits: Array.from(value) };
  },
});

await loadLiteRt(new URL('node_modules/@litertjs/core/wasm/', import.meta.url).href);
globalThis.isReady = true;
