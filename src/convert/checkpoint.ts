import { WeightsError } from '../errors.js';
import { parseJsonWithin } from '../json.js';
import { parseSafetensors } from '../safetensors.js';
import { NumpyArray } from './numpy.js';
import { readOnnx } from './onnx.js';
import { PickleSession } from './pickle.js';
import { type CheckpointTensor, FLOAT_DTYPES, toFloat32 } from './tensors.js';
import { CHECKPOINT_GLOBALS, isLegacyTorch, readTorchLegacy, readTorchZip } from './torch.js';

export type CheckpointKind = 'pickle' | 'torch-zip' | 'torch-legacy' | 'safetensors' | 'onnx';

/** A checkpoint of whatever kind: its tensors, and what it says beside them, as plain JSON values that nobody has checked. */
export interface Checkpoint {
  readonly kind: CheckpointKind;
  /** Whether it is laid out as the published one: { state_dict, classes, thresholds, info }. */
  readonly published: boolean;
  /** Of a leadwise file. */
  readonly name?: string;
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /**
   * What it says under a key of a weight file's metadata; undefined where it says nothing.
   * @throws WeightsError `BAD_CHECKPOINT`, `BAD_METADATA`, and those of pickles
   */
  extra(key: 'config' | 'classes' | 'thresholds' | 'calibration' | 'provenance'): unknown;
}

const STATE_DICT_KEYS = ['state_dict', 'model_state_dict', 'model'];
const PUBLISHED_KEYS = ['state_dict', 'classes', 'thresholds', 'info'];

/** Limits on what `extra` gives. */
const MAX_DEPTH = 5;
const MAX_NODES = 10_000;

/**
 * Tells by content what a checkpoint is, and reads it. Nothing of it is run, and no tensor is copied yet.
 * @throws WeightsError `UNKNOWN_CHECKPOINT`, `BAD_CHECKPOINT`, `UNSUPPORTED_CHECKPOINT`, and those of the format: `BAD_PICKLE`,
 * `UNSUPPORTED_PICKLE`, `PICKLE_LIMIT`, `UNKNOWN_GLOBAL`, `BAD_ZIP`, `UNSUPPORTED_ZIP`, `BAD_SAFETENSORS`, `BAD_METADATA`, `BAD_ONNX`, `EXTERNAL_DATA`
 */
export function readCheckpoint(file: Uint8Array): Checkpoint {
  const session = new PickleSession(file.byteLength);
  const kind = sniff(file);
  switch (kind) {
    case 'pickle':
      return fromObject(kind, session.read(file, 0, { globals: CHECKPOINT_GLOBALS }).value);
    case 'torch-legacy':
      return fromObject(kind, readTorchLegacy(file, session));
    case 'torch-zip':
      return fromObject(kind, readTorchZip(file, session));
    case 'safetensors':
      return fromSafetensors(file);
    case 'onnx':
      return { kind, published: false, tensors: readOnnx(file), extra: () => undefined };
  }
}

function sniff(file: Uint8Array): CheckpointKind {
  const begins = (...bytes: number[]) => bytes.every((byte, i) => file[i] === byte);
  if (begins(0x50, 0x4b, 3, 4)) return 'torch-zip';
  // The length of the header in 8 bytes, and the header's brace. Before the pickles: the length may begin with their 0x80.
  if (file[8] === 0x7b && file[7] === 0 && file[6] === 0) return 'safetensors';
  if (begins(0x80)) return isLegacyTorch(file) ? 'torch-legacy' : 'pickle';
  // ModelProto.ir_version, a varint.
  if (begins(0x08) && file[1]! < 0x80) return 'onnx';
  const text = new TextDecoder().decode(file.subarray(0, 64));
  const hint = text.startsWith('version https://git-lfs')
    ? ' It is a Git LFS pointer: fetch the file itself with git lfs pull.'
    : /^\s*</.test(text)
      ? ' It begins with "<": it looks like a web page.'
      : '';
  throw new WeightsError('UNKNOWN_CHECKPOINT', `Neither a pickle of protocol 2 to 5, a torch.save file, safetensors nor ONNX.${hint}`, {
    offset: 0,
  });
}

