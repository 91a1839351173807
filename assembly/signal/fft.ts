import { pass2, pass3, pass4, passOdd } from './passes';
import { storeRoot } from './turns';

// Complex FFT of any length up to 2^23. A plan is one relocatable block:
//   i32 length, convolution length (0: direct), number of factors, factors;
//   direct: per factor the twiddles [inner][radix - 1], and for primes from 5 on the roots [radix];
//   Bluestein: chirp [length], kernel [convolution length], plan of the convolution length.
// Only the forward transform exists: the inverse is the conjugate of the forward transform of the conjugate.

const HEADER: usize = 128;
const FACTORS: usize = 12;

/** The factor to split off next: 4 before 2, then odd primes in rising order. */
function nextFactor(length: i32): i32 {
  if (!(length & 3)) return 4;
  if (!(length & 1)) return 2;
  for (let factor = 3; factor * factor <= length; factor += 2) {
    if (length % factor === 0) return factor;
  }
  return length;
}

/** Work of a direct transform, in arbitrary units: a pass of radix r touches each value, and does r products for it. */
function directCost(length: i32): f64 {
  let rest = length;
  let cost = 0;
  while (rest > 1) {
    const factor = nextFactor(rest);
    cost += factor <= 4 ? 4 : factor + 2;
    rest /= factor;
  }
  return <f64>cost * <f64>length;
}

/** The smallest 2^i 3^j that is at least `minimum`: the cheap passes only. */
function smoothLength(minimum: i32): i32 {
  let best = i32.MAX_VALUE;
  for (let threes = 1; threes < 3 * minimum; threes *= 3) {
    let candidate = threes;
    while (candidate < minimum) candidate <<= 1;
    best = min(best, candidate);
  }
  return best;
}

/** Length of the circular convolution where Bluestein's way is cheaper than the direct one, else 0. */
function convolutionLength(length: i32): i32 {
  if (length < 32) return 0;
  const padded = smoothLength(2 * length - 1);
  return 2 * directCost(padded) + 12 * <f64>padded < directCost(length) ? padded : 0;
}

function twiddleCount(radix: i32, inner: i32): usize {
  return <usize>(radix - 1) * <usize>inner + (radix > 4 ? <usize>radix : 0);
}

function directBytes(length: i32): usize {
  let count: usize = 0;
  for (let inner = length; inner > 1; ) {
    const radix = nextFactor(inner);
    inner /= radix;
    count += twiddleCount(radix, inner);
  }
  return HEADER + (count << 4);
}

/** Bytes of a plan. */
export function fftPlanBytes(length: i32): usize {
  const padded = convolutionLength(length);
  return padded ? HEADER + ((<usize>(length + padded)) << 4) + directBytes(padded) : directBytes(length);
}

/** Complex numbers that each of the two work buffers of a transform holds. */
export function fftWorkLength(length: i32): i32 {
  return max(length, convolutionLength(length));
}

function planDirect(plan: usize, length: i32): void {
  store<i32>(plan, length);
  store<i32>(plan, 0, 4);
  let count = 0;
  let root = plan + HEADER;
  for (let inner = length; inner > 1; count++) {
    const radix = nextFactor(inner);
    const turn = inner;
    inner /= radix;
    store<i32>(plan + FACTORS + ((<usize>count) << 2), radix);
    for (let column = 0; column < inner; column++) {
      for (let j = 1; j < radix; j++) {
        storeRoot(root, j * column, turn);
        root += 16;
      }
    }
    for (let k = 0; radix > 4 && k < radix; k++) {
      storeRoot(root, k, radix);
      root += 16;
    }
  }
  store<i32>(plan, count, 8);
}

/** Writes the plan of one length. `work`, `other`: complex [fftWorkLength(length)] each. */
export function fftPlan(plan: usize, work: usize, other: usize, length: i32): void {
  const padded = convolutionLength(length);
  if (padded) planBluestein(plan, work, other, length, padded);
  else planDirect(plan, length);
}

