// Weight files, and the checkpoints that they are converted from.

import { parseClasses } from '../../../src/classes.js';
import { parseConfig } from '../../../src/config.js';
import { type Checkpoint, readCheckpoint } from '../../../src/convert/checkpoint.js';
import { convert } from '../../../src/convert/index.js';
import { NumpyArray } from '../../../src/convert/numpy.js';
import { readOnnx } from '../../../src/convert/onnx.js';
import { PickleSession } from '../../../src/convert/pickle.js';
import type { CheckpointTensor } from '../../../src/convert/tensors.js';
import { CHECKPOINT_GLOBALS, readTorchLegacy, readTorchZip } from '../../../src/convert/torch.js';
import { ZipArchive } from '../../../src/convert/zip.js';
import { parseDecision } from '../../../src/decision.js';
import { WeightsError } from '../../../src/errors.js';
import { parseSafetensors } from '../../../src/safetensors.js';
import { expectedTensors, parseWeights } from '../../../src/weights.js';
import { type Allowance, PLAIN, settle } from '../oracle.js';

const EXTRAS = ['config', 'classes', 'thresholds', 'calibration', 'provenance'] as const;

/** As `weights`, but for what pickles may copy of themselves (WORK_PER_BYTE and LEAST_WORK in src/convert/pickle.ts). */
const COPYING: Allowance = { always: 2 ** 24, perByte: 512 };

function target(parse: (bytes: Uint8Array) => unknown, allowance = PLAIN): (input: Uint8Array) => Promise<void> {
  return async (input) => {
    const bytes = new Uint8Array(input);
    await settle(bytes.length, allowance, () => parse(bytes));
  };
}

export const safetensors = /* @__PURE__ */ target(parseSafetensors);
/** SHA-256 pads and copies. */
export const weights = /* @__PURE__ */ target(parseWeights);
export const zip = /* @__PURE__ */ target((bytes) => {
  const archive = new ZipArchive(bytes);
  for (const name of archive.names()) archive.read(name);
});

/** The JSON of a weight file: configuration, classes, thresholds and calibration, four texts between blank lines. */
export const settings = /* @__PURE__ */ target((bytes) => {
  const [config, classes, thresholds, calibration] = new TextDecoder().decode(bytes).split('\n\n').map(parseText);
  const list = attempt(() => parseClasses(classes));
  attempt(() => parseDecision(thresholds, calibration, list?.length ?? 2));
  expectedTensors(parseConfig(config), list?.length ?? 2);
});

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What comes after an error of the library's own is looked at all the same. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof WeightsError) return undefined;
    throw error;
  }
}

export const pickle = /* @__PURE__ */ target((bytes) => {
  const { value } = new PickleSession(bytes.length).read(bytes, 0, { globals: CHECKPOINT_GLOBALS });
  for (const node of [value, ...(value instanceof Map ? value.values() : Array.isArray(value) ? value : [])]) {
    if (node instanceof NumpyArray) attempt(() => node.values());
  }
}, COPYING);

export const torchZip = /* @__PURE__ */ target((bytes) => readTorchZip(bytes, new PickleSession(bytes.length)), COPYING);
export const torchLegacy = /* @__PURE__ */ target((bytes) => readTorchLegacy(bytes, new PickleSession(bytes.length)), COPYING);

export const onnx = /* @__PURE__ */ target((bytes) => contents(readOnnx(bytes)), COPYING);

/** Told by content, with all that it says, and all of its tensors. */
export const checkpoint = /* @__PURE__ */ target((bytes) => {
  const read: Checkpoint = readCheckpoint(bytes);
  for (const key of EXTRAS) attempt(() => read.extra(key));
  contents(read.tensors);
}, COPYING);

/** The elements of tensors, where they are no more than the file has: the network's own shapes are not known here. */
function contents(tensors: ReadonlyMap<string, CheckpointTensor>): void {
  for (const tensor of tensors.values()) {
    if (tensor.shape.reduce((product, size) => product * size, 1) <= 4096) attempt(() => tensor.contiguous());
  }
}

export async function conversion(input: Uint8Array): Promise<void> {
  const bytes = new Uint8Array(input);
  await settle(bytes.length, { always: 2 ** 26, perByte: 512 }, () => convert(bytes));
}
