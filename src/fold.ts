// From the checkpoint's layers to those that are computed: every BatchNorm goes into the layer beside it, where that is exact.
// All arithmetic is in double precision; nothing is rounded here.

import { EMBEDDING_LAYERS, type NetworkConfig } from './config.js';

const BATCH_NORM_EPSILON = 1e-5;

type Tensors = ReadonlyMap<string, Float32Array>;

/** How a folded layer is used, which decides how it is laid out for the kernels. */
export type LayerKind = 'depthwise' | 'linear' | 'embedding' | 'affine';

/** A layer after folding. */
export interface FoldedLayer {
  readonly kind: LayerKind;
  /** f64 in the checkpoint's layout: [outputs][inputs per output]; [leads][out][in] of per-lead projections; `affine`: a scale for each channel. */
  readonly weight: Float64Array;
  /** f64[outputs], or [leads][outputs]. */
  readonly bias: Float64Array;
}

/** Folded layers by module name, in the order of the network. */
export type FoldedNetwork = Map<string, FoldedLayer>;

/** A BatchNorm with running statistics as y = scale * x + shift, f64[channels]. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Folds all layers of a checked network. */
export function foldNetwork(config: NetworkConfig, tensors: Tensors): FoldedNetwork {
  const folded: FoldedNetwork = new Map();
  config.stem.forEach(([, , , depth], block) => {
    const chain = Array.from({ length: depth }, (_, i) => `p1.${i}`);
    for (const part of ['p0', 'p01', ...chain]) foldSeparable(folded, tensors, `blocks.${block}.${part}`);
  });
  foldLinear(folded, tensors, `blocks.${config.stem.length}`);
  for (let i = 0; i < EMBEDDING_LAYERS; i++) {
    const norm = batchNorm(tensors, `transformer.embd_norm.${i}`);
    folded.set(`transformer.embd.${i}`, { kind: 'embedding', ...foldAfter(tensors, `transformer.embd.${i}`, norm) });
  }
  for (let i = 0; i < config.fullRateBlocks; i++) foldTransformerBlock(folded, tensors, `transformer.stem.${i}`);
  for (let i = 0; i < config.stridedBlocks; i++) foldTransformerBlock(folded, tensors, `transformer.branch.${i}`);
  for (const name of ['linearN.0', 'linearN.2', 'linear1', 'linear2']) foldLinear(folded, tensors, name);
  return folded;
}

/** BatchNorm stands after the activation and before the pointwise product, which takes it in exactly. */
function foldSeparable(folded: FoldedNetwork, tensors: Tensors, name: string): void {
  const weight = Float64Array.from(take(tensors, `${name}.depth_wise_conv.weight`));
  const bias = Float64Array.from(take(tensors, `${name}.depth_wise_conv.bias`));
  folded.set(`${name}.depth_wise_conv`, { kind: 'depthwise', weight, bias });
  foldLinear(folded, tensors, `${name}.point_wise`, batchNorm(tensors, `${name}.batch_norm`));
}

function foldTransformerBlock(folded: FoldedNetwork, tensors: Tensors, name: string): void {
  // A convolution that pads with zeros follows: this one stays a pass of its own.
  const { scale, shift } = batchNorm(tensors, `${name}.ln1`);
  folded.set(`${name}.ln1`, { kind: 'affine', weight: scale, bias: shift });
  for (const projection of ['query', 'key', 'value']) {
    // The scale keeps the product's inputs alike, which int8 weights want; the shift goes on into the product, and no bias is left here.
    const convolution = `${name}.attn.${projection}_conv`;
    const { weight, bias } = foldAfter(tensors, convolution, batchNorm(tensors, `${name}.attn.${projection}_norm`));
    folded.set(convolution, { kind: 'depthwise', weight, bias: new Float64Array(bias.length) });
    foldLinear(folded, tensors, `${name}.attn.${projection}`, { scale: bias.map(() => 1), shift: bias });
  }
  foldLinear(folded, tensors, `${name}.attn.proj`);
  foldLinear(folded, tensors, `${name}.mlp.0`, batchNorm(tensors, `${name}.ln2`));
  foldLinear(folded, tensors, `${name}.mlp.3`);
}

/** A convolution without bias and the BatchNorm after it: each output is scaled and shifted. */
function foldAfter(tensors: Tensors, name: string, { scale, shift }: Affine): { weight: Float64Array; bias: Float64Array } {
  const weight = take(tensors, `${name}.weight`);
  const perOutput = weight.length / scale.length;
  return { weight: Float64Array.from(weight, (value, i) => value * scale[Math.floor(i / perOutput)]!), bias: shift };
}

/** A linear layer, with the BatchNorm before it (without padding between) scaling its inputs. */
function foldLinear(folded: FoldedNetwork, tensors: Tensors, name: string, before?: Affine): void {
  const weight = take(tensors, `${name}.weight`);
  const bias = Float64Array.from(take(tensors, `${name}.bias`));
  if (!before) {
    folded.set(name, { kind: 'linear', weight: Float64Array.from(weight), bias });
    return;
  }
  const inner = before.scale.length;
  for (let n = 0; n < bias.length; n++) {
    for (let k = 0; k < inner; k++) bias[n] = bias[n]! + weight[n * inner + k]! * before.shift[k]!;
  }
  folded.set(name, { kind: 'linear', weight: Float64Array.from(weight, (value, i) => value * before.scale[i % inner]!), bias });
}

function batchNorm(tensors: Tensors, name: string): Affine {
  const weight = take(tensors, `${name}.weight`);
  const bias = take(tensors, `${name}.bias`);
  const mean = take(tensors, `${name}.running_mean`);
  const variance = take(tensors, `${name}.running_var`);
  const scale = Float64Array.from(weight, (value, i) => value / Math.sqrt(variance[i]! + BATCH_NORM_EPSILON));
  return { scale, shift: Float64Array.from(bias, (value, i) => value - mean[i]! * scale[i]!) };
}

/** The weights were checked tensor by tensor before; a name that is missing here is a mistake of this file. */
function take(tensors: Tensors, name: string): Float32Array {
  const values = tensors.get(name);
  if (!values) throw new RangeError(`no tensor ${name}`);
  return values;
}
