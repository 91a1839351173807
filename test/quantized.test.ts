// What an int8 file holds and how it is packed, on a small network that has every kind of layer.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRESETS } from '../src/config.js';
import { type Calibration, calibrate } from '../src/convert/calibrate.js';
import { quantizeTaps, quantizeWeights } from '../src/convert/quantize.js';
import { Engine } from '../src/engine.js';
import { WeightsError } from '../src/errors.js';
import { foldNetwork } from '../src/fold.js';
import {
  foldedLayers,
  innerSize,
  isProduct,
  LARGEST_WEIGHT,
  type LayerShape,
  largestActivation,
  packQuantized,
  quantizedTensors,
} from '../src/quantized.js';
import { parseSafetensors, type StoredTensor } from '../src/safetensors.js';
import { builtKernels } from '../src/wasm.js';
import { expectedTensors, type Int8Parameters, parseWeights, type Weights } from '../src/weights.js';
import { roundHalfEven } from './int8-products.js';
import { random, range } from './kernels/harness.js';
import { testConfig, testInput, testTensors, testWeights } from './test-network.js';
import { changeFile, f32Tensor, TINY } from './tiny-network.js';
import { refusal } from './weights/refusal.js';

const SOURCE = { source: 'test input', records: 1 };
const TINY_F32 = testWeights(TINY);
const TINY_CALIBRATION = calibrate(TINY_F32, builtKernels('scalar'), [testInput(TINY)]);
const TINY_INT8 = quantizeWeights(TINY_F32, TINY_CALIBRATION, SOURCE);

function int8Parameters(weights: Weights): Int8Parameters {
  if (weights.parameters.precision !== 'int8') throw new Error('expected int8 weights');
  return weights.parameters;
}

function errorOf(run: () => unknown): WeightsError {
  try {
    run();
  } catch (error) {
    if (error instanceof WeightsError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('largestActivation', () => {
  it('is the largest int16 whose products cannot leave int32', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (inner) => {
        const largest = largestActivation(inner);
        expect(largest).toBeLessThanOrEqual(32767);
        expect(inner * LARGEST_WEIGHT * largest).toBeLessThanOrEqual(2 ** 31 - 1);
        if (largest < 32767) expect(inner * LARGEST_WEIGHT * (largest + 1)).toBeGreaterThan(2 ** 31 - 1);
      }),
    );
  });

  it.each([
    [1, 32767],
    [516, 32767],
    [517, 32706],
    [640, 26420],
    [2048, 8256],
  ])('of %i products is %i', (inner, largest) => expect(largestActivation(inner)).toBe(largest));
});

