import { Model } from '../model.js';
import { formatSafetensors, parseSafetensors } from '../safetensors.js';
import { makeSelfTest, selfTestInput } from '../selftest.js';
import type { KernelSource } from '../wasm.js';
import { parseWeights } from '../weights.js';

/** The weight file with the answer of its own network in it, for `leadwise verify`. */
export function addSelfTest(file: Uint8Array, source: KernelSource): Uint8Array {
  const { metadata, tensors } = parseSafetensors(file);
  const model = new Model(parseWeights(file), source);
  const selfTest = makeSelfTest(model.forward(selfTestInput(model.config)));
  model.dispose();
  const entries = Object.entries({ ...metadata, selfTest: JSON.stringify(selfTest) });
  return formatSafetensors(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))), new Map(tensors));
}
