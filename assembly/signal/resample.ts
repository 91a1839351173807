import { fft, fftPlan, fftPlanBytes, fftWorkLength } from './fft';
import { storeRoot } from './turns';

// Fourier resampling of real samples. An even length is transformed as half as many complex numbers (even samples real, odd ones imaginary)
// and put right with the roots exp(-2 pi i k / count); an odd length is transformed as it is.
// The plan of a length: roots complex [count / 4 + 1] (even lengths only), then the plan of its complex transform.

function transformLength(count: i32): i32 {
  return count & 1 ? count : count >> 1;
}

function rootBytes(count: i32): usize {
  return count & 1 ? 0 : (<usize>((count >> 2) + 1)) << 4;
}

/** Complex numbers in each work buffer: one more than the transform's, for the Nyquist bin. */
function workLength(count: i32): i32 {
  return fftWorkLength(transformLength(count)) + 1;
}

/** Bytes of the plan of one length, 1 to 2^23. */
export function f64_resample_plan_bytes(count: i32): usize {
  return rootBytes(count) + fftPlanBytes(transformLength(count));
}

/** Bytes of scratch for resampling `count` to `outputCount` samples, and for planning either length. */
export function f64_resample_scratch_bytes(count: i32, outputCount: i32): usize {
  return (<usize>max(workLength(count), workLength(outputCount))) << 5;
}

/** Writes the plan of one length. */
export function f64_resample_plan(plan: usize, scratch: usize, count: i32): void {
  for (let k = 0; !(count & 1) && k <= count >> 2; k++) storeRoot(plan + ((<usize>k) << 4), k, count);
  fftPlan(plan + rootBytes(count), scratch, scratch + ((<usize>workLength(count)) << 4), transformLength(count));
}

/**
 * f64[count] -> f64[outputCount], `scipy.signal.resample` of real samples: the spectrum is cut or filled with zeros.
 * `inputPlan`, `outputPlan`: plans of the two lengths, each 1 to 2^23.
 */
export function f64_resample(
  input: usize,
  inputPlan: usize,
  outputPlan: usize,
  output: usize,
  scratch: usize,
  count: i32,
  outputCount: i32,
): void {
  const other = scratch + ((<usize>max(workLength(count), workLength(outputCount))) << 4);
  const spectrum = count & 1 ? forwardOdd(input, inputPlan, scratch, other, count) : forwardEven(input, inputPlan, scratch, other, count);
  const shorter = min(count, outputCount);
  const bins = (shorter >> 1) + 1;
  if (!(shorter & 1) && count !== outputCount) {
    // The unpaired bin of the shorter length: two halves meet in it on the way down, and it is split in two on the way up.
    const nyquist = spectrum + ((<usize>(bins - 1)) << 4);
    const factor = outputCount < count ? 2 : 0.5;
    store<f64>(nyquist, load<f64>(nyquist) * factor);
    store<f64>(nyquist, load<f64>(nyquist, 8) * factor, 8);
  }
  const free = spectrum === scratch ? other : scratch;
  // SciPy's 1 / (count / outputCount) and the 1 / outputCount of its inverse transform in one.
  const scale = 1 / <f64>count;
  if (outputCount & 1) inverseOdd(spectrum, outputPlan, free, output, bins, outputCount, scale);
  else inverseEven(spectrum, outputPlan, free, output, bins, outputCount, scale);
}

function forwardOdd(input: usize, plan: usize, work: usize, other: usize, count: i32): usize {
  for (let k = 0; k < count; k++) {
    store<f64>(work + ((<usize>k) << 4), load<f64>(input + ((<usize>k) << 3)));
    store<f64>(work + ((<usize>k) << 4), 0, 8);
  }
  return fft(plan, work, other);
}

