import { LeadwiseError, WeightsError } from '../errors.js';
import { Model } from '../model.js';
import { parseSafetensors } from '../safetensors.js';
import { makeSelfTest, selfTestInput } from '../selftest.js';
import type { KernelSource } from '../wasm.js';
import { parseWeights } from '../weights.js';
import { formatSafetensors } from './format-safetensors.js';

/** The weight file with the answer of its own network in it, for `leadwise verify`. @throws WeightsError `OVERFLOW` */
export function addSelfTest(file: Uint8Array, source: KernelSource): Uint8Array {
  const { metadata, tensors } = parseSafetensors(file);
  const model = new Model(parseWeights(file), source);
  const selfTest = makeSelfTest(answer(model));
  model.dispose();
  const entries = Object.entries({ ...metadata, selfTest: JSON.stringify(selfTest) });
  return formatSafetensors(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))), new Map(tensors));
}

/** Weights that are finite, but too large to compute with, are no weights. */
function answer(model: Model): Float32Array {
  try {
    return model.forward(selfTestInput(model.config));
  } catch (error) {
    if (error instanceof LeadwiseError && error.code === 'OVERFLOW') throw new WeightsError(error.code, error.message);
    throw error;
  }
}
