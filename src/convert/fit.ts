import { CHALLENGE_CLASSES } from '../classes.js';
import { type NetworkConfig, PRESETS } from '../config.js';
import { WeightsError } from '../errors.js';
import { expectedTensors, type Shape } from '../weights.js';
import type { CheckpointKind } from './checkpoint.js';
import { type CheckpointTensor, FLOAT_DTYPES } from './tensors.js';

// Which network a checkpoint's tensors are: their names and shapes against those that a config asks for.

export type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** What keeps tensors from being those of a config. */
interface Misfit {
  readonly config: NetworkConfig;
  readonly missing: readonly string[];
  readonly misshapen: readonly { name: string; expected: Shape; got: Shape }[];
  readonly unknown: readonly string[];
}

/** How many names an error lists of each sort. */
const SHOWN = 8;
/** Of the last layer, whose outputs are the classes. */
const OUTPUT_LAYER = 'linear2.weight';
/** What wrappers of training (DistributedDataParallel, compile) put before every name. */
const PREFIX = /^(module\.|_orig_mod\.)+/;

/** The tensors under the names of the network: without a prefix that all share, and without BatchNorm's counters. */
export function cleanNames(tensors: Tensors): { tensors: Map<string, CheckpointTensor>; prefix: string; dropped: string[] } {
  const names = [...tensors.keys()];
  const prefix = PREFIX.exec(names[0] ?? '')?.[0] ?? '';
  const isShared = names.every((name) => name.startsWith(prefix));
  const kept = new Map<string, CheckpointTensor>();
  const dropped: string[] = [];
  for (const [name, tensor] of tensors) {
    const clean = isShared ? name.slice(prefix.length) : name;
    if (clean.endsWith('num_batches_tracked')) dropped.push(clean);
    else kept.set(clean, tensor);
  }
  return { tensors: kept, prefix: isShared ? prefix : '', dropped };
}

/** Outputs of the last layer; undefined where the checkpoint has none. */
export function countOutputs(tensors: Tensors): number | undefined {
  const { shape } = tensors.get(OUTPUT_LAYER) ?? { shape: [] };
  return shape.length === 2 && shape[0]! >= 1 && shape[0]! <= 4096 ? shape[0] : undefined;
}

/** The one preset whose tensors these are. @throws WeightsError as `checkFit`, about the preset that comes nearest */
export function inferPreset(tensors: Tensors, kind: CheckpointKind): NetworkConfig {
  const misfits = Object.values(PRESETS).map((config) => findMisfit(tensors, config, kind));
  const fitting = misfits.filter((misfit) => countFaults(misfit) === 0);
  if (fitting.length === 1) return fitting[0]!.config;
  const nearest = misfits.reduce((best, misfit) => (countFaults(misfit) < countFaults(best) ? misfit : best));
  return failFit(
    nearest,
    kind,
    `No preset has these tensors; "${nearest.config.preset}" comes nearest, with`,
    'Say which network it is: a preset, or a config of your own.',
  );
}

/**
 * Holds a checkpoint's tensors against a config. ONNX files carry constants beside the weights, which are ignored.
 * @throws WeightsError `MISSING_TENSOR`, `MISSHAPEN_TENSOR`, `UNKNOWN_TENSOR`, with all names, and `UNSUPPORTED_DTYPE`
 */
export function checkFit(tensors: Tensors, config: NetworkConfig, kind: CheckpointKind): void {
  const misfit = findMisfit(tensors, config, kind);
  if (countFaults(misfit) > 0) failFit(misfit, kind, `The checkpoint's tensors are not those of config "${config.preset}":`, '');
  for (const name of expectedTensors(config, countOutputs(tensors)!).keys()) {
    const { dtype } = tensors.get(name)!;
    if (!FLOAT_DTYPES.includes(dtype)) {
      throw new WeightsError('UNSUPPORTED_DTYPE', `Expected one of ${FLOAT_DTYPES.join(', ')}, got ${dtype}`, { tensor: name });
    }
  }
}

function findMisfit(tensors: Tensors, config: NetworkConfig, kind: CheckpointKind): Misfit {
  const shapes = expectedTensors(config, countOutputs(tensors) ?? CHALLENGE_CLASSES.length);
  const missing: string[] = [];
  const misshapen: { name: string; expected: Shape; got: Shape }[] = [];
  for (const [name, expected] of shapes) {
    const got = tensors.get(name)?.shape;
    if (!got) missing.push(name);
    else if (!isSameShape(got, expected)) misshapen.push({ name, expected, got });
  }
  const unknown = kind === 'onnx' ? [] : [...tensors.keys()].filter((name) => !shapes.has(name));
  return { config, missing, misshapen, unknown };
}

function countFaults({ missing, misshapen, unknown }: Misfit): number {
  return missing.length + misshapen.length + unknown.length;
}

function failFit({ missing, misshapen, unknown }: Misfit, kind: CheckpointKind, start: string, wayOut: string): never {
  const shapes = misshapen.map(({ name, expected, got }) => `${name} [${got}] instead of [${expected}]`);
  const lists = [listNames('missing', missing), listNames('misshapen', shapes), listNames('unknown', unknown.map(plainName))];
  const message = [`${start} ${lists.filter((list) => list !== '').join('; ')}.`, wayOut];
  if (kind === 'onnx' && missing.length > 0) {
    message.push(
      'An optimising export folds layers and renames what is left: export with dynamo=True, optimize=False, external_data=False.',
    );
  }
  if (misshapen.some(({ name, got }) => name.endsWith('.attn.query.weight') && got.length === 3)) {
    message.push('One projection for each lead is config leadProjection "perLead".');
  }
  const code = missing.length > 0 ? 'MISSING_TENSOR' : misshapen.length > 0 ? 'MISSHAPEN_TENSOR' : 'UNKNOWN_TENSOR';
  const tensor = missing[0] ?? misshapen[0]?.name ?? plainName(unknown[0]!);
  throw new WeightsError(code, message.filter((sentence) => sentence !== '').join(' '), { tensor });
}

function listNames(what: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : '';
  return `${names.length} ${what} (${names.slice(0, SHOWN).join(', ')}${more})`;
}

/** A name from a file that anybody may have made, fit for a terminal. */
function plainName(name: string): string {
  return name.replace(/[^\w.:/-]/g, '?').slice(0, 120);
}

function isSameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
