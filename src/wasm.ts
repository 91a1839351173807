import { instantiateSync } from '@assemblyscript/loader';
import scalar from '../build/kernels.scalar.wasm';
import simd from '../build/kernels.simd.wasm';
import { UnsupportedError } from './errors.js';
import type { KernelExports } from './kernel-exports.js';
import { sha256 } from './sha256.js';

/** `simd` needs WebAssembly SIMD128, `scalar` runs everywhere; both give the same bits. */
export type Variant = 'simd' | 'scalar';

/** A binary of the package: its text, inlined by the build, or the module that the host compiled when it was deployed. */
export interface Binary {
  readonly sha256: string;
  readonly base64: string;
  readonly module?: WebAssembly.Module;
}

/** A compiled binary and what is known of it. */
export interface KernelSource {
  readonly module: WebAssembly.Module;
  readonly variant: Variant;
  /** SHA-256 of the binary, hexadecimal; `unknown` for a module that the caller compiled. */
  readonly sha256: string;
}

/** One instance of the kernels with a memory of its own. */
export interface KernelInstance {
  readonly kernels: KernelExports;
  readonly memory: WebAssembly.Memory;
}

const PAGE_BYTES = 65536;
const BINARIES: Record<Variant, Binary> = { simd, scalar };
const built = new Map<Variant, KernelSource>();

/** The bytes of one inlined binary. */
export function kernelBytes(variant: Variant): Uint8Array<ArrayBuffer> {
  const text = atob(BINARIES[variant].base64);
  const bytes = new Uint8Array(text.length);
  // Uint8Array.from with a function takes ten times as long in a fresh process (measured).
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The best variant of this engine. The SIMD binary itself is the feature test. */
export function detectVariant(): Variant {
  requireWebAssembly();
  return compileBuilt('simd') ? 'simd' : 'scalar';
}

/** The package's own binary, compiled at most once. @throws UnsupportedError `NO_WEBASSEMBLY`, `NO_SIMD`, `WASM_REFUSED` */
export function builtKernels(variant: Variant = detectVariant()): KernelSource {
  requireWebAssembly();
  const source = compileBuilt(variant);
  if (!source) throw new UnsupportedError('NO_SIMD', `This engine cannot run the ${variant} kernels: leave "variant" out`);
  return source;
}

/** Compiles an inlined binary and keeps it, or takes the module that the host has imported; nothing where the engine cannot run it. */
function compileBuilt(variant: Variant): KernelSource | undefined {
  const known = built.get(variant);
  if (known) return known;
  const { module: imported, sha256 } = BINARIES[variant];
  const module = imported ?? compileBytes(kernelBytes(variant));
  if (!module) return undefined;
  const source = { module, variant, sha256 };
  built.set(variant, source);
  return source;
}

function compileBytes(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    throw refusal(error);
  }
}

/** The engine could run the binary, and may not. */
function refusal(error: unknown): UnsupportedError {
  return new UnsupportedError(
    'WASM_REFUSED',
    `This host does not compile WebAssembly from bytes: a page needs 'wasm-unsafe-eval' in the script-src of its Content-Security-Policy, an edge host the module in the option "wasm" (${(error as Error).message})`,
  );
}

/** A compiled module, be it of another realm: Next compiles in one for its edge runtime. */
function isModule(input: unknown): boolean {
  return Object.prototype.toString.call(input) === '[object WebAssembly.Module]';
}

/** Kernels that the caller brings along: a compiled module, a binary, or where to fetch one. */
export type KernelInput = WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | URL;

/**
 * The caller's kernels, or the package's own, compiled off the main thread where the engine can.
 * @throws TypeError for anything else
 * @throws UnsupportedError `NO_WEBASSEMBLY`, `NO_SIMD`, `BAD_WASM`, `WASM_REFUSED`
 */
export async function loadKernels(input: KernelInput | undefined, variant: Variant | undefined): Promise<KernelSource> {
  requireWebAssembly();
  if (variant !== undefined && variant !== 'simd' && variant !== 'scalar') {
    throw new TypeError(`"variant" expected "simd" or "scalar", got ${JSON.stringify(variant)}`);
  }
  if (input === undefined) return builtKernels(variant);
  if (isModule(input)) return { module: checkKernels(input as WebAssembly.Module), variant: variant ?? 'simd', sha256: 'unknown' };
  const bytes = input instanceof URL ? await fetchBytes(input) : bytesOf(input as ArrayBuffer | Uint8Array<ArrayBuffer>);
  if (!WebAssembly.validate(bytes))
    throw new UnsupportedError('BAD_WASM', `"wasm" is no WebAssembly binary that this engine can run (${bytes.length} bytes)`);
  const module = await WebAssembly.compile(bytes).catch((error: unknown) => {
    throw refusal(error);
  });
  return { module: checkKernels(module), variant: variant ?? 'simd', sha256: sha256(bytes) };
}

function bytesOf(input: ArrayBuffer | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (input instanceof ArrayBuffer || input instanceof Uint8Array) return new Uint8Array(input);
  throw new TypeError(`"wasm" expected a WebAssembly.Module, bytes or a URL, got ${input === null ? 'null' : typeof input}`);
}

function checkKernels(module: WebAssembly.Module): WebAssembly.Module {
  if (WebAssembly.Module.exports(module).some(({ name }) => name === 'f32_gemm')) return module;
  throw new UnsupportedError('BAD_WASM', '"wasm" is WebAssembly, but not the kernels of leadwise');
}

async function fetchBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new UnsupportedError('BAD_WASM', `The kernels could not be fetched: ${(error as Error).message}`);
  }
}

/** A new instance with `bytes` of zeroed memory above the kernels' static data. Nothing in it ever grows by itself. */
export function instantiateKernels({ module }: Pick<KernelSource, 'module'>, bytes: number): KernelInstance {
  // Static data is a few kilobytes; one page holds it, and the caller's bytes start at heapBase().
  const memory = new WebAssembly.Memory({ initial: 1 + Math.ceil(bytes / PAGE_BYTES) });
  // The loader takes a module of another realm for bytes.
  if (!(module instanceof WebAssembly.Module)) Object.setPrototypeOf(module, WebAssembly.Module.prototype);
  const { exports } = instantiateSync(module, { env: { memory } });
  return { kernels: exports as unknown as KernelExports, memory };
}

function requireWebAssembly(): void {
  if (typeof WebAssembly === 'undefined') {
    throw new UnsupportedError(
      'NO_WEBASSEMBLY',
      'This engine has no WebAssembly (Lockdown Mode on Apple devices switches it off): leadwise needs it. Allow it for this site, or use another engine.',
    );
  }
}
