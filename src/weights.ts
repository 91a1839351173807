import { type DiagnosisClass, parseClasses } from './classes.js';
import {
  EMBEDDING_KERNEL,
  EMBEDDING_LAYERS,
  finalTimeSteps,
  HEAD_FEATURES,
  HEAD_HIDDEN,
  type NetworkConfig,
  PROJECTION_KERNEL,
  parseConfig,
  STEM_KERNEL,
} from './config.js';
import { type Decision, parseDecision } from './decision.js';
import { WeightsError } from './errors.js';
import { parseJsonWithin } from './json.js';
import { foldedLayers, type LayerShape, quantizedTensors, SMALLEST_SCALE } from './quantized.js';
import { parseSafetensors, type SafetensorsFile, tensorValues } from './safetensors.js';
import { sha256 } from './sha256.js';

export type Shape = readonly number[];

/** A checked weight file: every tensor that the config asks for is there, with its type and shape, finite; nothing else is. */
export interface Weights {
  readonly name: string;
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly config: NetworkConfig;
  readonly classes: readonly DiagnosisClass[];
  readonly decision: Decision;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parameters: F32Parameters | Int8Parameters;
}

/** The checkpoint's own tensors by `state_dict` name. */
export interface F32Parameters {
  readonly precision: 'f32';
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

/** The folded network (quantized.ts). */
export interface Int8Parameters {
  readonly precision: 'int8';
  readonly layers: readonly LayerShape[];
  readonly tensors: ReadonlyMap<string, Float32Array | Int8Array>;
}

const FORMAT = 'leadwise/1';

/**
 * Parses and checks a weight file.
 * @throws WeightsError `BAD_SAFETENSORS`, `BAD_METADATA`, `BAD_CONFIG`, `UNKNOWN_TENSOR`, `MISSING_TENSOR`, `MISSHAPEN_TENSOR`,
 * `UNSUPPORTED_DTYPE`, `BAD_TENSOR_VALUE`, each with the tensor's name.
 */
export function parseWeights(bytes: Uint8Array): Weights {
  const file = parseSafetensors(bytes);
  const { metadata } = file;
  if (metadata['format'] !== FORMAT) {
    throw new WeightsError(
      'BAD_METADATA',
      `Weight file says format ${JSON.stringify(metadata['format'])}, this version reads "${FORMAT}": export the checkpoint to that format first`,
      { format: 'safetensors' },
    );
  }
  const config = parseConfig(parseJson(metadata, 'config'));
  const classes = parseClasses(parseJson(metadata, 'classes'));
  const decision = parseDecision(parseJson(metadata, 'thresholds'), parseJson(metadata, 'calibration'), classes.length);
  const parameters = readParameters(file, expectedTensors(config, classes.length));
  return { name: metadata['name'] ?? 'unnamed', sha256: sha256(bytes), config, classes, decision, metadata, parameters };
}

/** Names and shapes of all tensors of a network, in the order of the layers. The names are those of the published checkpoint. */
export function expectedTensors(config: NetworkConfig, classCount: number): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const { dim } = config;
  config.stem.forEach(([inChannels, outChannels, , depth], block) => {
    addSeparable(shapes, `blocks.${block}.p0`, inChannels, outChannels);
    addSeparable(shapes, `blocks.${block}.p01`, outChannels, outChannels);
    for (let i = 0; i < depth; i++) addSeparable(shapes, `blocks.${block}.p1.${i}`, outChannels, outChannels);
  });
  addPointwise(shapes, `blocks.${config.stem.length}`, config.stem.at(-1)![1], dim);
  for (let i = 0; i < EMBEDDING_LAYERS; i++) {
    shapes.set(`transformer.embd.${i}.weight`, [dim, dim, 1, EMBEDDING_KERNEL]);
    addBatchNorm(shapes, `transformer.embd_norm.${i}`, dim);
  }
  for (let i = 0; i < config.fullRateBlocks; i++) addTransformerBlock(shapes, `transformer.stem.${i}`, config);
  for (let i = 0; i < config.stridedBlocks; i++) addTransformerBlock(shapes, `transformer.branch.${i}`, config);
  addLinear(shapes, 'linearN.0', config.leads.length * finalTimeSteps(config), HEAD_HIDDEN);
  addLinear(shapes, 'linearN.2', HEAD_HIDDEN, 1);
  addLinear(shapes, 'linear1', dim, HEAD_FEATURES);
  addLinear(shapes, 'linear2', HEAD_FEATURES, classCount);
  return shapes;
}

/** Trained values of a network: all but the running statistics of BatchNorm. */
export function countParameters(shapes: Map<string, Shape>): number {
  let count = 0;
  for (const [name, shape] of shapes) if (!name.includes('running_')) count += elements(shape);
  return count;
}

function addSeparable(shapes: Map<string, Shape>, name: string, inChannels: number, outChannels: number): void {
  shapes.set(`${name}.depth_wise_conv.weight`, [outChannels, 1, 1, STEM_KERNEL]);
  shapes.set(`${name}.depth_wise_conv.bias`, [outChannels]);
  if (inChannels > outChannels) throw new WeightsError('BAD_CONFIG', `${name} has fewer channels out than in`);
  addBatchNorm(shapes, `${name}.batch_norm`, outChannels);
  addPointwise(shapes, `${name}.point_wise`, outChannels, outChannels);
}

