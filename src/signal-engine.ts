import type { KernelExports } from './kernel-exports.js';
import type { KernelInstance } from './wasm.js';

/** Samples of one lead, in any unit. */
export type Samples = ArrayLike<number>;

/** A digital filter in b/a form. `zi`, its steady state for a step of height 1, is computed where it is not given. */
export interface Filter {
  b: Samples;
  a: Samples;
  zi?: Samples | undefined;
}

/** A filter with the sample rate that it was designed for, in Hz. */
export interface RatedFilter extends Filter {
  fs: number;
}

/** The longest input and output: an hour at 2000 Hz, and some. */
export const MAX_SAMPLES = 2 ** 23;

const PAGE_BYTES = 65536;
const FIRST_BYTES = 2 ** 20; // ten seconds of one lead at 1000 Hz take less
const KEPT_BYTES = 2 ** 24;

/** f64[count] in the engine's memory. */
interface Block {
  pointer: number;
  count: number;
}

/** Addresses of the plans of a Fourier resampling, and the first byte behind them. */
const NO_PLAN = { count: 0, outputCount: 0, input: 0, output: 0, end: 0 };

/** Samples that a lead of `count` samples at `fs` Hz has at `rate` Hz; the published preprocessing rounds down, but for 1000 -> 500 Hz. */
export function resampledLength(count: number, fs: number, rate: number): number {
  if (fs === rate) return count;
  return halves(fs, rate) ? Math.ceil(count / 2) : Math.floor((count * rate) / fs);
}

/** 1000 -> 500 Hz is the one case that the published preprocessing does with a polyphase filter. */
function halves(fs: number, rate: number): boolean {
  return fs === 1000 && rate === 500;
}

/** SciPy's default padding of `filtfilt` at each end, in samples. */
export function defaultPadlen(filter: Filter): number {
  return 3 * Math.max(filter.b.length, filter.a.length);
}

/**
 * The signal kernels with a memory of their own, which grows with the longest lead. The first call makes it; `trim` gives it back when it
 * has grown far beyond the usual. The plan of the last Fourier resampling is kept, so that the leads of a record share it.
 * Arguments are checked by the callers.
 */
export class SignalEngine {
  private instance: KernelInstance | undefined;
  private next = 0;
  private plan = NO_PLAN;

  /** `instantiate` makes a kernel instance with so many bytes of memory; it is called when the engine is used, and again after a release. */
  constructor(private readonly instantiate: (bytes: number) => KernelInstance) {}

  /** Bytes of memory held at present. */
  get byteLength(): number {
    return this.instance?.memory.buffer.byteLength ?? 0;
  }

  /** Gives the memory back. The engine remains usable. */
  release(): void {
    this.instance = undefined;
    this.plan = NO_PLAN;
  }

  /** Gives the memory back when it is larger than 16 MB. */
  trim(): void {
    if (this.byteLength > KEPT_BYTES) this.release();
  }

  /** f64[n] -> f64[n]; n > padlen. A filter without a steady state is a `RangeError`. */
  filtfilt(filter: Filter, x: Samples, padlen = defaultPadlen(filter)): Float64Array {
    this.begin();
    const samples = this.write(x);
    this.filtfiltBlock(samples, filter, padlen);
    return this.read(samples);
  }

  /** f64[n] -> f64[num]. */
  resample(x: Samples, num: number): Float64Array {
    this.beginPlanned(x.length, num);
    return this.read(this.resampleBlock(this.write(x), num));
  }

  /** f64[n] -> f64[ceil(n * up / down)]; `up` and `down` without a common factor. */
  resamplePoly(x: Samples, up: number, down: number): Float64Array {
    this.begin();
    return this.read(this.resamplePolyBlock(this.write(x), up, down));
  }

  /** f64[n] -> f64[n]. */
  zscore(x: Samples): Float64Array {
    this.begin();
    const samples = this.write(x);
    this.kernels.f64_zscore(samples.pointer, samples.count);
    return this.read(samples);
  }

  /**
   * One lead of the published preprocessing: to the filter's rate, `filtfilt`, z-score. f64[n] at `fs` Hz -> f64[resampledLength(n, fs, filter.fs)].
   * As there, one value that is not finite makes the whole lead zero. Too few samples for the filter's padding are a `RangeError`.
   */
  preprocessLead(samples: Samples, fs: number, filter: RatedFilter): Float64Array {
    const count = resampledLength(samples.length, fs, filter.fs);
    const padlen = defaultPadlen(filter);
    if (count <= padlen || Math.max(samples.length, count) > MAX_SAMPLES) {
      const got = `${count} from ${samples.length} at ${fs} Hz`;
      throw new RangeError(`"samples" expected ${padlen + 1} to ${MAX_SAMPLES} samples at ${filter.fs} Hz, got ${got}`);
    }
    if (firstNonFinite(samples) >= 0) return new Float64Array(count);
    const byFourier = fs !== filter.fs && !halves(fs, filter.fs);
    if (byFourier) this.beginPlanned(samples.length, count);
    else this.begin();
    let lead = this.write(samples);
    if (byFourier) lead = this.resampleBlock(lead, count);
    else if (fs !== filter.fs) lead = this.resamplePolyBlock(lead, 1, 2);
    this.filtfiltBlock(lead, filter, padlen);
    this.kernels.f64_zscore(lead.pointer, lead.count);
    const result = this.read(lead);
    return firstNonFinite(result) >= 0 ? result.fill(0) : result;
  }

