// The forward pass, in the order of the layers (docs/network.md). It computes nothing itself: `operations` does, and whoever
// consumes the generator decides what becomes of a layer (a dump, progress, a pause, a plan of the memory).

import { EMBEDDING_LAYERS, HEAD_FEATURES, HEAD_HIDDEN, type NetworkConfig } from './config.js';
import type { F32Operations } from './operations.js';
import type { Layer, Tensor } from './tensor.js';

type Layers = Generator<Layer, Tensor, void>;

/** x: f32[leads][windowSamples][1], released on the way. Returns the logits, f32[classes]. */
export function* forward(config: NetworkConfig, operations: F32Operations, input: Tensor, classCount: number): Layers {
  let x = input;
  for (const [index, [, channels, stride, depth]] of config.stem.entries()) {
    x = yield* stemBlock(operations, `blocks.${index}`, x, { channels, stride, depth });
  }
  x = yield* step(operations, `blocks.${config.stem.length}`, x, operations.pointwise(`blocks.${config.stem.length}`, x, config.dim));
  x = yield* step(operations, 'resize', x, operations.resize(x, config.resizeTo));
  for (let i = 0; i < EMBEDDING_LAYERS; i++) {
    x = yield* step(operations, `transformer.embd.${i}`, x, operations.embedding(`transformer.embd.${i}`, x));
  }
  for (let block = 0; block < config.fullRateBlocks + config.stridedBlocks; block++) {
    const strided = block - config.fullRateBlocks;
    const name = strided < 0 ? `transformer.stem.${block}` : `transformer.branch.${strided}`;
    x = yield* transformerBlock(config, operations, name, x, { stride: strided < 0 ? 1 : 2, window: config.windows[block]! });
  }
  return yield* head(operations, x, classCount);
}

function* stemBlock(
  operations: F32Operations,
  name: string,
  input: Tensor,
  shape: { channels: number; stride: number; depth: number },
): Layers {
  const { channels, stride, depth } = shape;
  let x = yield* step(operations, `${name}.p0`, input, operations.separable(`${name}.p0`, input, channels, {}));
  x = yield* step(operations, `${name}.p01`, x, operations.separable(`${name}.p01`, x, channels, { stride }));
  const residual = x;
  for (let i = 0; i < depth; i++) {
    const last = i === depth - 1;
    const next = operations.separable(`${name}.p1.${i}`, x, channels, { pad: 4, ...(last ? { residual } : {}) });
    if (x !== residual) operations.release(x);
    x = next;
    if (!last) yield layer(operations, `${name}.p1.${i}`, x);
  }
  if (x !== residual) operations.release(residual);
  yield layer(operations, name, x);
  return x;
}

function* transformerBlock(
  config: NetworkConfig,
  operations: F32Operations,
  name: string,
  x: Tensor,
  shape: { stride: number; window: number },
): Layers {
  const { stride, window } = shape;
  const projections = operations.project(name, x, stride);
  yield layer(operations, `${name}.attn.query`, projections.query);
  yield layer(operations, `${name}.attn.key`, projections.key);
  yield layer(operations, `${name}.attn.value`, projections.value);
  const attended = operations.attend(projections, window);
  operations.release(projections.value);
  operations.release(projections.key);
  let skip = x;
  if (stride !== 1) {
    skip = operations.maxPool(x);
    operations.release(x);
  }
  skip = operations.addProjected(`${name}.attn.proj`, attended, skip);
  operations.release(attended);
  operations.addMlp(name, skip, config.dim * config.mlpRatio);
  yield layer(operations, name, skip);
  return skip;
}

function* head(operations: F32Operations, x: Tensor, classCount: number): Layers {
  const byChannel = operations.transpose(x);
  operations.release(x);
  const hidden = operations.pointwise('linearN.0', byChannel, HEAD_HIDDEN);
  operations.release(byChannel);
  operations.relu(hidden);
  const perChannel = operations.pointwise('linearN.2', hidden, 1);
  operations.release(hidden);
  const pooled: Tensor = { ...perChannel, timeSteps: 1, channels: perChannel.timeSteps };
  yield layer(operations, 'linearN', pooled);
  operations.leakyRelu(pooled);
  const features = yield* step(operations, 'linear1', pooled, operations.pointwise('linear1', pooled, HEAD_FEATURES));
  operations.leakyRelu(features);
  return yield* step(operations, 'linear2', features, operations.pointwise('linear2', features, classCount));
}

/** Releases the input, reports the output. */
function* step(operations: F32Operations, name: string, input: Tensor, output: Tensor): Layers {
  operations.release(input);
  yield layer(operations, name, output);
  return output;
}

function layer(operations: F32Operations, name: string, values: Tensor): Layer {
  const { macs } = operations;
  operations.macs = 0;
  const { leads, timeSteps, channels } = values;
  return { name, values, macs, shape: leads === 1 && timeSteps === 1 ? [channels] : [leads, timeSteps, channels] };
}