function addTransformerBlock(shapes: Map<string, Shape>, name: string, config: NetworkConfig): void {
  const { dim, mlpRatio } = config;
  addBatchNorm(shapes, `${name}.ln1`, dim);
  for (const projection of ['query', 'key', 'value']) {
    shapes.set(`${name}.attn.${projection}_conv.weight`, [dim, 1, 1, PROJECTION_KERNEL]);
    addBatchNorm(shapes, `${name}.attn.${projection}_norm`, dim);
    if (config.leadProjection === 'perLead') {
      shapes.set(`${name}.attn.${projection}.weight`, [config.leads.length, dim, dim]);
      shapes.set(`${name}.attn.${projection}.bias`, [config.leads.length, dim]);
    } else {
      addPointwise(shapes, `${name}.attn.${projection}`, dim, dim);
    }
  }
  addPointwise(shapes, `${name}.attn.proj`, dim, dim);
  addBatchNorm(shapes, `${name}.ln2`, dim);
  addPointwise(shapes, `${name}.mlp.0`, dim, dim * mlpRatio);
  addPointwise(shapes, `${name}.mlp.3`, dim * mlpRatio, dim);
}

function addPointwise(shapes: Map<string, Shape>, name: string, inChannels: number, outChannels: number): void {
  shapes.set(`${name}.weight`, [outChannels, inChannels, 1, 1]);
  shapes.set(`${name}.bias`, [outChannels]);
}

function addLinear(shapes: Map<string, Shape>, name: string, inFeatures: number, outFeatures: number): void {
  shapes.set(`${name}.weight`, [outFeatures, inFeatures]);
  shapes.set(`${name}.bias`, [outFeatures]);
}

function addBatchNorm(shapes: Map<string, Shape>, name: string, channels: number): void {
  for (const part of ['weight', 'bias', 'running_mean', 'running_var']) shapes.set(`${name}.${part}`, [channels]);
}

function readParameters(file: SafetensorsFile, shapes: Map<string, Shape>): F32Parameters | Int8Parameters {
  if (file.metadata['quantization'] === undefined) {
    const expected = new Map(Array.from(shapes, ([name, shape]) => [name, { dtype: 'F32' as const, shape }]));
    return { precision: 'f32', tensors: checkTensors(file, expected) as Map<string, Float32Array> };
  }
  const layers = foldedLayers(shapes);
  return { precision: 'int8', layers, tensors: checkTensors(file, quantizedTensors(layers)) };
}

type Expected = ReadonlyMap<string, { dtype: 'F32' | 'I8'; shape: Shape }>;

function checkTensors(file: SafetensorsFile, expected: Expected): Map<string, Float32Array | Int8Array> {
  for (const name of file.tensors.keys()) {
    if (!expected.has(name))
      throw new WeightsError('UNKNOWN_TENSOR', 'The config has no place for a tensor of this name', { tensor: name });
  }
  const tensors = new Map<string, Float32Array | Int8Array>();
  for (const [name, { dtype, shape }] of expected) {
    const stored = file.tensors.get(name);
    if (!stored) {
      throw new WeightsError('MISSING_TENSOR', `The config asks for a tensor [${shape}] that the file does not have`, { tensor: name });
    }
    if (stored.dtype !== dtype)
      throw new WeightsError('UNSUPPORTED_DTYPE', `Expected dtype ${dtype}, got ${stored.dtype}`, { tensor: name });
    if (stored.shape.length !== shape.length || stored.shape.some((size, axis) => size !== shape[axis])) {
      throw new WeightsError('MISSHAPEN_TENSOR', `Expected shape [${shape}], got [${stored.shape}]`, { tensor: name });
    }
    const values = tensorValues(stored) as Float32Array | Int8Array;
    checkValues(name, values);
    tensors.set(name, values);
  }
  return tensors;
}

/** Finite; variances not negative, scales positive and invertible, int8 weights symmetric: a -128 could take a sum out of int32. */
function checkValues(name: string, values: Float32Array | Int8Array): void {
  const bad = values instanceof Int8Array ? values.indexOf(-128) : findBadFloat(values, leastValue(name));
  if (bad >= 0) throw new WeightsError('BAD_TENSOR_VALUE', `Element ${bad} is ${values[bad]}`, { tensor: name });
}

function leastValue(name: string): number {
  if (name.endsWith('running_var')) return 0;
  return name.endsWith('_scale') ? SMALLEST_SCALE : -Infinity;
}

/** Of the first value that is not finite or below `least`; -1 where there is none. */
function findBadFloat(values: Float32Array, least: number): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]) || values[i]! < least) return i;
  return -1;
}

/** The value of one metadata entry; undefined where there is none. @throws WeightsError `BAD_METADATA` */
export function parseJson(metadata: Readonly<Record<string, string>>, key: string): unknown {
  const text = metadata[key];
  if (text === undefined) return undefined;
  const fail = (what: string) => new WeightsError('BAD_METADATA', `Metadata "${key}" ${what}`, { format: 'safetensors' });
  try {
    return parseJsonWithin(text, (what) => fail(`holds ${what}`), Number.POSITIVE_INFINITY); // what is too deep is no value of any key
  } catch (error) {
    throw error instanceof WeightsError ? error : fail('is not JSON');
  }
}

function elements(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}
