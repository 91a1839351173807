// Seeded test weights and input, the same bits as in training/test_weights.py: no large file is needed, and a wrong fold, border, bias
// or lead order shows.

import { readFileSync } from 'node:fs';
import { CHALLENGE_CLASSES } from '../src/classes.js';
import { type NetworkConfig, PRESETS } from '../src/config.js';
import { formatSafetensors } from '../src/convert/format-safetensors.js';
import type { StoredTensor } from '../src/safetensors.js';
import { fnv1a32, splitmix32, uniform } from '../src/splitmix32.js';
import { expectedTensors, parseWeights, type Shape, type Weights } from '../src/weights.js';

export type PresetName = keyof typeof PRESETS;

const SCALES = JSON.parse(readFileSync(new URL('golden/scales.json', import.meta.url), 'utf8')) as Record<string, Record<string, number>>;

// Amplitudes of P, R, S, T of the leads I II III aVR aVL aVF V1..V6; centres and half widths of the pulses in hundredths of a second.
const AMPLITUDES = [
  [8, 90, -12, 22],
  [12, 110, -14, 28],
  [5, 40, -10, 10],
  [-10, -100, 12, -25],
  [3, 55, -12, 8],
  [9, 75, -12, 19],
  [6, 25, -90, -12],
  [7, 40, -110, 35],
  [7, 70, -75, 40],
  [8, 110, -45, 36],
  [8, 105, -22, 28],
  [8, 85, -10, 22],
] as const;
const PULSES = [
  [20, 5],
  [36, 3],
  [40, 3],
  [60, 10],
] as const;

/** A preset with variations. */
export function testConfig(preset: PresetName, changes: Partial<NetworkConfig> = {}): NetworkConfig {
  return { ...PRESETS[preset], ...changes };
}

const CHALLENGE_CODES = CHALLENGE_CLASSES.map(({ code }) => code);

/** The bytes of a weight file with the test weights. */
export function testWeightFile(config: NetworkConfig, classes: readonly string[] = CHALLENGE_CODES): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, shape] of expectedTensors(config, classes.length)) {
    const values = testTensor(name, shape, SCALES[config.preset]?.[name] ?? 1);
    tensors.set(name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) });
  }
  const metadata = {
    format: 'leadwise/1',
    name: `test-${config.preset}`,
    config: JSON.stringify(config),
    classes: JSON.stringify(classes),
    thresholds: JSON.stringify(classes.map(() => 0)),
  };
  return formatSafetensors(metadata, tensors);
}

export function testWeights(config: NetworkConfig): Weights {
  return parseWeights(testWeightFile(config));
}

/** The tensors of an f32 network with the test weights. */
export function testTensors(config: NetworkConfig): ReadonlyMap<string, Float32Array> {
  const { parameters } = testWeights(config);
  if (parameters.precision !== 'f32') throw new Error('the test weights are f32');
  return parameters.tensors;
}

/** f32[leads][windowSamples], ECG-like; leads that are not present are zeros. The arithmetic is in integers up to the last step. */
export function testInput(config: NetworkConfig, present: readonly string[] = config.leads): Float32Array {
  const { fs, windowSamples } = config;
  const pad = Math.max(0, windowSamples - 10 * fs);
  const period = Math.floor((4 * fs) / 5);
  const x = new Float32Array(config.leads.length * windowSamples);
  config.leads.forEach((lead, row) => {
    if (!present.includes(lead)) return;
    const seed = fnv1a32(`input:${lead}`);
    for (let t = 0; t < windowSamples - pad; t++) {
      const [beat, phase] = [Math.floor(t / period), t % period];
      let value = 8 * ((splitmix32(seed, t) >>> 24) - 128);
      PULSES.forEach(([centre, halfWidth], n) => {
        const width = Math.floor((halfWidth * fs) / 100) * (beat % 4 === 3 && n === 1 ? 2 : 1);
        const distance = Math.abs(phase - Math.floor((centre * fs) / 100));
        value += AMPLITUDES[row % 12]![n]! * Math.floor((256 * Math.max(0, width - distance)) / width);
      });
      x[row * windowSamples + pad + t] = value / 4096;
    }
  });
  return x;
}

function testTensor(name: string, shape: Shape, scale: number): Float32Array {
  const seed = fnv1a32(name);
  const count = shape.reduce((product, size) => product * size, 1);
  const fanIn = shape.length === 3 ? shape[2]! : count / shape[0]!;
  const spread = Math.sqrt(3 / fanIn);
  const value = (u: number): number => {
    if (name.endsWith('.running_var')) return 1 + 0.4 * u;
    if (!name.endsWith('.weight')) return 0.2 * u;
    return shape.length === 1 ? 1 + 0.3 * u : u * spread * scale;
  };
  return Float32Array.from({ length: count }, (_, i) => value(uniform(seed, i)));
}
