// The public entry: runs in every engine; no Node, no DOM.

import { Model } from './model.js';
import { readSource, type WeightsSource } from './source.js';
import { type KernelInput, loadKernels, type Variant } from './wasm.js';
import { parseWeights } from './weights.js';

export type { DiagnosisClass } from './classes.js';
export { type NetworkConfig, PRESETS } from './config.js';
export { cutRecord, type EcgRecord, type SignalArray, type Unit } from './ecg.js';
export type { MemoryReport, NetworkPlan } from './engine.js';
export { FormatError, LeadwiseError, RecordError, UnsupportedError, WeightsError } from './errors.js';
export type { Explanation } from './explain.js';
export type { ClassifyAsyncOptions, ClassifyOptions, ExplainOptions, ForwardOptions, Model, Progress } from './model.js';
export type { Bandwidth, Peak, Profile, ProfiledLayer, ProfileOptions, Timing } from './profile/profile.js';
export { assessQuality } from './quality/index.js';
export type { QualityMode } from './quality/mode.js';
export type { LeadCode, LeadQuality, Quality, QualityCode, RecordCode, Verdict } from './quality/report.js';
export type { Finding, Result } from './result.js';
export type { SelfTest } from './selftest.js';
export type { WeightsSource } from './source.js';
export { NOTICE, VERSION } from './version.js';
export type { Variant } from './wasm.js';
export type { TimelineEntry, WindowResult, WindowsMode } from './windows.js';

export interface LoadOptions {
  /** The kernels, where they are not to be the inlined ones: a compiled module, a binary, or where to fetch one. */
  wasm?: KernelInput;
  /** Default: `simd` where the engine has it. With `wasm`, what that binary is. */
  variant?: Variant;
  /** Also run the whole network once on the input whose answer stands in the file. The kernels test themselves at every load. */
  selfTest?: boolean;
}

/**
 * Loads a weight file (safetensors with leadwise metadata) and makes a network of it.
 * @param weights its bytes, a Blob, a fetch Response, or an http(s) URL, which is fetched
 * @throws TypeError for anything else; a path is for `loadModelFile` of leadwise/node
 * @throws WeightsError `DOWNLOAD_FAILED`, `BAD_SAFETENSORS`, `BAD_METADATA`, `BAD_CONFIG`, `UNKNOWN_TENSOR`, `MISSING_TENSOR`, `MISSHAPEN_TENSOR`,
 * `UNSUPPORTED_DTYPE`, `BAD_TENSOR_VALUE`, `MODEL_TOO_LARGE`
 * @throws UnsupportedError `NO_WEBASSEMBLY`, `NO_SIMD`, `BAD_WASM`, `WASM_REFUSED`, `SELF_TEST_FAILED` of the kernels
 * @throws with `selfTest`: what `model.selfTest` throws
 */
export async function loadModel(weights: WeightsSource, { wasm, variant, selfTest = false }: LoadOptions = {}): Promise<Model> {
  const [bytes, kernels] = await Promise.all([readSource(weights), loadKernels(wasm, variant)]);
  const model = new Model(parseWeights(bytes), kernels);
  if (selfTest) model.selfTest();
  return model;
}
