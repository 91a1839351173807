// Every block of every preset and variant against a float64 PyTorch reference (`npm run golden` regenerates), on both binaries.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Engine } from '../src/engine.js';
import { parseSafetensors, tensorValues } from '../src/safetensors.js';
import { sha256 } from '../src/sha256.js';
import { inlinedKernels, type Variant } from '../src/wasm.js';
import { fnv1a32, splitmix32 } from './splitmix32.js';
import { type PresetName, testConfig, testInput, testWeights } from './test-network.js';
import { VARIANTS } from './variants.js';

interface GoldenBlock {
  name: string;
  shape: number[];
  norm: number;
  mean: number;
}

interface GoldenCase {
  name: string;
  leads: string[];
  leadProjection: 'shared' | 'perLead';
  headOrder: 'published' | 'leads';
  inputNorm: number;
  blocks: GoldenBlock[];
}

// The bound is 1e-4 of a block's norm; a wrong GELU or epsilon is smaller than that, so blocks are held to what float32 needs (measured:
// 4e-6 at most on edge and compact, 3e-5 on published), logits to the full bound.
const BLOCK_TOLERANCE = { edge: 1e-5, compact: 1e-5, published: 1e-4 };
const LOGIT_TOLERANCE = 1e-4;
const SAMPLES = 256;
const FULL = process.env['LEADWISE_GOLDEN_FULL'];

function loadGolden(file: URL | string) {
  const { metadata, tensors } = parseSafetensors(readFileSync(file));
  return { cases: JSON.parse(metadata['cases']!) as GoldenCase[], tensors };
}

/** All blocks of a case by name. */
function runCase(preset: PresetName, golden: GoldenCase, variant: Variant): Map<string, Float32Array> {
  const config = testConfig(preset, { leadProjection: golden.leadProjection, headOrder: golden.headOrder });
  const engine = new Engine(testWeights(config), inlinedKernels(variant));
  const input = testInput(config, golden.leads);
  expect(Math.abs(norm(input) - golden.inputNorm)).toBeLessThan(1e-9 * golden.inputNorm);
  const blocks = new Map<string, Float32Array>();
  for (const { name, values } of engine.run(input)) blocks.set(name, engine.view(values).slice());
  return blocks;
}

function norm(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
}

function sampleIndex(block: string, i: number, count: number): number {
  return count <= SAMPLES ? i : Math.floor(((splitmix32(fnv1a32(`sample:${block}`), i) >>> 8) * count) / 2 ** 24);
}

/** Largest difference over the sample, and of norm and mean, each against the block's norm (or its root mean square for single values). */
function checkBlock(block: GoldenBlock, actual: Float32Array, sample: ArrayLike<number>): void {
  const count = block.shape.reduce((product, size) => product * size, 1);
  expect(actual.length, block.name).toBe(count);
  const rms = block.norm / Math.sqrt(count);
  let squares = 0;
  for (let i = 0; i < sample.length; i++) {
    const difference = Math.abs(actual[sampleIndex(block.name, i, count)]! - sample[i]!);
    squares += difference ** 2;
    expect(difference, `${block.name} sample ${i}`).toBeLessThan(20 * TOLERANCE * rms);
  }
  expect(Math.sqrt(squares / sample.length), block.name).toBeLessThan(TOLERANCE * rms);
  expect(Math.abs(norm(actual) - block.norm), `${block.name} norm`).toBeLessThan(TOLERANCE * block.norm);
  const mean = actual.reduce((sum, value) => sum + value, 0) / count;
  expect(Math.abs(mean - block.mean), `${block.name} mean`).toBeLessThan(TOLERANCE * rms);
}

describe.each(['edge', 'compact', 'published'] as const)('%s against the reference', (preset) => {
  const { cases, tensors } = loadGolden(new URL(`golden/${preset}.safetensors`, import.meta.url));

  it.each(cases.map((golden) => [golden.name, golden] as const))('%s', (name, golden) => {
    const blocks = runCase(preset, golden, 'simd');
    for (const block of golden.blocks) checkBlock(block, blocks.get(block.name)!, tensorValues(tensors.get(`${name}/${block.name}`)!));
    const logits = blocks.get('linear2')!;
    tensorValues(tensors.get(`${name}/linear2`)!).forEach((expected, i) => expect(Math.abs(logits[i]! - expected)).toBeLessThan(TOLERANCE));
  });

  // The scalar binary is slow on the largest preset: one case there crosses all the kernels, in both projections and orders elsewhere.
  const compared = preset === 'published' ? cases.filter(({ name }) => name === '12-perLead-published') : cases;
  it.each(compared.map((golden) => [golden.name, golden] as const))('%s: both binaries give the same bits', (_, golden) => {
    const digests = VARIANTS.map((variant) => {
      const blocks = runCase(preset, golden, variant);
      return Array.from(blocks, ([name, { buffer }]) => [name, sha256(new Uint8Array(buffer as ArrayBuffer))]);
    });
    expect(digests[1]).toEqual(digests[0]);
  });
});

describe('whole tensors against the reference', () => {
  const files = FULL && existsSync(FULL) ? readdirSync(FULL).filter((file) => file.endsWith('.safetensors')) : [];
  if (files.length === 0) console.warn('SKIPPED: whole-tensor comparison. `python3 -m training.golden --full DIR`, then LEADWISE_GOLDEN_FULL=DIR.');

  it.runIf(files.length > 0).each(files.length > 0 ? files : ['none'])('%s', (file) => {
    const { cases, tensors } = loadGolden(`${FULL}/${file}`);
    const [golden] = cases as [GoldenCase];
    const blocks = runCase(file.split('-')[0] as PresetName, golden, 'simd');
    for (const block of golden.blocks) {
      const expected = tensorValues(tensors.get(block.name)!);
      const actual = blocks.get(block.name)!;
      const differences = actual.map((value, i) => value - expected[i]!);
      expect(norm(differences), block.name).toBeLessThan(TOLERANCE * block.norm);
      const largest = differences.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest, `${block.name} largest difference`).toBeLessThan((20 * TOLERANCE * block.norm) / Math.sqrt(actual.length));
    }
  });
});