/** A state_dict, or a dict that holds one. */
function fromObject(kind: CheckpointKind, value: unknown): Checkpoint {
  const object = asDict(value);
  if (!object) throw new WeightsError('BAD_CHECKPOINT', 'It holds no state_dict, but something else than a dict', { format: kind });
  const holder = STATE_DICT_KEYS.find((key) => asDict(object.get(key)));
  const stateDict = holder === undefined ? object : (asDict(object.get(holder)) as Map<unknown, unknown>);
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, tensor] of stateDict) {
    if (typeof name === 'string' && isTensor(tensor)) tensors.set(name, tensor);
    else failEntry(kind, name);
  }
  if (tensors.size === 0) throw new WeightsError('BAD_CHECKPOINT', 'It holds no tensors', { format: kind });
  const extra = (key: string): unknown => {
    const found = holder === undefined ? undefined : object.get(key);
    return found === undefined || found === null ? undefined : toPlain(found, key);
  };
  return { kind, published: kind === 'pickle' && PUBLISHED_KEYS.every((key) => object.has(key)), tensors, extra };
}

function fromSafetensors(file: Uint8Array): Checkpoint {
  const { metadata, tensors } = parseSafetensors(file);
  const stored = Array.from(tensors, ([name, { dtype, shape, bytes }]): [string, CheckpointTensor] => [
    name,
    { dtype, shape, contiguous: () => bytes },
  ]);
  const { format, name, quantization } = metadata;
  if (quantization !== undefined)
    throw new WeightsError('ALREADY_QUANTIZED', 'This file holds int8 weights: convert the f32 file', { format: 'safetensors' });
  const isOurs = format === 'leadwise/1';
  return {
    kind: 'safetensors',
    published: false,
    ...(isOurs && name !== undefined ? { name } : {}),
    tensors: new Map(stored),
    // Provenance may be a sentence, for people.
    extra: (key) => (metadata[key] === undefined ? undefined : parseJson(metadata[key], key, key === 'provenance')),
  };
}

function parseJson(text: string, key: string, mayBeText: boolean): unknown {
  const beyond = (what: string) => new WeightsError('BAD_METADATA', `Metadata "${key}" holds ${what}`, { format: 'safetensors' });
  try {
    return parseJsonWithin(text, beyond);
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    if (mayBeText) return text;
    throw new WeightsError('BAD_METADATA', `Metadata "${key}" is not JSON`, { format: 'safetensors' });
  }
}

function asDict(value: unknown): Map<unknown, unknown> | undefined {
  return value instanceof Map ? value : undefined;
}

function isTensor(value: unknown): value is CheckpointTensor {
  return typeof (value as CheckpointTensor | null)?.contiguous === 'function';
}

function failEntry(kind: CheckpointKind, name: unknown): never {
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : `of type ${typeof name}`;
  throw new WeightsError(
    'BAD_CHECKPOINT',
    `Expected a state_dict, or a dict that holds one under ${STATE_DICT_KEYS.map((key) => `"${key}"`).join(', ')}; the entry ${shown} is no tensor`,
    { format: kind },
  );
}

/** JSON values out of those of a pickle. Bounded, because values of a pickle can contain each other, and themselves. */
function toPlain(value: unknown, key: string): unknown {
  let nodes = 0;
  const convert = (node: unknown, depth: number): unknown => {
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) throw new WeightsError('BAD_CHECKPOINT', `"${key}" is too large, or holds itself`);
    if (node === null || typeof node === 'string' || typeof node === 'number' || typeof node === 'boolean') return node;
    if (typeof node === 'bigint') return String(node);
    if (node instanceof NumpyArray) return convert(node.values(), depth);
    if (Array.isArray(node)) return node.map((element) => convert(element, depth + 1));
    if (node instanceof Map) return Object.fromEntries(Array.from(node, ([name, element]) => [keyOf(name), convert(element, depth + 1)]));
    if (isTensor(node) && node.shape.length === 1 && FLOAT_DTYPES.includes(node.dtype) && node.shape[0]! <= MAX_NODES) {
      return Array.from(toFloat32(node));
    }
    throw new WeightsError('BAD_CHECKPOINT', `"${key}" holds what is neither text, numbers, lists nor dicts`);
  };
  const keyOf = (name: unknown): string => {
    if (name === null || (typeof name !== 'object' && typeof name !== 'function')) return String(name);
    throw new WeightsError('BAD_CHECKPOINT', `"${key}" has an entry whose name is neither text nor a number`);
  };
  return convert(value, 0);
}