describe('foldedLayers', () => {
  const config = { ...TINY, leadProjection: 'perLead' } as const;
  const layers = foldedLayers(expectedTensors(config, 26));
  const separable = (name: string, channels: number): LayerShape[] => [
    { name: `${name}.depth_wise_conv`, kind: 'depthwise', shape: [channels, 1, 1, 9], outputs: [channels] },
    { name: `${name}.point_wise`, kind: 'linear', shape: [channels, channels, 1, 1], outputs: [channels] },
  ];
  const linear = (name: string, shape: number[]): LayerShape => ({ name, kind: 'linear', shape, outputs: [shape[0]!] });
  const embedding = (name: string): LayerShape => ({ name, kind: 'embedding', shape: [8, 8, 1, 5], outputs: [8] });
  const block = (name: string): LayerShape[] => [
    { name: `${name}.ln1`, kind: 'affine', shape: [8], outputs: [8] },
    ...['query', 'key', 'value'].flatMap((role): LayerShape[] => [
      { name: `${name}.attn.${role}_conv`, kind: 'depthwise', shape: [8, 1, 1, 3], outputs: [8] },
      { name: `${name}.attn.${role}`, kind: 'linear', shape: [12, 8, 8], outputs: [12, 8] },
    ]),
    linear(`${name}.attn.proj`, [8, 8, 1, 1]),
    linear(`${name}.mlp.0`, [16, 8, 1, 1]),
    linear(`${name}.mlp.3`, [8, 16, 1, 1]),
  ];

  it('names the layers of a network with their kinds and shapes, in its order', () => {
    expect(layers).toEqual([
      ...['p0', 'p01', 'p1.0'].flatMap((part) => separable(`blocks.0.${part}`, 4)),
      ...['p0', 'p01'].flatMap((part) => separable(`blocks.1.${part}`, 8)),
      linear('blocks.2', [8, 8, 1, 1]),
      embedding('transformer.embd.0'),
      embedding('transformer.embd.1'),
      ...['stem.0', 'branch.0', 'branch.1'].flatMap((name) => block(`transformer.${name}`)),
      linear('linearN.0', [32, 12 * 6]),
      linear('linearN.2', [1, 32]),
      linear('linear1', [128, 8]),
      linear('linear2', [26, 128]),
    ]);
  });

  it('of per-lead projections sums the products of one lead', () => {
    const sizes = new Map(layers.map((layer) => [layer.name, innerSize(layer)]));
    expect(sizes.get('transformer.stem.0.attn.query')).toBe(8);
    expect(sizes.get('transformer.stem.0.attn.query_conv')).toBe(3);
    expect(sizes.get('transformer.embd.0')).toBe(40);
    expect(sizes.get('linearN.0')).toBe(72);
  });

  it.each(
    Object.values(PRESETS).flatMap((preset) =>
      (['shared', 'perLead'] as const).map(
        (leadProjection) => [`${preset.preset} ${leadProjection}`, { ...preset, leadProjection }] as const,
      ),
    ),
  )('%s: the layers are those that folding gives, with their sizes', (_, preset) => {
    const folded = foldedLayers(expectedTensors(preset, 26));
    const sizes = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
    const network = foldNetwork(
      preset,
      new Map(Array.from(expectedTensors(preset, 26), ([name, shape]) => [name, new Float32Array(sizes(shape))])),
    );
    expect(
      folded.map(({ name, kind, shape, outputs }) => ({ name, kind, weights: sizes(shape), outputs: sizes(outputs) })).sort(byName),
    ).toEqual(
      Array.from(network, ([name, { kind, weight, bias }]) => ({ name, kind, weights: weight.length, outputs: bias.length })).sort(byName),
    );
  });

  function byName(a: { name: string }, b: { name: string }): number {
    return a.name < b.name ? -1 : 1;
  }
});

describe('quantizeTaps', () => {
  const quantize = (weight: number[], outputs = 1) => quantizeTaps({ weight: Float64Array.from(weight), bias: new Float64Array(outputs) });

  const errorOf = (values: number[], scale: number) =>
    values.reduce((sum, value) => sum + (value - Math.max(-127, Math.min(127, roundHalfEven(value / scale))) * scale) ** 2, 0);

  it('rounds half to even in units of the largest magnitude / 127 where these are whole', () => {
    const { weight, scale } = quantize([127, 64, -3, 0, 1]);
    expect(Array.from(scale)).toEqual([1]);
    expect(Array.from(weight)).toEqual([127, 64, -3, 0, 1]);
  });

  it('gives each output channel its own scale', () => {
    const { weight, scale } = quantize([1, -0.5, 254, 2], 2);
    // Half of the largest is whole in 64ths of it.
    expect(Array.from(scale)).toEqual([1 / 64, 2]);
    expect(Array.from(weight)).toEqual([64, -32, 127, 1]);
  });

  it('gives a channel of zeros, or of what f32 has no exact scale for, zeros and scale 1', () => {
    const { weight, scale } = quantize([0, -0, 1e-40, -3e-39, 1e-60, 0, 1e-30, 0], 4);
    expect(Array.from(scale.subarray(0, 3))).toEqual([1, 1, 1]);
    expect(Array.from(weight.subarray(0, 6), Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(weight[6]! * scale[3]!).toBeCloseTo(1e-30, 36);
  });

  it('is symmetric, rounded to the nearest, with the scale of the largest / 64 to 127 that has the least error', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 9 }), (values) => {
        const { weight, scale } = quantize(values);
        const mirrored = quantize(values.map((value) => -value));
        expect(mirrored.scale).toEqual(scale);
        expect(Array.from(mirrored.weight)).toEqual(Array.from(weight, (value) => 0 - value));
        values.forEach((value, i) => {
          expect(weight[i]).toBe(Math.max(-127, Math.min(127, roundHalfEven(value / scale[0]!))) + 0);
        });
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        if (largest < 1e-30) return;
        for (const steps of range(64, 127))
          expect(errorOf(values, scale[0]!)).toBeLessThanOrEqual(errorOf(values, Math.fround(largest / steps)));
      }),
    );
  });
});