  private get kernels(): KernelExports {
    return this.live.kernels;
  }

  private get live(): KernelInstance {
    this.instance ??= this.instantiate(FIRST_BYTES);
    return this.instance;
  }

  /** Everything behind the plan is free again. */
  private begin(): void {
    this.next = Math.max(this.plan.end, align(this.kernels.heapBase()));
  }

  /** As `#begin`, with the plan of these two lengths in place: it lies below everything else. */
  private beginPlanned(count: number, outputCount: number): void {
    this.begin();
    if (this.plan.count === count && this.plan.outputCount === outputCount) return;
    const kernels = this.kernels;
    this.plan = NO_PLAN;
    this.begin();
    const input = this.take(kernels.f64_resample_plan_bytes(count));
    const output = this.take(kernels.f64_resample_plan_bytes(outputCount));
    const end = this.next;
    const scratch = this.take(kernels.f64_resample_scratch_bytes(count, outputCount));
    kernels.f64_resample_plan(input, scratch, count);
    kernels.f64_resample_plan(output, scratch, outputCount);
    this.plan = { count, outputCount, input, output, end };
    this.next = end;
  }

  private resampleBlock(x: Block, num: number): Block {
    const kernels = this.kernels;
    const result = this.block(num);
    const scratch = this.take(kernels.f64_resample_scratch_bytes(x.count, num));
    kernels.f64_resample(x.pointer, this.plan.input, this.plan.output, result.pointer, scratch, x.count, num);
    return result;
  }

  private resamplePolyBlock(x: Block, up: number, down: number): Block {
    const rate = Math.max(up, down);
    const result = this.block(Math.ceil((x.count * up) / down));
    const taps = this.block(20 * rate + 1);
    this.kernels.f64_resample_poly_taps(taps.pointer, up, rate);
    this.kernels.f64_resample_poly(x.pointer, taps.pointer, result.pointer, x.count, up, down);
    return result;
  }

  /** In place. */
  private filtfiltBlock(x: Block, filter: Filter, padlen: number): void {
    // Two taps at least: a plain gain is a filter with one empty delay.
    const count = Math.max(filter.b.length, filter.a.length, 2);
    const b = this.write(normalised(filter.b, filter.a, count));
    const a = this.write(normalised(filter.a, filter.a, count));
    const zi = this.block(count - 1);
    if (filter.zi?.length) {
      this.view(zi).set(filter.zi);
    } else if (!this.kernels.f64_lfilter_zi(b.pointer, a.pointer, zi.pointer, count)) {
      throw new RangeError('"a" expected a filter without a pole at zero frequency, got coefficients with sum 0');
    }
    const scratch = this.block(count - 1 + x.count + 2 * padlen);
    this.kernels.f64_filtfilt(b.pointer, a.pointer, zi.pointer, x.pointer, x.pointer, scratch.pointer, count, x.count, padlen);
  }

  private write(values: Samples): Block {
    const block = this.block(values.length);
    this.view(block).set(values);
    return block;
  }

  private read(block: Block): Float64Array {
    return this.view(block).slice();
  }

  private view(block: Block): Float64Array {
    return new Float64Array(this.live.memory.buffer, block.pointer, block.count);
  }

  private block(count: number): Block {
    return { pointer: this.take(8 * count), count };
  }

  private take(bytes: number): number {
    const { memory } = this.live;
    const pointer = this.next;
    const end = align(pointer + bytes);
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) {
      try {
        memory.grow(Math.ceil(missing / PAGE_BYTES));
      } catch {
        this.release();
        throw new RangeError(`"x" expected samples whose processing fits into memory, got a length that needs ${Math.ceil(end / 1e6)} MB`);
      }
    }
    this.next = end;
    return pointer;
  }
}

/** Index of the first value that is not a finite number, or -1. */
export function firstNonFinite(values: Samples): number {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

/** Coefficients divided by a[0], filled up with zeros to `count`. */
function normalised(coefficients: Samples, a: Samples, count: number): Float64Array {
  const result = new Float64Array(count);
  for (let index = 0; index < coefficients.length; index++) result[index] = coefficients[index]! / a[0]!;
  return result;
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
