// From the checkpoint's tensors to what the f32 kernels read: BatchNorm folded where that is exact, weights laid out for the vector loops.
// All arithmetic is in double precision, rounded once to f32.

import { EMBEDDING_LAYERS, type NetworkConfig } from './config.js';

/** Columns of a weight panel, as in assembly/kernels/gemm.ts. */
const PANEL = 8;
const BATCH_NORM_EPSILON = 1e-5;

type Tensors = ReadonlyMap<string, Float32Array>;
/** Packed arrays by module name and role, e.g. `blocks.0.p0.point_wise.weight`, `transformer.stem.0.ln1.scale`. */
export type Packed = Map<string, Float32Array>;

/** A BatchNorm with running statistics as y = scale * x + shift, f64[channels]. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** Packs all tensors of a checked network. */
export function packF32(config: NetworkConfig, tensors: Tensors): Packed {
  const packed: Packed = new Map();
  config.stem.forEach(([, , , depth], block) => {
    for (const part of ['p0', 'p01', ...Array.from({ length: depth }, (_, i) => `p1.${i}`)])
      packSeparable(packed, tensors, `blocks.${block}.${part}`);
  });
  packLinear(packed, tensors, `blocks.${config.stem.length}`);
  for (let i = 0; i < EMBEDDING_LAYERS; i++) packEmbedding(packed, tensors, i);
  for (let i = 0; i < config.fullRateBlocks; i++) packTransformerBlock(packed, tensors, `transformer.stem.${i}`, config);
  for (let i = 0; i < config.stridedBlocks; i++) packTransformerBlock(packed, tensors, `transformer.branch.${i}`, config);
  for (const name of ['linearN.0', 'linearN.2', 'linear1', 'linear2']) packLinear(packed, tensors, name);
  return packed;
}

/** Panels [ceil(N / 8)][K][8], the last one padded with zeros, of a matrix given by element (column n, inner k). */
export function packPanels(columns: number, inner: number, element: (n: number, k: number) => number): Float32Array {
  const panels = new Float32Array(Math.ceil(columns / PANEL) * inner * PANEL);
  for (let n = 0; n < columns; n++) {
    const panel = Math.floor(n / PANEL) * inner * PANEL + (n % PANEL);
    for (let k = 0; k < inner; k++) panels[panel + k * PANEL] = element(n, k);
  }
  return panels;
}

/** BatchNorm stands after the activation and before the pointwise product, which takes it in exactly. */
function packSeparable(packed: Packed, tensors: Tensors, name: string): void {
  packTaps(packed, tensors, `${name}.depth_wise_conv`, undefined);
  packLinear(packed, tensors, `${name}.point_wise`, batchNorm(tensors, `${name}.batch_norm`));
}

/** BatchNorm stands after the convolution: it scales the columns. Row k of the product is (tap, input channel), as overlapping rows lie in memory. */
function packEmbedding(packed: Packed, tensors: Tensors, layer: number): void {
  const name = `transformer.embd.${layer}`;
  const weight = take(tensors, `${name}.weight`);
  const { scale, shift } = batchNorm(tensors, `transformer.embd_norm.${layer}`);
  const channels = scale.length;
  const taps = weight.length / (channels * channels);
  const element = (n: number, k: number) => weight[(n * channels + (k % channels)) * taps + Math.floor(k / channels)]! * scale[n]!;
  packed.set(`${name}.weight`, packPanels(channels, channels * taps, element));
  packed.set(`${name}.bias`, Float32Array.from(shift));
}

function packTransformerBlock(packed: Packed, tensors: Tensors, name: string, config: NetworkConfig): void {
  const ln1 = batchNorm(tensors, `${name}.ln1`);
  packed.set(`${name}.ln1.scale`, Float32Array.from(ln1.scale));
  packed.set(`${name}.ln1.shift`, Float32Array.from(ln1.shift));
  for (const projection of ['query', 'key', 'value']) {
    packTaps(packed, tensors, `${name}.attn.${projection}_conv`, batchNorm(tensors, `${name}.attn.${projection}_norm`));
    if (config.leadProjection === 'perLead') packPerLead(packed, tensors, `${name}.attn.${projection}`, config);
    else packLinear(packed, tensors, `${name}.attn.${projection}`);
  }
  packLinear(packed, tensors, `${name}.attn.proj`);
  packLinear(packed, tensors, `${name}.mlp.0`, batchNorm(tensors, `${name}.ln2`));
  packLinear(packed, tensors, `${name}.mlp.3`);
}

/** Depthwise weights [channels][1][1][taps] -> [taps][channels]; a BatchNorm after the convolution is folded into weights and bias. */
function packTaps(packed: Packed, tensors: Tensors, name: string, after: Affine | undefined): void {
  const weight = take(tensors, `${name}.weight`);
  const bias = tensors.get(`${name}.bias`);
  const channels = after?.scale.length ?? bias!.length;
  const taps = weight.length / channels;
  const byTap = new Float32Array(weight.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let tap = 0; tap < taps; tap++) byTap[tap * channels + channel] = weight[channel * taps + tap]! * (after?.scale[channel] ?? 1);
  }
  packed.set(`${name}.weight`, byTap);
  packed.set(`${name}.bias`, bias ?? Float32Array.from(after!.shift));
}

/** A linear layer [out][in]; a BatchNorm before it (without padding between) is folded into weights and bias. */
function packLinear(packed: Packed, tensors: Tensors, name: string, before?: Affine): void {
  const weight = take(tensors, `${name}.weight`);
  const bias = take(tensors, `${name}.bias`);
  const columns = bias.length;
  const inner = weight.length / columns;
  const element = (n: number, k: number) => weight[n * inner + k]! * (before?.scale[k] ?? 1);
  packed.set(`${name}.weight`, packPanels(columns, inner, element));
  const shifted = bias.map((value, n) => {
    let sum = value;
    if (before) for (let k = 0; k < inner; k++) sum += weight[n * inner + k]! * before.shift[k]!;
    return sum;
  });
  packed.set(`${name}.bias`, shifted);
}

/** Weights [leads][out][in], one after the other; a lead's panels begin a whole matrix after those of the lead before. */
function packPerLead(packed: Packed, tensors: Tensors, name: string, { leads, dim }: NetworkConfig): void {
  const weight = take(tensors, `${name}.weight`);
  const size = Math.ceil(dim / PANEL) * PANEL * dim;
  const panels = new Float32Array(leads.length * size);
  for (let lead = 0; lead < leads.length; lead++) {
    const from = lead * dim * dim;
    panels.set(
      packPanels(dim, dim, (n, k) => weight[from + n * dim + k]!),
      lead * size,
    );
  }
  packed.set(`${name}.weight`, panels);
  packed.set(`${name}.bias`, take(tensors, `${name}.bias`));
}

function batchNorm(tensors: Tensors, name: string): Affine {
  const [weight, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
    take(tensors, `${name}.${part}`),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = Float64Array.from(weight, (value, i) => value / Math.sqrt(variance[i]! + BATCH_NORM_EPSILON));
  const shift = Float64Array.from(bias, (value, i) => value - mean[i]! * scale[i]!);
  return { scale, shift };
}

/** The weights were checked tensor by tensor before; a name that is missing here is a mistake of this file. */
function take(tensors: Tensors, name: string): Float32Array {
  const values = tensors.get(name);
  if (!values) throw new RangeError(`no tensor ${name}`);
  return values;
}
