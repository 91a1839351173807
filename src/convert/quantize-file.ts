import { Comparer, type Comparison } from '../comparison.js';
import type { EcgRecord } from '../ecg.js';
import { Model } from '../model.js';
import { type SimulateOptions, simulate } from '../simulate.js';
import { builtKernels } from '../wasm.js';
import { parseWeights } from '../weights.js';
import { calibrate } from './calibrate.js';
import { addSelfTest } from './known-answer.js';
import { quantizeWeights } from './quantize.js';

/** What quantization cost, measured on the calibration records. */
export interface QuantizationReport {
  calibration: { source: 'records' | 'simulator'; records: number };
  bytes: { before: number; after: number };
  /** Signal-to-noise ratio of each layer against the f32 network, in dB, on the first calibration record. */
  layers: { name: string; snr: number }[];
  comparison: Comparison;
  /** Activations that were clamped, over all calibration records. */
  saturated: number;
}

export interface QuantizeOptions {
  /** Recordings like those that the network will see. Default: simulated ones, which say little about real activations. */
  records?: readonly EcgRecord[];
}

const SIMULATED: readonly SimulateOptions[] = (['sinus', 'bradycardia', 'tachycardia', 'af', 'pvc'] as const).flatMap((rhythm) =>
  [1, 2, 3, 4].map((seed) => ({ rhythm, seed })),
);

/**
 * Makes the int8 file of an f32 weight file, with its known answer in it.
 * @throws WeightsError what `parseWeights` throws, `ALREADY_QUANTIZED`
 * @throws RecordError for a record that cannot be classified
 */
export function quantizeFile(file: Uint8Array, { records }: QuantizeOptions = {}): { file: Uint8Array; report: QuantizationReport } {
  const kernels = builtKernels();
  const weights = parseWeights(file);
  const exact = new Model(weights, kernels);
  const source = records === undefined ? 'simulator' : 'records';
  const used = records ?? SIMULATED.map((options) => simulate(options));
  if (used.length === 0) throw new RangeError('"records" expected at least one record, got none');
  const calibration = { source, records: used.length } as const;
  const inputs = used.map((record) => exact.preprocess(record));
  const rounded = addSelfTest(quantizeWeights(weights, calibrate(weights, kernels, inputs), calibration), kernels);
  const integer = new Model(parseWeights(rounded), kernels);
  const comparer = new Comparer(weights.classes);
  let saturated = 0;
  for (const record of used) {
    const result = integer.classify(record);
    saturated += result.saturated;
    comparer.add(exact.classify(record), result);
  }
  const layers = layerNoise(exact, integer, inputs[0]!);
  const bytes = { before: file.byteLength, after: rounded.byteLength };
  return { file: rounded, report: { calibration, bytes, layers, comparison: comparer.summary(), saturated } };
}

function layerNoise(exact: Model, integer: Model, x: Float32Array): QuantizationReport['layers'] {
  const values = new Map<string, Float32Array>();
  exact.forward(x, { onActivation: (name, _shape, layer) => values.set(name, layer) });
  const layers: QuantizationReport['layers'] = [];
  integer.forward(x, {
    onActivation: (name, _shape, layer) => layers.push({ name, snr: signalToNoise(values.get(name)!, layer) }),
  });
  return layers;
}

/** 10 log10 of the ratio of powers, for people to read. */
function signalToNoise(signal: Float32Array, noisy: Float32Array): number {
  let [power, noise] = [0, 0];
  for (let i = 0; i < signal.length; i++) {
    const difference = signal[i]! - noisy[i]!;
    power += signal[i]! * signal[i]!;
    noise += difference * difference;
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(power / noise);
}
