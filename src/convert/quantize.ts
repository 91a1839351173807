import { WeightsError } from '../errors.js';
import { type FoldedLayer, foldNetwork } from '../fold.js';
import { elementIndex } from '../pack.js';
import {
  foldedLayers,
  HEAD_ROOM,
  hasBias,
  innerSize,
  isProduct,
  LARGEST_WEIGHT,
  type LayerShape,
  largestActivation,
  quantizedTensors,
  SMALLEST_SCALE,
} from '../quantized.js';
import type { StoredTensor } from '../safetensors.js';
import { expectedTensors, type Weights } from '../weights.js';
import type { Calibration, InputStatistics } from './calibrate.js';
import { canonicalJson } from './canonical-json.js';
import { formatSafetensors } from './format-safetensors.js';
import { makeFeedback, roundHalfEven, roundWithFeedback } from './round.js';

/** The BatchNorms that are no longer in the file, as patterns of their names, and where they went. */
const FOLDED = {
  '*.attn.*_norm': '*.attn.*_conv (scale), *.attn.* (shift)',
  '*.batch_norm': '*.point_wise',
  '*.embd_norm.*': '*.embd.*',
  '*.ln1': '*.ln1 (scale and shift)',
  '*.ln2': '*.mlp.0',
};

/** Where the calibration inputs come from. */
export interface CalibrationSource {
  source: string;
  records: number;
}

/**
 * The int8 file of an f32 network: BatchNorm folded, weights rounded to int8 with a scale for each output channel, and an int16 scale for
 * the input of each product from what calibration saw there. Biases make up for what rounding the weights does to the mean input.
 * @throws WeightsError `NOT_CALIBRATED` for a product that no input reached
 */
export function quantizeWeights(weights: Weights, calibration: Calibration, source: CalibrationSource): Uint8Array {
  const { config, classes, parameters, metadata } = weights;
  if (parameters.precision !== 'f32') throw new WeightsError('ALREADY_QUANTIZED', 'This file holds int8 weights: convert the f32 file');
  const layers = foldedLayers(expectedTensors(config, classes.length));
  const folded = foldNetwork(config, parameters.tensors);
  const values = new Map<string, Float32Array | Int8Array>();
  for (const layer of layers) {
    const { name, kind } = layer;
    const exact = folded.get(name)!;
    if (kind === 'affine') {
      values.set(`${name}.weight`, Float32Array.from(exact.weight)).set(`${name}.bias`, Float32Array.from(exact.bias));
      continue;
    }
    if (!isProduct(kind)) {
      const { weight, scale } = quantizeTaps(exact);
      values.set(`${name}.weight`, weight).set(`${name}.weight_scale`, scale);
      if (hasBias(name)) values.set(`${name}.bias`, Float32Array.from(exact.bias));
      continue;
    }
    const seen = calibration.get(name);
    if (!seen) throw new WeightsError('NOT_CALIBRATED', 'No calibration input reached this product', { tensor: name });
    const { weight, scale } = quantizeProduct(layer, exact, seen);
    values.set(`${name}.weight`, weight).set(`${name}.weight_scale`, scale);
    values.set(`${name}.input_scale`, inputScale(seen, innerSize(layer)));
    values.set(`${name}.bias`, correctedBias(layer, exact, { weight, scale }, seen));
  }
  const stored = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape }] of quantizedTensors(layers)) {
    const { buffer, byteOffset, byteLength } = values.get(name)!;
    stored.set(name, { dtype, shape, bytes: new Uint8Array(buffer, byteOffset, byteLength) });
  }
  const quantization = {
    activations: 'int16, one static scale for the input of each product',
    calibration: source,
    folded: FOLDED,
    headRoom: HEAD_ROOM,
    weights: 'int8, one scale for each output channel, symmetric, rounded with error feedback',
  };
  return formatSafetensors({ ...metadata, quantization: canonicalJson(quantization) }, stored);
}

/**
 * Of a convolution's few taps: rounds to the nearest, half to even, in units of the channel's largest magnitude / m, with the m from 127
 * down to 64 that makes the squared error of the channel least. A channel of zeros, or too small for a scale, is zeros.
 */
