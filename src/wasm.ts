import { instantiateSync } from '@assemblyscript/loader';
import scalarBase64 from '../build/kernels.scalar.wasm';
import simdBase64 from '../build/kernels.simd.wasm';
import { UnsupportedError } from './errors.js';

/** `simd` needs WebAssembly SIMD128, `scalar` runs everywhere; both give the same bits. */
export type Variant = 'simd' | 'scalar';

/** The exports of `assembly/index.ts`. Pointers are byte addresses; sizes and strides count elements. */
export interface KernelExports {
  heapBase(): number;
  f32_relu(values: number, count: number): void;
  f32_leaky_relu(values: number, count: number): void;

  // simulate
  u32_random(seed: number, index: number): number;
  f64_rr_sinus(intervals: number, count: number, meanSeconds: number, stdSeconds: number, respirationHz: number, seed: number): void;
  f64_rr_fibrillation(intervals: number, count: number, meanSeconds: number, seed: number): void;
  f64_add_waves(
    waves: number,
    times: number,
    dipole: number,
    waveCount: number,
    timeCount: number,
    samples: number,
    firstSample: number,
    fs: number,
  ): void;
  f64_add_fibrillation(
    direction: number,
    dipole: number,
    samples: number,
    firstSample: number,
    fs: number,
    frequency: number,
    seed: number,
  ): void;
  f64_add_wander(
    electrodes: number,
    samples: number,
    firstSample: number,
    fs: number,
    amplitude: number,
    respirationHz: number,
    seed: number,
  ): void;
  f64_add_mains(
    electrodes: number,
    samples: number,
    firstSample: number,
    fs: number,
    amplitude: number,
    mainsHz: number,
    seed: number,
  ): void;
  f64_add_muscle(electrodes: number, state: number, samples: number, firstSample: number, fs: number, rms: number, seed: number): void;
  i32_project_leads(projection: number, dipole: number, electrodes: number, digital: number, samples: number): void;
}

/** One instance of the kernels with a memory of its own. */
export interface KernelInstance {
  readonly variant: Variant;
  readonly kernels: KernelExports;
  readonly memory: WebAssembly.Memory;
}

const PAGE_BYTES = 65536;
const modules = new Map<Variant, WebAssembly.Module>();

/** The bytes of one inlined binary. */
export function kernelBytes(variant: Variant): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(variant === 'simd' ? simdBase64 : scalarBase64), (character) => character.charCodeAt(0));
}

/** The best variant of this engine. The SIMD binary itself is the feature test. */
export function detectVariant(): Variant {
  requireWebAssembly();
  if (modules.has('simd')) return 'simd';
  return WebAssembly.validate(kernelBytes('simd')) ? 'simd' : 'scalar';
}

/** The compiled inlined binary, compiled at most once. */
export function kernelModule(variant: Variant = detectVariant()): WebAssembly.Module {
  requireWebAssembly();
  let module = modules.get(variant);
  if (!module) {
    module = new WebAssembly.Module(kernelBytes(variant));
    modules.set(variant, module);
  }
  return module;
}

/** A new instance with `bytes` of zeroed memory above the kernels' static data. Nothing in it ever grows by itself. */
export function instantiateKernels(module: WebAssembly.Module, variant: Variant, bytes: number): KernelInstance {
  // Static data is a few kilobytes; one page holds it, and the caller's bytes start at heapBase().
  const memory = new WebAssembly.Memory({ initial: 1 + Math.ceil(bytes / PAGE_BYTES) });
  const { exports } = instantiateSync(module, { env: { memory } });
  return { variant, kernels: exports as unknown as KernelExports, memory };
}

function requireWebAssembly(): void {
  if (typeof WebAssembly === 'undefined') {
    throw new UnsupportedError(
      'NO_WEBASSEMBLY',
      'This engine has no WebAssembly (Lockdown Mode on Apple devices switches it off): leadwise needs it. Allow it for this site, or use another engine.',
    );
  }
}
