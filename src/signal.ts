import { defaultPadlen, firstNonFinite, MAX_SAMPLES, type Samples, SignalEngine } from './signal-engine.js';
import { builtKernels, instantiateKernels } from './wasm.js';

const MAX_RATE = 2 ** 20;
const engine = /* @__PURE__ */ new SignalEngine((bytes) => instantiateKernels(builtKernels(), bytes));

/** Options of `filtfilt`. */
export interface FiltfiltOptions {
  /** Samples of odd padding at each end, 0 to x.length - 1. SciPy's default: 3 max(a.length, b.length). */
  padlen?: number | undefined;
  /** State of the filter for a step of height 1, f64[max(a.length, b.length) - 1]; computed like `scipy.signal.lfilter_zi` when absent. */
  zi?: Float64Array | undefined;
}

/**
 * Zero-phase filter: f64[n] -> f64[n] in the unit of `x`, filtered forwards and backwards with odd padding.
 * Source: `scipy.signal.filtfilt(b, a, x, padlen=padlen)`.
 * @param b numerator of the filter, 1 or more coefficients
 * @param a denominator; a[0] is not 0
 * @param x samples, more than `padlen` of them
 * @throws TypeError for something that is no array
 * @throws RangeError for a value that is not finite, too few samples, a filter with a pole at z = 1, a result that overflows (an unstable filter)
 */
export function filtfilt(b: Samples, a: Samples, x: Samples, options: FiltfiltOptions = {}): Float64Array {
  checkSamples('b', b);
  checkSamples('a', a);
  checkSamples('x', x);
  if (a[0] === 0) throw new RangeError('"a" expected a first coefficient other than 0, got 0');
  const { padlen = defaultPadlen({ b, a }), zi } = options;
  checkInteger('padlen', padlen, 0, MAX_SAMPLES);
  if (x.length <= padlen) throw new RangeError(`"x" expected more samples than padlen, which is ${padlen}, got ${x.length}`);
  if (zi !== undefined) checkState(zi, Math.max(b.length, a.length) - 1);
  return finite(run(() => engine.filtfilt({ b, a, zi }, x, padlen)));
}

/**
 * Fourier resampling: f64[n] -> f64[num] over the same duration, in the unit of `x`. The signal counts as periodic, so its ends meet.
 * Any two lengths from 1 to 2^23; large prime lengths take ten times as long.
 * Source: `scipy.signal.resample(x, num)`.
 * @throws TypeError for something that is no array
 * @throws RangeError for a value that is not finite, a length out of range, a result that overflows
 */
export function resample(x: Samples, num: number): Float64Array {
  checkSamples('x', x);
  checkInteger('num', num, 1, MAX_SAMPLES);
  return finite(run(() => engine.resample(x, num)));
}

/**
 * Polyphase resampling to up / down times the rate: f64[n] -> f64[ceil(n up / down)], in the unit of `x`. Beyond both ends it sees zeros.
 * Low-pass: 20 max(up, down) + 1 taps under a Kaiser window with beta 5, as SciPy's default.
 * Source: `scipy.signal.resample_poly(x, up, down)` in double precision (SciPy rounds the taps to the type of a float32 `x`).
 * @throws TypeError for something that is no array
 * @throws RangeError for a value that is not finite, `up` or `down` out of 1 to 2^20, a result that overflows or is longer than 2^23
 */
export function resamplePoly(x: Samples, up: number, down: number): Float64Array {
  checkSamples('x', x);
  checkInteger('up', up, 1, MAX_RATE);
  checkInteger('down', down, 1, MAX_RATE);
  if (x.length * up > MAX_SAMPLES * down) {
    throw new RangeError(`"up" expected at most ${MAX_SAMPLES} samples in the result, got ${Math.ceil((x.length * up) / down)}`);
  }
  const divisor = greatestCommonDivisor(up, down);
  if (up === down) return Float64Array.from(x);
  return finite(run(() => engine.resamplePoly(x, up / divisor, down / divisor)));
}

/**
 * f64[n] -> f64[n] without a unit: (x - mean) / standard deviation (ddof 0). Where that is 0 / 0 (a constant), and where the squares
 * overflow (beyond 1e150), all becomes 0.
 * Source: `scipy.stats.zscore(x)`, which gives NaN there.
 * @throws TypeError for something that is no array
 * @throws RangeError for a value that is not finite, and for no value at all
 */
export function zscore(x: Samples): Float64Array {
  checkSamples('x', x);
  return run(() => engine.zscore(x));
}

function run(work: () => Float64Array): Float64Array {
  try {
    return work();
  } finally {
    engine.trim();
  }
}

function finite(result: Float64Array): Float64Array {
  const index = firstNonFinite(result);
  if (index >= 0) throw new RangeError(`"x" expected values with a finite result, got an overflow at index ${index}`);
  return result;
}

function checkSamples(title: string, values: Samples): void {
  if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && !(values instanceof DataView))) {
    throw new TypeError(`"${title}" expected an array of numbers or a typed array, got ${values === null ? 'null' : typeof values}`);
  }
  if (values.length < 1 || values.length > MAX_SAMPLES) {
    throw new RangeError(`"${title}" expected 1 to ${MAX_SAMPLES} values, got ${values.length}`);
  }
  const index = firstNonFinite(values);
  if (index >= 0) throw new RangeError(`"${title}" expected finite numbers, got ${String(values[index])} at index ${index}`);
}

function checkState(zi: Float64Array, count: number): void {
  if (!(zi instanceof Float64Array)) throw new TypeError(`"zi" expected a Float64Array, got ${typeof zi}`);
  if (zi.length !== count) throw new RangeError(`"zi" expected ${count} values, got ${zi.length}`);
  const index = firstNonFinite(zi);
  if (index >= 0) throw new RangeError(`"zi" expected finite numbers, got ${zi[index]} at index ${index}`);
}

function checkInteger(title: string, value: number, least: number, most: number): void {
  if (typeof value !== 'number') throw new TypeError(`"${title}" expected an integer from ${least} to ${most}, got ${typeof value}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`"${title}" expected an integer from ${least} to ${most}, got ${value}`);
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
