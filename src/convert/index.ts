// leadwise/convert: a trained checkpoint in, a weight file out. Runs in every engine; nothing of the checkpoint is ever run.

import type { NetworkConfig } from '../config.js';
import type { StoredTensor } from '../safetensors.js';
import { sha256 } from '../sha256.js';
import { builtKernels } from '../wasm.js';
import { countParameters, expectedTensors, parseWeights } from '../weights.js';
import { canonicalJson } from './canonical-json.js';
import { type CheckpointKind, readCheckpoint } from './checkpoint.js';
import { cleanNames, type Tensors } from './fit.js';
import { formatSafetensors } from './format-safetensors.js';
import { addSelfTest } from './known-answer.js';
import { type QuantizationReport, quantizeFile } from './quantize-file.js';
import { type ConvertOptions, checkOptions, chooseSettings, type Settings } from './settings.js';
import { toFloat32 } from './tensors.js';

export type { DiagnosisClass } from '../classes.js';
export type { NetworkConfig } from '../config.js';
export { LeadwiseError, UnsupportedError, WeightsError } from '../errors.js';
export type { CheckpointKind } from './checkpoint.js';
export type { QuantizationReport } from './quantize-file.js';
export type { ConvertOptions, PresetName, SettingSource } from './settings.js';

export interface ConversionReport {
  schema: 1;
  name: string;
  source: {
    kind: CheckpointKind;
    /** Whether it is laid out as the published checkpoint, whose calibration is known. */
    published: boolean;
    bytes: number;
    sha256: string;
    /** Element types of the tensors that were used. */
    dtypes: string[];
    /** What all names began with, and do no more: `module.`. */
    prefix: string;
    /** Tensors that the network does not need: BatchNorm's counters, constants of an ONNX graph. */
    dropped: string[];
  };
  config: NetworkConfig;
  classes: Settings['classes'];
  /** Where the settings come from; calibration by default is none. */
  from: Settings['from'];
  tensors: number;
  /** Without running statistics. */
  parameters: number;
  quantization: 'none' | QuantizationReport;
  file: { bytes: number; sha256: string };
}

export interface Conversion {
  /** The weight file. Equal input gives equal bytes. */
  file: Uint8Array;
  report: ConversionReport;
}

/**
 * Converts a checkpoint to a weight file: PyTorch (`torch.save` of any version, and the published plain pickle), safetensors, or ONNX.
 * Values become f32: F32, F16 and BF16 exactly, F64 rounded to nearest.
 * @throws TypeError, RangeError for wrong options
 * @throws RecordError for a calibration record that cannot be classified
 * @throws WeightsError `MISSING_TENSOR`, `MISSHAPEN_TENSOR`, `UNKNOWN_TENSOR`, `UNSUPPORTED_DTYPE`, `BAD_TENSOR_VALUE`, `CLASSES_REQUIRED`, `BAD_METADATA`,
 * `BAD_CONFIG`; of the checkpoint: `UNKNOWN_CHECKPOINT`, `BAD_CHECKPOINT`, `UNSUPPORTED_CHECKPOINT`, `UNKNOWN_GLOBAL`, `BAD_PICKLE`, `UNSUPPORTED_PICKLE`,
 * `PICKLE_LIMIT`, `BAD_ZIP`, `UNSUPPORTED_ZIP`, `BAD_SAFETENSORS`, `BAD_ONNX`, `EXTERNAL_DATA`
 */
export async function convert(bytes: Uint8Array | ArrayBuffer, options: ConvertOptions = {}): Promise<Conversion> {
  const source = toUint8Array(bytes);
  checkOptions(options);
  const checkpoint = readCheckpoint(source);
  const { tensors, prefix, dropped } = cleanNames(checkpoint.tensors);
  const settings = chooseSettings(options, checkpoint, tensors);
  const { name, config, classes, from } = settings;
  const shapes = expectedTensors(config, classes.length);
  const names = [...shapes.keys()].sort();
  const { kind, published } = checkpoint;
  const origin = { kind, published, bytes: source.byteLength, sha256: sha256(source) };
  const plain = formatSafetensors(formatMetadata(settings, origin, checkpoint.extra('provenance')), toStoredTensors(tensors, names));
  const quantized = options.quantize === 'int8' ? quantizeFile(plain, options) : undefined;
  const file = quantized?.file ?? addSelfTest(plain, builtKernels());
  const report: ConversionReport = {
    schema: 1,
    name,
    source: {
      ...origin,
      dtypes: [...new Set(names.map((tensor) => tensors.get(tensor)!.dtype))].sort(),
      prefix,
      dropped: [...dropped, ...[...tensors.keys()].filter((tensor) => !shapes.has(tensor))],
    },
    config,
    classes,
    from,
    tensors: shapes.size,
    parameters: countParameters(shapes),
    quantization: quantized?.report ?? 'none',
    // Reading it back checks the values and the settings.
    file: { bytes: file.byteLength, sha256: parseWeights(file).sha256 },
  };
  return { file, report };
}

function formatMetadata(
  { name, config, classes, thresholds, calibration }: Settings,
  { kind, published, sha256 }: { kind: CheckpointKind; published: boolean; sha256: string },
  stated: unknown,
): Record<string, string> {
  const source = { kind, sha256, ...(published ? { layout: 'published' } : {}) };
  // What the checkpoint says of its making goes on with it.
  const before = typeof stated === 'string' ? { stated } : typeof stated === 'object' && !Array.isArray(stated) ? stated : {};
  const metadata: Record<string, unknown> = { calibration, classes, config, provenance: { ...before, source }, thresholds };
  const json = Object.entries(metadata).filter(([, value]) => value !== undefined);
  const texts = { format: 'leadwise/1', name, ...Object.fromEntries(json.map(([key, value]) => [key, canonicalJson(value)])) };
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function toStoredTensors(tensors: Tensors, names: readonly string[]): Map<string, StoredTensor> {
  return new Map(
    names.map((name) => {
      const tensor = tensors.get(name)!;
      return [name, { dtype: 'F32', shape: tensor.shape, bytes: new Uint8Array(toFloat32(tensor).buffer) }];
    }),
  );
}

function toUint8Array(bytes: unknown): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`"bytes" expected a Uint8Array or an ArrayBuffer, got ${bytes === null ? 'null' : typeof bytes}`);
  // Of Node's Buffer, slice() would share memory instead of copying.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
