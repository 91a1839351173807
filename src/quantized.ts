// What an int8 weight file holds: the folded network, each layer with int8 weights and a scale for each output channel.

import type { LayerKind } from './fold.js';
import { isProjection, PANEL, type Packed, packTaps } from './pack.js';
import type { Shape } from './weights.js';

/** Largest int8 weight: the range is symmetric. */
export const LARGEST_WEIGHT = 127;
/** Smallest scale: f32's smallest normal number. Below it scales lose their bits, and their inverses are not finite. */
export const SMALLEST_SCALE = 1 / 2 ** 126;
/**
 * Head room above the calibration's largest activation. int16 has bits to spare (a factor of 2 costs one of 15), and records that
 * are unlike the calibration's then still fit.
 */
export const HEAD_ROOM = 2;
const LARGEST_INT16 = 32767;
const LARGEST_INT32 = 2 ** 31 - 1;

/** A folded layer of a network: its name, use and the shape of its weights in the checkpoint's layout. */
export interface LayerShape {
  readonly name: string;
  readonly kind: LayerKind;
  readonly shape: Shape;
  /** Output channels; [leads, outputs] of per-lead projections. */
  readonly outputs: Shape;
}

/** The folded layers of a network, from the names and shapes of its checkpoint. */
export function foldedLayers(shapes: ReadonlyMap<string, Shape>): LayerShape[] {
  const layers: LayerShape[] = [];
  for (const [tensor, shape] of shapes) {
    const name = tensor.replace(/\.weight$/, '');
    const isNorm = shapes.has(`${name}.running_mean`);
    if (name === tensor || (isNorm && !name.endsWith('.ln1'))) continue;
    const outputs = isProjection(name) && shape.length === 3 ? shape.slice(0, 2) : shape.slice(0, 1);
    layers.push({ name, kind: kindOf(name), shape, outputs });
  }
  return layers;
}

/** Names, shapes and types of the tensors of an int8 file. */
export function quantizedTensors(layers: readonly LayerShape[]): Map<string, { dtype: 'I8' | 'F32'; shape: Shape }> {
  const tensors = new Map<string, { dtype: 'I8' | 'F32'; shape: Shape }>();
  for (const { name, kind, shape, outputs } of layers) {
    tensors.set(`${name}.weight`, { dtype: kind === 'affine' ? 'F32' : 'I8', shape });
    if (kind !== 'affine') tensors.set(`${name}.weight_scale`, { dtype: 'F32', shape: outputs });
    if (hasBias(name)) tensors.set(`${name}.bias`, { dtype: 'F32', shape: outputs });
    if (isProduct(kind)) tensors.set(`${name}.input_scale`, { dtype: 'F32', shape: [1] });
  }
  return tensors;
}

/** Layers that are matrix products take int16 activations; the others compute in f32 with their weights rounded to int8. */
export function isProduct(kind: LayerKind): boolean {
  return kind === 'linear' || kind === 'embedding';
}

/** The convolutions before query, key and value have none: the product after them holds it. */
export function hasBias(name: string): boolean {
  return !/\.attn\.(query|key|value)_conv$/.test(name);
}

/** Products that each output of a layer sums. */
export function innerSize({ shape, outputs }: LayerShape): number {
  return shape.slice(outputs.length).reduce((product, size) => product * size, 1);
}

/** Largest int16 activation whose `inner` products with int8 weights cannot leave int32. */
export function largestActivation(inner: number): number {
  return Math.min(LARGEST_INT16, Math.floor(LARGEST_INT32 / (LARGEST_WEIGHT * inner)));
}

/** Packs the tensors of a checked int8 file: int16 panels of pairs for the products, f32 for the rest. */
export function packQuantized(layers: readonly LayerShape[], tensors: ReadonlyMap<string, Float32Array | Int8Array>): Packed {
  const packed = new Map<string, Float32Array | Int16Array>();
  const float = (name: string) => tensors.get(name) as Float32Array;
  for (const layer of layers) {
    const { name, kind, outputs } = layer;
    const weight = tensors.get(`${name}.weight`)!;
    packed.set(`${name}.bias`, hasBias(name) ? float(`${name}.bias`) : new Float32Array(outputs[0]!));
    if (kind === 'affine') packed.set(`${name}.weight`, weight as Float32Array);
    else if (kind === 'depthwise') {
      packed.set(`${name}.weight`, packTaps(scaleBack(weight as Int8Array, float(`${name}.weight_scale`)), outputs[0]!));
    } else {
      const inputScale = float(`${name}.input_scale`)[0]!;
      packed.set(`${name}.weight`, packPairs(layer, weight as Int8Array));
      packed.set(
        `${name}.scale`,
        float(`${name}.weight_scale`).map((scale) => scale * inputScale),
      );
      packed.set(`${name}.quantize`, Float32Array.of(1 / inputScale, largestActivation(innerSize(layer))));
    }
  }
  return packed;
}

/** Int16 panels [ceil(N / 8)][ceil(K / 2)][8][2], padded with zeros; one matrix after the other for per-lead projections. */
function packPairs(layer: LayerShape, weight: Int8Array): Int16Array {
  const matrices = layer.outputs.length === 2 ? layer.outputs[0]! : 1;
  const columns = layer.outputs.at(-1)!;
  const inner = innerSize(layer);
  // The inner index is (tap, channel), in the file (channel, tap).
  const taps = layer.kind === 'embedding' ? inner / columns : 1;
  const panelSize = Math.ceil(inner / 2) * 2 * PANEL;
  const size = Math.ceil(columns / PANEL) * panelSize;
  const panels = new Int16Array(matrices * size);
  for (let matrix = 0; matrix < matrices; matrix++) {
    for (let n = 0; n < columns; n++) {
      const panel = matrix * size + Math.floor(n / PANEL) * panelSize + (n % PANEL) * 2;
      const row = (matrix * columns + n) * inner;
      // Few steps in the inner loop: in a fresh process it runs before anything is optimised.
      for (let tap = 0, k = 0; tap < taps; tap++) {
        const end = row + inner;
        for (let from = row + tap; from < end; from += taps, k++) panels[panel + ((k & ~1) << 3) + (k & 1)] = weight[from]!;
      }
    }
  }
  return panels;
}

/** f32: each weight times the scale of its output channel. */
function scaleBack(weight: Int8Array, scale: Float32Array): Float32Array {
  const perOutput = weight.length / scale.length;
  const values = new Float32Array(weight.length);
  for (let i = 0; i < values.length; i++) values[i] = weight[i]! * scale[Math.floor(i / perOutput)]!;
  return values;
}

function kindOf(name: string): LayerKind {
  if (name.endsWith('.ln1')) return 'affine';
  if (name.endsWith('_conv')) return 'depthwise';
  return /^transformer\.embd\.\d+$/.test(name) ? 'embedding' : 'linear';
}
