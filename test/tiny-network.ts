// A network of the family that is small enough to load and run a thousand times in a test.

import { formatSafetensors } from '../src/convert/format-safetensors.js';
import { loadModel, type Model, type NetworkConfig, type Variant } from '../src/index.js';
import { parseSafetensors, type StoredTensor } from '../src/safetensors.js';
import { simulate } from '../src/simulate.js';
import { testConfig, testWeightFile } from './test-network.js';

/** Sees 2.56 s at 100 Hz; every kind of layer is there, with a local and a global window. */
export const TINY: NetworkConfig = testConfig('edge', {
  preset: 'tiny',
  windowSamples: 256,
  stem: [
    [1, 4, 2, 1],
    [4, 8, 2, 0],
  ],
  resizeTo: 24,
  dim: 8,
  heads: 2,
  fullRateBlocks: 1,
  stridedBlocks: 2,
  windows: [5, 3, -1],
  mlpRatio: 2,
});

export const TINY_FILE = testWeightFile(TINY);

export interface Changes {
  /** Values that are not strings are written as JSON; undefined takes the key out. */
  metadata?: Record<string, unknown>;
  /** Tensors to put in or, with undefined, to take out. */
  tensors?: Record<string, StoredTensor | undefined>;
}

/** The file with other metadata and tensors. */
export function changeFile(file: Uint8Array, { metadata = {}, tensors = {} }: Changes): Uint8Array {
  const parsed = parseSafetensors(file);
  const texts: Record<string, string> = { ...parsed.metadata };
  for (const [key, value] of Object.entries(metadata)) {
    if (value === undefined) delete texts[key];
    else texts[key] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  const changed = new Map(parsed.tensors);
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor) changed.set(name, tensor);
    else changed.delete(name);
  }
  return formatSafetensors(texts, changed);
}

export function f32Tensor(shape: readonly number[], values: ArrayLike<number>): StoredTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

export function loadTiny(variant: Variant = 'simd', changes: Changes = {}): Promise<Model> {
  return loadModel(changeFile(TINY_FILE, changes), { variant });
}

/** A simulated record at 100 Hz, `signal` alone: what a caller with arrays in hand has. */
export function tinyRecord(seconds = 6, seed = 7) {
  const { fs, sigName, units, signal } = simulate({ fs: 100, seconds, seed });
  return { fs, sigName, units, signal };
}

/** The bits, for comparisons that take 0 and -0, and one NaN and another, for different. */
export function bitsOf(values: Float32Array): number[] {
  return Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));
}
