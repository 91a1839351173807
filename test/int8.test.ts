// The int8 network of every preset: the same bits from both binaries after every layer, every integer product exactly what docs/design.md says,
// and close to f32. LEADWISE_INT8_DUMP=DIR writes what `python3 -m training.quantized DIR` checks against NumPy.

import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NetworkConfig } from '../src/config.js';
import { calibrate } from '../src/convert/calibrate.js';
import { formatSafetensors } from '../src/convert/format-safetensors.js';
import { quantizeWeights } from '../src/convert/quantize.js';
import { Engine } from '../src/engine.js';
import { isProduct } from '../src/quantized.js';
import type { StoredTensor } from '../src/safetensors.js';
import { builtKernels } from '../src/wasm.js';
import { type Int8Parameters, parseWeights, type Weights } from '../src/weights.js';
import { expectedTile, type ProductTile, samplingEngine } from './int8-products.js';
import { Differences, difference } from './kernels/harness.js';
import { type PresetName, testConfig, testInput, testWeightFile, testWeights } from './test-network.js';

interface Int8Run {
  /** The first layer whose bits differ between the binaries. */
  firstDifference: string | undefined;
  saturated: [simd: number, scalar: number];
  /** Signal to noise against f32, in dB, by block. */
  snr: Map<string, number>;
  /** How far a logit moves from f32, at most. */
  logitMove: number;
  tiles: ProductTile[];
  /** Outputs by block, when they are to be written. */
  blocks: Map<string, Float32Array>;
}

const DUMP = process.env['LEADWISE_INT8_DUMP'];
const LEAST_SNR = 32;
const BLOCK = /^(blocks\.\d+|resize|transformer\.(embd|stem|branch)\.\d+|linearN|linear[12])$/;

const CASES: [name: string, preset: PresetName, changes: Partial<NetworkConfig>][] = [
  ['edge', 'edge', {}],
  ['edge-perLead-leads', 'edge', { leadProjection: 'perLead', headOrder: 'leads' }],
  ['compact', 'compact', {}],
  ['published', 'published', {}],
];

function quantized(config: NetworkConfig): { f32: Weights; int8: Weights; file: Uint8Array } {
  const f32 = testWeights(config);
  const maxima = calibrate(f32, builtKernels('simd'), [testInput(config)]);
  const file = quantizeWeights(f32, maxima, { source: 'test input', records: 1 });
  return { f32, int8: parseWeights(file), file };
}

/** Both binaries and the f32 network side by side, so that no run has to be kept. */
function run(f32: Weights, int8: Weights, input: Float32Array): Int8Run {
  const { engine: simd, tiles } = samplingEngine(int8, builtKernels('simd'));
  const [scalar, float] = [new Engine(int8, builtKernels('scalar')), new Engine(f32, builtKernels('simd'))];
  const [scalarLayers, floatLayers] = [scalar.run(input), float.run(input)];
  const result: Int8Run = { firstDifference: undefined, saturated: [0, 0], snr: new Map(), logitMove: 0, tiles, blocks: new Map() };
  for (const { name, values } of simd.run(input)) {
    const [scalarLayer, floatLayer] = [scalarLayers.next().value, floatLayers.next().value];
    if (!scalarLayer || 'length' in scalarLayer || !floatLayer || 'length' in floatLayer) throw new Error('the runs differ in length');
    const [ours, theirs] = [simd.view(values), scalar.view(scalarLayer.values)];
    if (Buffer.compare(bytesOf(ours), bytesOf(theirs)) !== 0) result.firstDifference ??= name;
    if (!BLOCK.test(name)) continue;
    const expected = float.view(floatLayer.values);
    result.snr.set(name, decibels(expected, ours));
    if (name === 'linear2') result.logitMove = expected.reduce((most, logit, i) => Math.max(most, Math.abs(logit - ours[i]!)), 0);
    if (DUMP) result.blocks.set(name, ours.slice());
  }
  expect(scalarLayers.next().done).toBe(true);
  result.saturated = [simd.saturated, scalar.saturated];
  return result;
}

