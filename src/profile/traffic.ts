// What a layer moves and computes, estimated from its shape: the kernels themselves count nothing.

import { computedStretches } from '../constant.js';
import type { Tensor } from '../tensor.js';

interface LayerShape {
  readonly name: string;
  readonly shape: readonly number[];
  readonly macs: number;
}

/** The share of a tensor's time steps that a layer computed, 0 to 1; the others are like one of these. */
export function computedShare({ leads, timeSteps, repeats }: Pick<Tensor, 'leads' | 'timeSteps' | 'repeats'>): number {
  let steps = 0;
  for (let lead = 0; lead < leads; lead++) {
    if (repeats.twin[lead] !== lead) continue;
    for (const { from, to } of computedStretches(repeats.constant[lead]!, timeSteps)) steps += to - from;
  }
  return steps / (leads * timeSteps);
}

/**
 * f32 values that each layer reads from and writes to tensors. Tiles that stay in the cache (a convolution before its product, the hidden
 * layer of an MLP, rounded inputs) do not count, nor do steps that are read again as neighbours.
 */
export function activationTraffic(layers: readonly LayerShape[], inputValues: number): number[] {
  let x = inputValues;
  // Values that a later layer of the same block reads again.
  let [residual, projected] = [0, 0];
  return layers.map(({ name, shape, macs }) => {
    const [input, output] = [x, shape.reduce((product, size) => product * size, 1)];
    // Computed with the query.
    if (/\.attn\.(key|value)$/.test(name)) return 0;
    if (name.endsWith('.attn.query')) {
      projected = output;
      return input + 3 * output;
    }
    x = output;
    if (/^transformer\.(stem|branch)\.\d+$/.test(name)) return transformerTraffic(input, projected, output);
    // The head transposes its input.
    if (name === 'linearN') return 3 * input + output;
    if (name.endsWith('.p01')) residual = output;
    else if (/^blocks\.\d+$/.test(name)) {
      const again = residual;
      residual = 0;
      // A block of depth 0 ends with the values of the layer before.
      return macs === 0 ? 0 : input + output + again;
    }
    return input + output;
  });
}

/** Attention reads query, key and value and writes over the query; a strided block pools its input; projection and MLP add to that. */
function transformerTraffic(input: number, projected: number, output: number): number {
  const pooling = input === output ? 0 : input + output;
  return 4 * projected + pooling + (projected + 2 * output) + 2 * output;
}

/** Bytes of packed weights by the layer that reads them: of the layers' names, the longest that an array's name begins with. */
export function weightTraffic(
  layers: readonly LayerShape[],
  packed: Iterable<readonly [name: string, bytes: number]>,
): Map<string, number> {
  const bytes = new Map(layers.map(({ name }) => [name, 0]));
  for (const [array, size] of packed) {
    let layer = array.replace(/\.(ln1|attn\.(query|key|value)(_conv)?)\.\w+$/, '.attn.query');
    while (layer !== '' && !bytes.has(layer)) layer = layer.slice(0, Math.max(0, layer.lastIndexOf('.')));
    if (layer !== '') bytes.set(layer, bytes.get(layer)! + size);
  }
  return bytes;
}
