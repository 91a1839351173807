import { builtKernels, instantiateKernels, type KernelInstance, type Variant } from '../src/wasm.js';

export const VARIANTS: Variant[] = ['simd', 'scalar'];

/** A kernel instance with a bump allocator, for tests that call kernels one by one. */
export class KernelBench {
  readonly instance: KernelInstance;
  private next: number;

  constructor(variant: Variant, bytes = 1 << 22) {
    this.instance = instantiateKernels(builtKernels(variant), bytes);
    this.next = this.instance.kernels.heapBase();
  }

  /** Takes all addresses back. Memory keeps its contents. */
  reset(): void {
    this.next = this.instance.kernels.heapBase();
  }

  get kernels() {
    return this.instance.kernels;
  }

  /** Copies values in (16-byte aligned) and returns their address. */
  put(values: Float32Array | Float64Array | Int32Array | Int16Array): number {
    const pointer = this.reserve(values.byteLength);
    new Uint8Array(this.instance.memory.buffer, pointer, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return pointer;
  }

  reserve(bytes: number): number {
    const pointer = (this.next + 15) & ~15;
    this.next = pointer + bytes;
    return pointer;
  }

  f32(pointer: number, count: number): Float32Array {
    return new Float32Array(this.instance.memory.buffer, pointer, count).slice();
  }

  i16(pointer: number, count: number): Int16Array {
    return new Int16Array(this.instance.memory.buffer, pointer, count).slice();
  }

  f64(pointer: number, count: number): Float64Array {
    return new Float64Array(this.instance.memory.buffer, pointer, count).slice();
  }
}