describe('packQuantized', () => {
  const config = testConfig('edge', { ...TINY, preset: 'tiny', leads: ['I', 'II', 'V2'], leadProjection: 'perLead', dim: 12, heads: 3 });
  const weights = testWeights(config);
  const calibration = calibrate(weights, builtKernels('scalar'), [testInput(config)]);
  const { layers, tensors } = int8Parameters(parseWeights(quantizeWeights(weights, calibration, SOURCE)));
  const packed = packQuantized(layers, tensors);
  const int8 = (name: string) => tensors.get(`${name}.weight`) as Int8Array;

  /** Element (column, k) of panels [ceil(N / 8)][ceil(K / 2)][8][2]. */
  const element = (panels: ArrayLike<number>, inner: number, column: number, k: number) => {
    const pairs = Math.ceil(inner / 2);
    return panels[((Math.floor(column / 8) * pairs + Math.floor(k / 2)) * 8 + (column % 8)) * 2 + (k % 2)];
  };

  it('packs int16 panels for the products and f32 for the rest, nothing else', () => {
    const expected = layers.flatMap(({ name, kind }) =>
      (isProduct(kind) ? ['bias', 'quantize', 'scale', 'weight'] : ['bias', 'weight']).map((role) => `${name}.${role}`),
    );
    expect([...packed.keys()].sort()).toEqual(expected.sort());
    for (const { name, kind } of layers) expect(packed.get(`${name}.weight`)).toBeInstanceOf(isProduct(kind) ? Int16Array : Float32Array);
  });

  it('puts each weight in its place, and zeros into what is left of the panels', () => {
    for (const layer of layers.filter(({ kind }) => isProduct(kind))) {
      const { name, kind, outputs } = layer;
      const [columns, inner] = [outputs.at(-1)!, innerSize(layer)];
      const size = Math.ceil(columns / 8) * 8 * Math.ceil(inner / 2) * 2;
      const panels = packed.get(`${name}.weight`)!;
      const matrices = outputs.length === 2 ? 3 : 1;
      expect(panels.length, name).toBe(matrices * size);
      for (const matrix of range(0, matrices - 1)) {
        const panel = panels.subarray(matrix * size, (matrix + 1) * size);
        let sum = 0;
        for (const column of range(0, columns - 1)) {
          for (const k of range(0, inner - 1)) {
            // An embedding's rows lie in memory as [tap][channel].
            const inFile = kind === 'embedding' ? (k % 12) * 5 + Math.floor(k / 12) : k;
            const value = int8(name)[(matrix * columns + column) * inner + inFile]!;
            sum += Math.abs(value);
            if (element(panel, inner, column, k) !== value) throw new Error(`${name} [${matrix}][${column}][${k}]`);
          }
        }
        expect(
          Array.from(panel).reduce((total, value) => total + Math.abs(value), 0),
          name,
        ).toBe(sum);
      }
    }
  });

  it('joins the scales of weights and input, and gives the input scale inverted with the bound', () => {
    const name = 'transformer.stem.0.attn.key';
    const inputScale = tensors.get(`${name}.input_scale`)![0]!;
    const scale = tensors.get(`${name}.weight_scale`) as Float32Array;
    expect(scale.length).toBe(36);
    expect(packed.get(`${name}.scale`)).toEqual(scale.map((value) => Math.fround(value * inputScale)));
    expect(packed.get(`${name}.quantize`)).toEqual(Float32Array.of(1 / inputScale, 32767));
    expect(packed.get(`${name}.bias`)).toEqual(tensors.get(`${name}.bias`));
  });

  it('gives depthwise weights back to f32, by tap', () => {
    const name = 'transformer.stem.0.attn.key_conv';
    const scale = tensors.get(`${name}.weight_scale`) as Float32Array;
    const expected = Float32Array.from({ length: 36 }, (_, i) => int8(name)[(i % 12) * 3 + Math.floor(i / 12)]! * scale[i % 12]!);
    expect(packed.get(`${name}.weight`)).toEqual(expected);
  });
});

