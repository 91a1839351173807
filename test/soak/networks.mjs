// The networks of a soak: the default one in int8, and one of the family in f32 that takes a millisecond, so that jobs and faults come often.

import { readFile } from 'node:fs/promises';
import { CHALLENGE_CLASSES } from '../../build/classes.js';
import { PRESETS } from '../../build/config.js';
import { formatSafetensors } from '../../build/convert/format-safetensors.js';
import { fnv1a32, uniform } from '../../build/splitmix32.js';
import { expectedTensors } from '../../build/weights.js';

const TINY = {
  ...PRESETS.edge,
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
};

/** Weight files by name. */
export async function readNetworks() {
  return { edge: await readFile(new URL('../../weights/edge.safetensors', import.meta.url)), tiny: tinyFile() };
}

function tinyFile() {
  const codes = CHALLENGE_CLASSES.map(({ code }) => code);
  const tensors = new Map();
  for (const [name, shape] of expectedTensors(TINY, codes.length)) {
    const values = valuesOf(name, shape);
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  }
  const metadata = {
    format: 'leadwise/1',
    name: 'soak-tiny',
    config: JSON.stringify(TINY),
    classes: JSON.stringify(codes),
    thresholds: JSON.stringify(codes.map(() => 0)),
  };
  return formatSafetensors(metadata, tensors);
}

function valuesOf(name, shape) {
  const seed = fnv1a32(name);
  const count = shape.reduce((product, size) => product * size, 1);
  const spread = Math.sqrt(3 / (shape.length === 3 ? shape[2] : count / shape[0]));
  const value = (u) => {
    if (name.endsWith('.running_var')) return 1 + 0.4 * u;
    if (!name.endsWith('.weight')) return 0.2 * u;
    return shape.length === 1 ? 1 + 0.3 * u : u * spread;
  };
  return Float32Array.from({ length: count }, (_, index) => value(uniform(seed, index)));
}
