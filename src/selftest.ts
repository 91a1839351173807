// Known answers: what the kernels give for fixed inputs, and what a network gives for one. Every engine must give the same bits.

import type { NetworkConfig } from './config.js';
import { LeadwiseError, UnsupportedError, WeightsError } from './errors.js';
import { sha256 } from './sha256.js';
import { fnv1a32, uniform } from './splitmix32.js';
import type { KernelInstance } from './wasm.js';

/** Bytes of memory that the kernels' self-test writes to. */
export const KERNEL_TEST_BYTES = 8192;

/** SHA-256 of the outputs of `runKernels`: an intended change of a kernel's numbers changes it, and the CHANGELOG says so. */
const KERNEL_DIGEST = 'a5dae30f48b0d1d54ec463a3986f1cd2e3ba963c1c5a94c68d4628620b5baa3a';

/**
 * Runs each kind of kernel once on a few hundred values (well under a millisecond).
 * @throws UnsupportedError `SELF_TEST_FAILED`
 */
export function testKernels(instance: KernelInstance, base: number): void {
  const digest = sha256(runKernels(instance, base));
  if (digest === KERNEL_DIGEST) return;
  throw new UnsupportedError(
    'SELF_TEST_FAILED',
    `The kernels do not compute here what they should (${digest.slice(0, 16)}): the engine is at fault, or the binary is another one. Update the engine`,
  );
}

/** What a weight file says of its own network. */
export interface SelfTest {
  /** Name of the input: `selfTestInput`. */
  readonly input: 'splitmix32';
  /** f32[classes]; they are there to be looked at. */
  readonly logits: readonly number[];
  /** SHA-256 of the logits' bytes, f32 little-endian. */
  readonly sha256: string;
}

/** The answer of a network that is about to be written. */
export function makeSelfTest(logits: Float32Array): SelfTest {
  return { input: 'splitmix32', logits: Array.from(logits), sha256: digestOf(logits) };
}

/**
 * Compares a network's answer with what its file says.
 * @throws WeightsError `NO_SELF_TEST`
 * @throws LeadwiseError `SELF_TEST_FAILED` with the largest difference
 */
export function checkSelfTest(metadata: Readonly<Record<string, string>>, logits: Float32Array): SelfTest {
  const expected = parseSelfTest(metadata['selfTest']);
  if (digestOf(logits) === expected.sha256) return expected;
  const largest = Math.max(...expected.logits.map((value, i) => Math.abs(value - (logits[i] ?? Number.NaN))));
  throw new LeadwiseError('SELF_TEST_FAILED', `The network's logits are not those that its file promises (largest difference ${largest})`);
}

/** f32[leads][windowSamples] of the network's self-test: noise with a memory, the same everywhere. */
export function selfTestInput({ leads, windowSamples }: NetworkConfig): Float32Array {
  const x = new Float32Array(leads.length * windowSamples);
  leads.forEach((lead, row) => {
    const seed = fnv1a32(`self-test:${lead}`);
    let value = 0;
    for (let t = 0; t < windowSamples; t++) {
      value = 0.75 * value + uniform(seed, t);
      x[row * windowSamples + t] = value;
    }
  });
  return x;
}

function parseSelfTest(text: string | undefined): SelfTest {
  if (text === undefined) throw new WeightsError('NO_SELF_TEST', 'This weight file holds no self-test: convert it again to add one');
  try {
    const { input, logits, sha256: digest } = JSON.parse(text) as SelfTest;
    if (input === 'splitmix32' && Array.isArray(logits) && typeof digest === 'string') return { input, logits, sha256: digest };
  } catch {
    // Falls through to the one error for whatever it is.
  }
  throw new WeightsError('BAD_METADATA', 'Metadata "selfTest" expected { input: "splitmix32", logits, sha256 }');
}

function digestOf(logits: Float32Array): string {
  return sha256(new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
}

/** The outputs of all kinds of kernels, one after the other: rows and columns that fill the vector tiles, and some that do not. */
function runKernels({ kernels, memory }: KernelInstance, base: number): Uint8Array {
  const seeded = (count: number, seed: number) => Float32Array.from({ length: count }, (_, i) => uniform(seed, i));
  let next = base;
  const put = (values: Float32Array | Int16Array): number => {
    const pointer = next;
    new Uint8Array(memory.buffer, pointer, values.byteLength).set(new Uint8Array(values.buffer));
    next += Math.ceil(values.byteLength / 16) * 16;
    return pointer;
  };
  const [input, weights, vector] = [put(seeded(96, 1)), put(seeded(160, 2)), put(seeded(16, 3))];
  const integers = put(Int16Array.from(seeded(160, 4), (value) => value * 127));
  const [rounded, scratch] = [put(new Float32Array(32)), put(new Float32Array(128))];
  const outputs = next;
  const product = put(new Float32Array(55));
  kernels.f32_gemm(input, weights, vector, 0, product, 5, 10, 11, 10, 11);
  const integerProduct = put(new Float32Array(55));
  kernels.f32_qs16_quantize(input, rounded, 50, 30000, 32767, 32767, 1);
  kernels.qs16_qc8w_gemm(rounded, integers, vector, vector, product, integerProduct, 5, 10, 11, 10, 11);
  const groupedProduct = put(new Float32Array(55));
  kernels.f32_qs16_quantize_rows(input, rounded, base + KERNEL_TEST_BYTES - 4096, 5, 10, 30000, 32767, 32767, 0.01);
  kernels.qs16x4_qc8w_gemm(rounded, integers, vector, vector, product, groupedProduct, 5, 10, 11, 11);
  const convolved = put(new Float32Array(36));
  kernels.f32_dwconv1d(input, weights, vector, convolved, 6, 12, 12, 3, 0, 3, 2, 1);
  const attended = put(new Float32Array(80));
  kernels.f32_local_attention(input, weights, weights, attended, rounded, scratch, 2, 5, 8, 4, 1, 0, 5, 0.5, 1);
  const curved = put(seeded(13, 5));
  kernels.f32_gelu(curved, 13);
  return new Uint8Array(memory.buffer, outputs, next - outputs);
}