describe('an int8 file', () => {
  it('is what was written, byte for byte the second time, and says how it was made', () => {
    expect(quantizeWeights(TINY_F32, TINY_CALIBRATION, SOURCE)).toEqual(TINY_INT8);
    const weights = parseWeights(TINY_INT8);
    const { layers, tensors } = int8Parameters(weights);
    const { tensors: stored } = parseSafetensors(TINY_INT8);
    expect([...stored.keys()]).toEqual([...quantizedTensors(layers).keys()]);
    for (const [name, { bytes }] of stored) {
      const { buffer, byteOffset, byteLength } = tensors.get(name)!;
      expect(new Uint8Array(buffer, byteOffset, byteLength), name).toEqual(bytes);
    }
    expect([weights.config, weights.classes, weights.decision]).toEqual([TINY_F32.config, TINY_F32.classes, TINY_F32.decision]);
    expect(JSON.parse(weights.metadata['quantization']!)).toMatchObject({ calibration: SOURCE, headRoom: 2 });
  });

  it('has the input scale that twice the largest calibration input needs', () => {
    const { tensors, layers } = int8Parameters(parseWeights(TINY_INT8));
    for (const layer of layers.filter(({ kind }) => isProduct(kind))) {
      const { largest } = TINY_CALIBRATION.get(layer.name)!;
      expect(tensors.get(`${layer.name}.input_scale`)![0], layer.name).toBe(
        Math.fround((2 * largest) / largestActivation(innerSize(layer))),
      );
    }
  });

  it('calibrates on the largest of all inputs', () => {
    const [quiet, loud] = [testInput(TINY), testInput(TINY).map((x) => 3 * x)];
    const [source, both] = [builtKernels('scalar'), [quiet, loud, quiet]];
    const [alone, together] = [calibrate(TINY_F32, source, [loud]), calibrate(TINY_F32, source, both)];
    for (const [name, { largest, rows }] of together) {
      expect(largest, name).toBe(Math.max(alone.get(name)!.largest, TINY_CALIBRATION.get(name)!.largest));
      expect(rows, name).toBe(3 * alone.get(name)!.rows);
    }
  });

  it('has biases that keep the mean output of a product where the exact weights have it', () => {
    const name = 'linear1';
    const { tensors } = int8Parameters(parseWeights(TINY_INT8));
    const { sums, rows } = TINY_CALIBRATION.get(name)!;
    const mean = sums.map((sum) => sum / rows);
    const { weight, bias } = foldNetwork(TINY, testTensors(TINY)).get(name)!;
    const scale = tensors.get(`${name}.weight_scale`)!;
    const output = (weights: ArrayLike<number>, biases: ArrayLike<number>, unit: (n: number) => number) =>
      Array.from(biases, (start, n) => mean.reduce((sum, x, k) => sum + x * weights[n * mean.length + k]! * unit(n), start));
    const exact = output(weight, bias, () => 1);
    const corrected = output(tensors.get(`${name}.weight`)!, tensors.get(`${name}.bias`)!, (n) => scale[n]!);
    const uncorrected = output(tensors.get(`${name}.weight`)!, bias, (n) => scale[n]!);
    const error = (values: number[]) => Math.max(...values.map((value, n) => Math.abs(value - exact[n]!)));
    expect(error(corrected)).toBeLessThan(1e-6);
    expect(error(uncorrected)).toBeGreaterThan(1e-4);
  });

  it('of a network that a silent input never stirred runs all the same', () => {
    const silent: Calibration = new Map(
      Array.from(TINY_CALIBRATION, ([name, seen], i) => [name, { ...seen, largest: [0, 1e-36, 1e-30][i % 3]! }]),
    );
    const weights = parseWeights(quantizeWeights(TINY_F32, silent, SOURCE));
    const engine = new Engine(weights, builtKernels('scalar'));
    for (const { name } of int8Parameters(weights).layers.filter(({ kind }) => isProduct(kind))) {
      const [scale] = int8Parameters(weights).tensors.get(`${name}.input_scale`)!;
      expect(Number.isFinite(Math.fround(1 / scale!)), name).toBe(true);
    }
    for (const layer of engine.run(testInput(TINY))) expect(engine.view(layer.values).every(Number.isFinite), layer.name).toBe(true);
    expect(engine.saturated).toBeGreaterThan(0);
  });
});