/** Complex [length] in `work` -> its discrete Fourier transform; the address of the result, `work` or `other`, is returned. */
export function fft(plan: usize, work: usize, other: usize): usize {
  return load<i32>(plan, 4) ? fftBluestein(plan, work, other) : fftDirect(plan, work, other);
}

function fftDirect(plan: usize, source: usize, target: usize): usize {
  const count = load<i32>(plan, 8);
  let twiddles = plan + HEADER;
  let outer = 1;
  let inner = load<i32>(plan);
  for (let factor = 0; factor < count; factor++) {
    const radix = load<i32>(plan + FACTORS + ((<usize>factor) << 2));
    inner /= radix;
    if (radix === 4) pass4(source, target, twiddles, outer, inner);
    else if (radix === 2) pass2(source, target, twiddles, outer, inner);
    else if (radix === 3) pass3(source, target, twiddles, outer, inner);
    else passOdd(source, target, twiddles, twiddles + ((<usize>(radix - 1)) << 4) * <usize>inner, outer, inner, radix);
    twiddles += twiddleCount(radix, inner) << 4;
    outer *= radix;
    const swap = source;
    source = target;
    target = swap;
  }
  return source;
}

// Bluestein 1970: with the chirp c[k] = exp(-i pi k^2 / length), X[k] = c[k] * sum of (x[j] c[j]) conj(c[k - j]): a convolution, which a
// longer transform of a friendly length does. It takes over where a large prime would cost its square.

function planBluestein(plan: usize, work: usize, other: usize, length: i32, padded: i32): void {
  store<i32>(plan, length);
  store<i32>(plan, padded, 4);
  const chirp = plan + HEADER;
  const kernel = chirp + ((<usize>length) << 4);
  const inner = kernel + ((<usize>padded) << 4);
  planDirect(inner, padded);
  memory.fill(work, 0, (<usize>padded) << 4);
  const scale = 1 / <f64>padded;
  let square = 0; // k^2 modulo 2 length, from one k to the next without a large product
  for (let k = 0; k < length; k++) {
    const offset = (<usize>k) << 4;
    storeRoot(chirp + offset, square, 2 * length);
    square = (square + 2 * k + 1) % (2 * length);
    const mirror = k ? (<usize>(padded - k)) << 4 : 0;
    const re = load<f64>(chirp + offset) * scale;
    const im = -load<f64>(chirp + offset, 8) * scale;
    store<f64>(work + offset, re);
    store<f64>(work + offset, im, 8);
    store<f64>(work + mirror, re);
    store<f64>(work + mirror, im, 8);
  }
  memory.copy(kernel, fftDirect(inner, work, other), (<usize>padded) << 4);
}

/** values *= factors, complex [count]; -1 in `before` conjugates the values first, -1 in `after` the product. */
function multiply(values: usize, factors: usize, count: i32, before: f64, after: f64): void {
  for (const end = values + ((<usize>count) << 4); values < end; values += 16) {
    const re = load<f64>(values);
    const im = load<f64>(values, 8) * before;
    const c = load<f64>(factors);
    const s = load<f64>(factors, 8);
    store<f64>(values, re * c - im * s);
    store<f64>(values, (re * s + im * c) * after, 8);
    factors += 16;
  }
}

function fftBluestein(plan: usize, work: usize, other: usize): usize {
  const length = load<i32>(plan);
  const padded = load<i32>(plan, 4);
  const chirp = plan + HEADER;
  const kernel = chirp + ((<usize>length) << 4);
  const inner = kernel + ((<usize>padded) << 4);
  multiply(work, chirp, length, 1, 1);
  memory.fill(work + ((<usize>length) << 4), 0, (<usize>(padded - length)) << 4);
  const spectrum = fftDirect(inner, work, other);
  multiply(spectrum, kernel, padded, 1, -1);
  const result = fftDirect(inner, spectrum, spectrum === work ? other : work);
  multiply(result, chirp, length, -1, 1);
  return result;
}