/** Spectrum [count / 2 + 1] of even-length real samples; the address of it is returned. */
function forwardEven(input: usize, plan: usize, work: usize, other: usize, count: i32): usize {
  memory.copy(work, input, (<usize>count) << 3);
  const spectrum = fft(plan + rootBytes(count), work, other);
  const half = (<usize>count) << 3;
  const re0 = load<f64>(spectrum);
  const im0 = load<f64>(spectrum, 8);
  store<f64>(spectrum, re0 + im0);
  store<f64>(spectrum, 0, 8);
  store<f64>(spectrum + half, re0 - im0);
  store<f64>(spectrum + half, 0, 8);
  for (let k: usize = 16; k <= half - k; k += 16) {
    const lower = spectrum + k;
    const upper = spectrum + half - k;
    const reEven = 0.5 * (load<f64>(lower) + load<f64>(upper));
    const imEven = 0.5 * (load<f64>(lower, 8) - load<f64>(upper, 8));
    const reOdd = 0.5 * (load<f64>(lower, 8) + load<f64>(upper, 8));
    const imOdd = 0.5 * (load<f64>(upper) - load<f64>(lower));
    const c = load<f64>(plan + k);
    const s = load<f64>(plan + k, 8);
    const re = reOdd * c - imOdd * s;
    const im = reOdd * s + imOdd * c;
    store<f64>(lower, reEven + re);
    store<f64>(lower, imEven + im, 8);
    store<f64>(upper, reEven - re);
    store<f64>(upper, im - imEven, 8);
  }
  return spectrum;
}

/** Bins above the kept ones are zeros; the first and the Nyquist bin of real samples have no imaginary part. */
function clearBins(spectrum: usize, bins: i32, outputCount: i32): void {
  const half = outputCount >> 1;
  store<f64>(spectrum, 0, 8);
  if (bins <= half) memory.fill(spectrum + ((<usize>bins) << 4), 0, (<usize>(half + 1 - bins)) << 4);
  else if (!(outputCount & 1)) store<f64>(spectrum + ((<usize>half) << 4), 0, 8);
}

function inverseOdd(spectrum: usize, plan: usize, work: usize, output: usize, bins: i32, outputCount: i32, scale: f64): void {
  clearBins(spectrum, bins, outputCount);
  store<f64>(work, load<f64>(spectrum));
  store<f64>(work, 0, 8);
  for (let k = 1; k <= outputCount >> 1; k++) {
    const bin = spectrum + ((<usize>k) << 4);
    const lower = work + ((<usize>k) << 4);
    const upper = work + ((<usize>(outputCount - k)) << 4);
    store<f64>(lower, load<f64>(bin));
    store<f64>(lower, -load<f64>(bin, 8), 8);
    store<f64>(upper, load<f64>(bin));
    store<f64>(upper, load<f64>(bin, 8), 8);
  }
  const samples = fft(plan, work, spectrum);
  for (let k = 0; k < outputCount; k++) {
    store<f64>(output + ((<usize>k) << 3), load<f64>(samples + ((<usize>k) << 4)) * scale);
  }
}

function inverseEven(spectrum: usize, plan: usize, work: usize, output: usize, bins: i32, outputCount: i32, scale: f64): void {
  clearBins(spectrum, bins, outputCount);
  const half = (<usize>outputCount) << 3;
  for (let k: usize = 0; k <= half - k; k += 16) {
    const lower = spectrum + k;
    const upper = spectrum + half - k;
    const reEven = load<f64>(lower) + load<f64>(upper);
    const imEven = load<f64>(lower, 8) - load<f64>(upper, 8);
    const reDifference = load<f64>(lower) - load<f64>(upper);
    const imDifference = load<f64>(lower, 8) + load<f64>(upper, 8);
    const c = load<f64>(plan + k);
    const s = load<f64>(plan + k, 8);
    const reOdd = reDifference * c + imDifference * s;
    const imOdd = imDifference * c - reDifference * s;
    // conj(even + i odd), and its mirror even - i odd.
    store<f64>(work + k, reEven - imOdd);
    store<f64>(work + k, -(imEven + reOdd), 8);
    store<f64>(work + half - k, reEven + imOdd);
    store<f64>(work + half - k, imEven - reOdd, 8);
  }
  const samples = fft(plan + rootBytes(outputCount), work, spectrum);
  for (let k: usize = 0; k < half; k += 16) {
    store<f64>(output + k, load<f64>(samples + k) * scale);
    store<f64>(output + k, -load<f64>(samples + k, 8) * scale, 8);
  }
}
