import { sum } from './sum';

// b, a: f64[taps] with taps >= 2 and a[0] = 1 (the shorter one filled up with zeros); zi: f64[taps - 1].

/**
 * Steady state of the filter for a step of height 1, `scipy.signal.lfilter_zi`. Returns 0 when there is none (a pole at z = 1), else 1.
 * The explicit solution that SciPy's source gives beside its linear solver: the first state is the gain at zero frequency minus b[0], and
 * with compensated sums it is good to the last bits, where the solver loses half of them on a narrow band-pass.
 */
export function f64_lfilter_zi(b: usize, a: usize, zi: usize, taps: i32): i32 {
  const denominator = sum(a, taps);
  if (denominator === 0) return 0;
  const b0 = load<f64>(b);
  const first = sum(b, taps) / denominator - b0;
  store<f64>(zi, first);
  let poles = load<f64>(a);
  let zeros: f64 = 0;
  for (let k = 1; k < taps - 1; k++) {
    const offset = (<usize>k) << 3;
    poles += load<f64>(a + offset);
    zeros += load<f64>(b + offset) - load<f64>(a + offset) * b0;
    store<f64>(zi + offset, poles * first - zeros);
  }
  return 1;
}

/** f64[n] -> f64[padlen + n + padlen], reflected through the first and the last sample (`scipy.signal`'s odd extension). */
function oddExtend(input: usize, extended: usize, n: i32, padlen: i32): void {
  const last = input + ((<usize>n - 1) << 3);
  const middle = extended + ((<usize>padlen) << 3);
  const after = middle + ((<usize>n) << 3);
  memory.copy(middle, input, (<usize>n) << 3);
  for (let k = 1; k <= padlen; k++) {
    const offset = (<usize>k) << 3;
    store<f64>(middle - offset, 2 * load<f64>(input) - load<f64>(input + offset));
    store<f64>(after + offset - 8, 2 * load<f64>(last) - load<f64>(last - offset));
  }
}

/** One pass in place over `n` samples from `sample` on, `step` bytes apart: transposed direct form II, in the order of SciPy's `lfilter`. */
function filterPass(b: usize, a: usize, zi: usize, state: usize, sample: usize, step: isize, n: i32, taps: i32): void {
  const start = load<f64>(sample);
  const lastState = (<usize>taps - 2) << 3;
  for (let offset: usize = 0; offset <= lastState; offset += 8) store<f64>(state + offset, load<f64>(zi + offset) * start);
  const b0 = load<f64>(b);
  for (; n > 0; n--) {
    const x = load<f64>(sample);
    const y = load<f64>(state) + b0 * x;
    for (let offset: usize = 0; offset < lastState; offset += 8) {
      store<f64>(state + offset, load<f64>(state + offset, 8) + x * load<f64>(b + offset, 8) - y * load<f64>(a + offset, 8));
    }
    store<f64>(state + lastState, x * load<f64>(b + lastState, 8) - y * load<f64>(a + lastState, 8));
    store<f64>(sample, y);
    sample += step;
  }
}

/**
 * Zero-phase filter, `scipy.signal.filtfilt` with odd padding: f64[n] -> f64[n], n > padlen; `output` may be `input`.
 * `scratch` holds taps - 1 + n + 2 padlen doubles.
 */
export function f64_filtfilt(
  b: usize,
  a: usize,
  zi: usize,
  input: usize,
  output: usize,
  scratch: usize,
  taps: i32,
  n: i32,
  padlen: i32,
): void {
  const extended = scratch + ((<usize>taps - 1) << 3);
  const count = n + 2 * padlen;
  oddExtend(input, extended, n, padlen);
  filterPass(b, a, zi, scratch, extended, 8, count, taps);
  filterPass(b, a, zi, scratch, extended + ((<usize>count - 1) << 3), -8, count, taps);
  memory.copy(output, extended + ((<usize>padlen) << 3), (<usize>n) << 3);
}