function bytesOf(values: Float32Array | Int16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function decibels(expected: Float32Array, actual: Float32Array): number {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    signal += expected[i]! ** 2;
    noise += (actual[i]! - expected[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

function write(name: string, file: Uint8Array, input: Float32Array, { blocks, tiles }: Int8Run): void {
  const tensors = new Map<string, StoredTensor>();
  const put = (key: string, values: Float32Array | Int16Array) => {
    tensors.set(key, { dtype: values instanceof Int16Array ? 'I16' : 'F32', shape: [values.length], bytes: bytesOf(values) });
  };
  put('input', input);
  for (const [block, values] of blocks) put(`block/${block}`, values);
  for (const [i, { input, output, residual, rounded }] of tiles.entries()) {
    put(`tile/${i}/input`, input);
    put(`tile/${i}/rounded`, rounded);
    if (residual) put(`tile/${i}/residual`, residual);
    put(`tile/${i}/output`, output);
  }
  const shapes = tiles.map(({ name, call, lead, rows, inner, columns, inputStride }) => ({
    name,
    call,
    lead,
    rows,
    inner,
    columns,
    inputStride,
  }));
  mkdirSync(DUMP!, { recursive: true });
  writeFileSync(`${DUMP}/${name}.int8.safetensors`, file);
  writeFileSync(
    `${DUMP}/${name}.run.safetensors`,
    formatSafetensors({ format: 'leadwise-int8-run/1', tiles: JSON.stringify(shapes) }, tensors),
  );
}

describe.each(CASES)('%s in int8', (name, preset, changes) => {
  const config = testConfig(preset, changes);
  const input = testInput(config);
  let file: Uint8Array;
  let parameters: Int8Parameters;
  let result: Int8Run;

  beforeAll(() => {
    const networks = quantized(config);
    file = networks.file;
    parameters = networks.int8.parameters as Int8Parameters;
    result = run(networks.f32, networks.int8, input);
  }, 300_000);

  it('is small', () => {
    expect(file.byteLength).toBeLessThan(testWeightFile(config).byteLength / 3);
    if (preset === 'published') expect(file.byteLength).toBeLessThanOrEqual(2.6e6);
  });

  it('gives the same bits from both binaries after every layer, and nothing of the calibration saturates', () => {
    expect(result.firstDifference).toBeUndefined();
    expect(result.saturated).toEqual([0, 0]);
  });

  it('every product is exact, in samples of all', () => {
    const products = parameters.layers.filter(({ kind }) => isProduct(kind)).map((layer) => layer.name);
    expect(new Set(result.tiles.map((tile) => tile.name))).toEqual(new Set(products));
    const differences = new Differences();
    for (const tile of result.tiles) {
      const expected = expectedTile(parameters, tile);
      differences.add(`${tile.name} call ${tile.call} rounded`, difference(tile.rounded, expected.rounded));
      differences.add(`${tile.name} call ${tile.call}`, difference(tile.output, expected.output));
    }
    differences.expectNone();
  });

  it(`is at least ${LEAST_SNR} dB from f32 after the last transformer block`, () => {
    const last = `transformer.branch.${config.stridedBlocks - 1}`;
    const table = Array.from(result.snr, ([layer, snr]) => `${layer} ${snr.toFixed(1)}`);
    console.info(`${name}, int8 against f32 in dB: ${table.join(', ')}; logits move by ${result.logitMove.toFixed(3)} at most`);
    expect(result.snr.get(last)).toBeGreaterThan(LEAST_SNR);
    expect(result.logitMove).toBeLessThan(0.4);
  });

  if (DUMP) it('is written for NumPy', () => write(name, file, input, result));
});

it('counts what leaves the range, equally in both binaries', () => {
  const config = testConfig('edge');
  const { f32, int8 } = quantized(config);
  const louder = run(
    f32,
    int8,
    testInput(config).map((x) => 8 * x),
  );
  expect(louder.firstDifference).toBeUndefined();
  expect(louder.saturated[0]).toBeGreaterThan(0);
  expect(louder.saturated[1]).toBe(louder.saturated[0]);
});