describe('a damaged int8 file is refused', () => {
  const { tensors } = parseSafetensors(TINY_INT8);
  const name = 'transformer.stem.0.attn.query';
  const changed = (tensor: string, to: StoredTensor | undefined) => refusal(changeFile(TINY_INT8, { tensors: { [tensor]: to } }));
  const withValue = (tensor: string, value: number) => {
    const stored = tensors.get(tensor)!;
    const bytes = stored.bytes.slice();
    if (stored.dtype === 'I8') new Int8Array(bytes.buffer)[1] = value;
    else new Float32Array(bytes.buffer)[bytes.length > 4 ? 1 : 0] = value;
    return { ...stored, bytes };
  };

  it.each(['weight', 'weight_scale', 'input_scale', 'bias'])('without a %s', (part) => {
    const { code, place } = changed(`${name}.${part}`, undefined);
    expect([code, place.tensor]).toEqual(['MISSING_TENSOR', `${name}.${part}`]);
  });

  it.each([
    ['weight', -128],
    ['weight_scale', 0],
    ['weight_scale', -1],
    ['weight_scale', NaN],
    ['weight_scale', Infinity],
    ['input_scale', 0],
    ['input_scale', -1e-3],
    ['input_scale', NaN],
    ['input_scale', -Infinity],
    // Its inverse is not a number of f32.
    ['input_scale', 1e-39],
    ['bias', NaN],
  ])('with a %s of %d', (part, value) => {
    const { code, place } = changed(`${name}.${part}`, withValue(`${name}.${part}`, value));
    expect([code, place.tensor]).toEqual(['BAD_TENSOR_VALUE', `${name}.${part}`]);
  });

  it('with f32 in the place of int8, and the other way round', () => {
    const { shape } = tensors.get(`${name}.weight`)!;
    expect(changed(`${name}.weight`, f32Tensor(shape, random(64, 1))).code).toBe('UNSUPPORTED_DTYPE');
    const byte: StoredTensor = { dtype: 'I8', shape: [1], bytes: Uint8Array.of(1) };
    expect(changed(`${name}.input_scale`, byte).code).toBe('UNSUPPORTED_DTYPE');
  });

  it('with a scale too many, of another shape, or of a BatchNorm that is folded', () => {
    expect(changed(`${name}.weight_scale`, f32Tensor([9], random(9, 1))).code).toBe('MISSHAPEN_TENSOR');
    expect(changed('transformer.stem.0.ln2.weight', f32Tensor([8], random(8, 1))).code).toBe('UNKNOWN_TENSOR');
    expect(changed(`${name}_conv.input_scale`, f32Tensor([1], [1])).code).toBe('UNKNOWN_TENSOR');
  });

  it('that lost the word that it is one', () => {
    expect(refusal(changeFile(TINY_INT8, { metadata: { quantization: undefined } })).code).toBe('UNKNOWN_TENSOR');
  });
});

describe('quantizeWeights', () => {
  it('refuses a file that is int8 already', () => {
    expect(errorOf(() => quantizeWeights(parseWeights(TINY_INT8), TINY_CALIBRATION, SOURCE)).code).toBe('ALREADY_QUANTIZED');
  });

  it('refuses a calibration that leaves a product out, and names it', () => {
    const calibration = new Map(TINY_CALIBRATION);
    calibration.delete('linear1');
    const { code, place } = errorOf(() => quantizeWeights(TINY_F32, calibration, SOURCE));
    expect([code, place.tensor]).toEqual(['NOT_CALIBRATED', 'linear1']);
  });
});
