// From folded layers to what the f32 kernels read: rounded once to f32, laid out for the vector loops.

import type { NetworkConfig } from './config.js';
import { type FoldedLayer, foldNetwork } from './fold.js';

/** Columns of a weight panel, as in assembly/kernels/gemm.ts. */
export const PANEL = 8;

/** Packed arrays by module name and role: `blocks.0.p0.point_wise.weight`, `….bias`. */
export type Packed = ReadonlyMap<string, Float32Array | Int16Array>;

/** Packs all layers of a checked f32 network. */
export function packF32(config: NetworkConfig, tensors: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  const packed = new Map<string, Float32Array>();
  const leads = config.leadProjection === 'perLead' ? config.leads.length : 1;
  for (const [name, layer] of foldNetwork(config, tensors)) {
    packed.set(`${name}.weight`, packWeight(layer, isProjection(name) ? leads : 1));
    packed.set(`${name}.bias`, Float32Array.from(layer.bias));
  }
  return packed;
}

/** Query, key and value may have a matrix for each lead. */
export function isProjection(name: string): boolean {
  return /\.attn\.(query|key|value)$/.test(name);
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

/** Depthwise weights [channels][taps] as [taps][channels]. */
export function packTaps(weight: ArrayLike<number>, channels: number): Float32Array {
  const taps = weight.length / channels;
  const packed = new Float32Array(weight.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let tap = 0; tap < taps; tap++) packed[tap * channels + channel] = weight[channel * taps + tap]!;
  }
  return packed;
}

/**
 * Where element (column n, inner k) of a product's matrix stands in the checkpoint's layout. An embedding's inner index is
 * (tap, input channel), as overlapping rows lie in memory; the checkpoint has [out][in][taps].
 */
export function elementIndex(kind: FoldedLayer['kind'], columns: number, inner: number): (n: number, k: number) => number {
  if (kind !== 'embedding') return (n, k) => n * inner + k;
  const taps = inner / columns;
  return (n, k) => (n * columns + (k % columns)) * taps + Math.floor(k / columns);
}

/** Panels of one matrix after the other for per-lead projections. */
function packWeight({ kind, weight, bias }: FoldedLayer, leads: number): Float32Array {
  if (kind === 'affine') return Float32Array.from(weight);
  if (kind === 'depthwise') return packTaps(weight, bias.length);
  const columns = bias.length / leads;
  const inner = weight.length / bias.length;
  const index = elementIndex(kind, columns, inner);
  const size = Math.ceil(columns / PANEL) * PANEL * inner;
  const panels = new Float32Array(leads * size);
  for (let lead = 0; lead < leads; lead++) {
    const from = lead * columns * inner;
    panels.set(
      packPanels(columns, inner, (n, k) => weight[from + index(n, k)]!),
      lead * size,
    );
  }
  return panels;
}
