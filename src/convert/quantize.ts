import { WeightsError } from '../errors.js';
import { type FoldedLayer, foldNetwork } from '../fold.js';
import { foldedLayers, innerSize, isProduct, LARGEST_WEIGHT, largestActivation, quantizedTensors, SMALLEST_SCALE } from '../quantized.js';
import { formatSafetensors, type StoredTensor } from '../safetensors.js';
import { expectedTensors, type Weights } from '../weights.js';
import type { InputMaxima } from './calibrate.js';

/**
 * Head room above the calibration's largest activation. int16 has bits to spare (a factor of 2 costs one of 15), and records that
 * are unlike the calibration's then still fit.
 */
const HEAD_ROOM = 2;

/** The BatchNorms that are no longer in the file, as patterns of their names, and where they went. */
const FOLDED = {
  '*.attn.*_norm': '*.attn.*_conv',
  '*.batch_norm': '*.point_wise',
  '*.embd_norm.*': '*.embd.*',
  '*.ln1': '*.ln1 (scale and shift)',
  '*.ln2': '*.mlp.0',
};

/**
 * The int8 file of an f32 network: BatchNorm folded, weights rounded to int8 with a scale for each output channel, and an int16 scale for
 * the input of each product from the maxima that calibration saw.
 * @throws WeightsError `NOT_CALIBRATED` for a product that no input reached
 */
export function quantizeWeights(weights: Weights, maxima: InputMaxima, calibration: { source: string; records: number }): Uint8Array {
  const { config, classes, parameters, metadata } = weights;
  if (parameters.precision !== 'f32') throw new WeightsError('ALREADY_QUANTIZED', 'This file holds int8 weights: convert the f32 file');
  const layers = foldedLayers(expectedTensors(config, classes.length));
  const folded = foldNetwork(config, parameters.tensors);
  const values = new Map<string, Float32Array | Int8Array>();
  for (const layer of layers) {
    const { name, kind } = layer;
    const source = folded.get(name)!;
    values.set(`${name}.bias`, Float32Array.from(source.bias));
    if (kind === 'affine') {
      values.set(`${name}.weight`, Float32Array.from(source.weight));
      continue;
    }
    const { weight, scale } = quantizeLayer(source);
    values.set(`${name}.weight`, weight).set(`${name}.weight_scale`, scale);
    if (isProduct(kind)) values.set(`${name}.input_scale`, inputScale(name, maxima.get(name), innerSize(layer)));
  }
  const stored = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape }] of quantizedTensors(layers)) {
    const { buffer, byteOffset, byteLength } = values.get(name)!;
    stored.set(name, { dtype, shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) });
  }
  const quantization = {
    activations: 'int16, one static scale for the input of each product',
    calibration,
    folded: FOLDED,
    headRoom: HEAD_ROOM,
    weights: 'int8, one scale for each output channel, symmetric',
  };
  return formatSafetensors({ ...metadata, quantization: JSON.stringify(quantization) }, stored);
}

/** Rounds to the nearest, half to even, in units of the channel's largest magnitude / 127. A channel of zeros, or too small for a scale, is zeros. */
export function quantizeLayer({ weight, bias }: Pick<FoldedLayer, 'weight' | 'bias'>): { weight: Int8Array; scale: Float32Array } {
  const perOutput = weight.length / bias.length;
  const scale = Float32Array.from(bias, (_, n) => {
    const largest = weight.subarray(n * perOutput, (n + 1) * perOutput).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return usableScale(largest / LARGEST_WEIGHT);
  });
  const rounded = Int8Array.from(weight, (value, i) => {
    const whole = roundHalfEven(value / scale[Math.floor(i / perOutput)]!);
    return Math.max(-LARGEST_WEIGHT, Math.min(LARGEST_WEIGHT, whole));
  });
  return { weight: rounded, scale };
}

function inputScale(name: string, largest: number | undefined, inner: number): Float32Array {
  if (largest === undefined) throw new WeightsError('NOT_CALIBRATED', 'No calibration input reached this product', { tensor: name });
  return Float32Array.of(usableScale((HEAD_ROOM * largest) / largestActivation(inner)));
}

/** The scale, or 1 where values are so small (weight decay leaves such channels) that they may as well be zeros. */
function usableScale(scale: number): number {
  return scale < SMALLEST_SCALE ? 1 : scale;
}

function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