export function quantizeTaps({ weight, bias }: Pick<FoldedLayer, 'weight' | 'bias'>): { weight: Int8Array; scale: Float32Array } {
  const taps = weight.length / bias.length;
  const rounded = new Int8Array(weight.length);
  const scale = Float32Array.from(bias, (_, n) => {
    const channel = weight.subarray(n * taps, (n + 1) * taps);
    const largest = largestMagnitude(channel);
    let best = { scale: 1, error: Number.POSITIVE_INFINITY };
    for (let steps = LARGEST_WEIGHT; steps > LARGEST_WEIGHT / 2; steps--) {
      const candidate = usableScale(Math.fround(largest / steps));
      const error = channel.reduce((sum, value) => sum + square(value - roundTo(value, candidate) * candidate), 0);
      if (error < best.error) best = { scale: candidate, error };
    }
    for (let k = 0; k < taps; k++) rounded[n * taps + k] = roundTo(channel[k]!, best.scale);
    return best.scale;
  });
  return { weight: rounded, scale };
}

function square(x: number): number {
  return x * x;
}

function roundTo(value: number, scale: number): number {
  return Math.max(-LARGEST_WEIGHT, Math.min(LARGEST_WEIGHT, roundHalfEven(value / scale)));
}

/** Of a product: weights in units of the output's largest / 127 that make up for each other's rounding on inputs like those that calibration saw. */
function quantizeProduct(layer: LayerShape, exact: FoldedLayer, { sample }: InputStatistics): { weight: Int8Array; scale: Float32Array } {
  const inner = innerSize(layer);
  const columns = layer.outputs.at(-1)!;
  const index = elementIndex(layer.kind, columns, inner);
  const scale = outputScales(exact);
  const feedback = makeFeedback(sample.moments, sample.sums, sample.rows);
  const weight = new Int8Array(exact.weight.length);
  const row = new Float64Array(inner);
  scale.forEach((unit, output) => {
    const matrix = Math.floor(output / columns) * columns * inner;
    for (let k = 0; k < inner; k++) row[k] = exact.weight[matrix + index(output % columns, k)]!;
    const rounded = roundWithFeedback(row, unit, feedback, LARGEST_WEIGHT);
    for (let k = 0; k < inner; k++) weight[matrix + index(output % columns, k)] = rounded[k]!;
  });
  return { weight, scale };
}

/** f32[outputs]: the largest magnitude of each output's weights / 127. */
function outputScales({ weight, bias }: Pick<FoldedLayer, 'weight' | 'bias'>): Float32Array {
  const perOutput = weight.length / bias.length;
  return Float32Array.from(bias, (_, n) =>
    usableScale(largestMagnitude(weight.subarray(n * perOutput, (n + 1) * perOutput)) / LARGEST_WEIGHT),
  );
}

function largestMagnitude(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function inputScale({ largest }: InputStatistics, inner: number): Float32Array {
  return Float32Array.of(usableScale((HEAD_ROOM * largest) / largestActivation(inner)));
}

/** The scale, or 1 where values are so small (weight decay leaves such channels) that they may as well be zeros. */
function usableScale(scale: number): number {
  return scale < SMALLEST_SCALE ? 1 : scale;
}

/** bias + (exact weights - rounded weights) times the mean input: the mean output is then that of the exact layer. */
function correctedBias(
  layer: LayerShape,
  exact: FoldedLayer,
  rounded: { weight: Int8Array; scale: Float32Array },
  seen: InputStatistics,
): Float32Array {
  const inner = innerSize(layer);
  const columns = layer.outputs.at(-1)!;
  const index = elementIndex(layer.kind, columns, inner);
  return Float32Array.from(exact.bias, (bias, output) => {
    // A per-lead projection has matrices one after the other; calibration knows the mean over all leads.
    const matrix = Math.floor(output / columns) * columns * inner;
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      const at = matrix + index(output % columns, k);
      sum += (exact.weight[at]! - rounded.weight[at]! * rounded.scale[output]!) * seen.sums[k]!;
    }
    return bias + sum / seen.rows;
  });
}
