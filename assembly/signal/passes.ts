import { sinTurn } from './turns';

// One pass of a self-sorting (Stockham) FFT splits off one factor: complex source [outer][radix][inner] -> target [radix][outer][inner],
// a transform over `radix`, then a twiddle exp(-2 pi i j column / (radix * inner)) for output j.
// Complex numbers are pairs of f64; twiddles stand as [inner][radix - 1]. The naming follows Temperton 1983, "Self-sorting mixed-radix FFTs".

/** target = (re + i im) * twiddle. */
function storeTwiddled(target: usize, re: f64, im: f64, twiddle: usize): void {
  const c = load<f64>(twiddle);
  const s = load<f64>(twiddle, 8);
  store<f64>(target, re * c - im * s);
  store<f64>(target, re * s + im * c, 8);
}

function storeComplex(target: usize, re: f64, im: f64): void {
  store<f64>(target, re);
  store<f64>(target, im, 8);
}

export function pass2(source: usize, target: usize, twiddles: usize, outer: i32, inner: i32): void {
  const row = (<usize>inner) << 4;
  const block = row * <usize>outer;
  for (; outer > 0; outer--) {
    let twiddle = twiddles;
    for (const end = source + row; source < end; source += 16) {
      const re0 = load<f64>(source);
      const im0 = load<f64>(source, 8);
      const re1 = load<f64>(source + row);
      const im1 = load<f64>(source + row, 8);
      storeComplex(target, re0 + re1, im0 + im1);
      storeTwiddled(target + block, re0 - re1, im0 - im1, twiddle);
      twiddle += 16;
      target += 16;
    }
    source += row;
  }
}

export function pass3(source: usize, target: usize, twiddles: usize, outer: i32, inner: i32): void {
  const sine = sinTurn(1, 3);
  const row = (<usize>inner) << 4;
  const block = row * <usize>outer;
  for (; outer > 0; outer--) {
    let twiddle = twiddles;
    for (const end = source + row; source < end; source += 16) {
      const re0 = load<f64>(source);
      const im0 = load<f64>(source, 8);
      const re1 = load<f64>(source + row);
      const im1 = load<f64>(source + row, 8);
      const re2 = load<f64>(source + 2 * row);
      const im2 = load<f64>(source + 2 * row, 8);
      const reSum = re1 + re2;
      const imSum = im1 + im2;
      const reEven = re0 - 0.5 * reSum;
      const imEven = im0 - 0.5 * imSum;
      const reOdd = sine * (re1 - re2);
      const imOdd = sine * (im1 - im2);
      storeComplex(target, re0 + reSum, im0 + imSum);
      storeTwiddled(target + block, reEven + imOdd, imEven - reOdd, twiddle);
      storeTwiddled(target + 2 * block, reEven - imOdd, imEven + reOdd, twiddle + 16);
      twiddle += 32;
      target += 16;
    }
    source += 2 * row;
  }
}

export function pass4(source: usize, target: usize, twiddles: usize, outer: i32, inner: i32): void {
  const row = (<usize>inner) << 4;
  const block = row * <usize>outer;
  for (; outer > 0; outer--) {
    let twiddle = twiddles;
    for (const end = source + row; source < end; source += 16) {
      const re0 = load<f64>(source);
      const im0 = load<f64>(source, 8);
      const re1 = load<f64>(source + row);
      const im1 = load<f64>(source + row, 8);
      const re2 = load<f64>(source + 2 * row);
      const im2 = load<f64>(source + 2 * row, 8);
      const re3 = load<f64>(source + 3 * row);
      const im3 = load<f64>(source + 3 * row, 8);
      const reEven = re0 + re2;
      const imEven = im0 + im2;
      const reOdd = re1 + re3;
      const imOdd = im1 + im3;
      const reEvenMinus = re0 - re2;
      const imEvenMinus = im0 - im2;
      const reOddMinus = re1 - re3;
      const imOddMinus = im1 - im3;
      storeComplex(target, reEven + reOdd, imEven + imOdd);
      storeTwiddled(target + block, reEvenMinus + imOddMinus, imEvenMinus - reOddMinus, twiddle);
      storeTwiddled(target + 2 * block, reEven - reOdd, imEven - imOdd, twiddle + 16);
      storeTwiddled(target + 3 * block, reEvenMinus - imOddMinus, imEvenMinus + reOddMinus, twiddle + 32);
      twiddle += 48;
      target += 16;
    }
    source += 3 * row;
  }
}

/**
 * Any odd prime. Overwrites `source`: sums and differences of the inputs q and radix - q take their places, so that the outputs j and
 * radix - j share their products. `roots`: complex [radix], exp(-2 pi i k / radix).
 */
export function passOdd(source: usize, target: usize, twiddles: usize, roots: usize, outer: i32, inner: i32, radix: i32): void {
  const row = (<usize>inner) << 4;
  const block = row * <usize>outer;
  for (; outer > 0; outer--) {
    let twiddle = twiddles;
    for (const end = source + row; source < end; source += 16) {
      sumAndDifference(source, target, row, radix);
      for (let j = 1; j <= radix >> 1; j++) {
        outputPair(source, target, twiddle, roots, row, block, j, radix);
      }
      twiddle += (<usize>radix - 1) << 4;
      target += 16;
    }
    source += (<usize>radix - 1) * row;
  }
}

/** Inputs q and radix - q become their sum and their difference; target 0 is the sum of all. */
function sumAndDifference(source: usize, target: usize, row: usize, radix: i32): void {
  let re = load<f64>(source);
  let im = load<f64>(source, 8);
  let upper = source + (<usize>radix - 1) * row;
  for (let lower = source + row; lower < upper; lower += row) {
    const reSum = load<f64>(lower) + load<f64>(upper);
    const imSum = load<f64>(lower, 8) + load<f64>(upper, 8);
    storeComplex(upper, load<f64>(lower) - load<f64>(upper), load<f64>(lower, 8) - load<f64>(upper, 8));
    storeComplex(lower, reSum, imSum);
    re += reSum;
    im += imSum;
    upper -= row;
  }
  storeComplex(target, re, im);
}

/** Outputs j and radix - j: x0 + sum of cos * sums, minus and plus i times the sum of sin * differences. */
function outputPair(source: usize, target: usize, twiddle: usize, roots: usize, row: usize, block: usize, j: i32, radix: i32): void {
  let reEven = load<f64>(source);
  let imEven = load<f64>(source, 8);
  let reOdd: f64 = 0;
  let imOdd: f64 = 0;
  let k = 0;
  let upper = source + (<usize>radix - 1) * row;
  for (let lower = source + row; lower < upper; lower += row) {
    k += j;
    if (k >= radix) k -= radix;
    const root = roots + ((<usize>k) << 4);
    const cosine = load<f64>(root);
    const sine = load<f64>(root, 8);
    reEven += cosine * load<f64>(lower);
    imEven += cosine * load<f64>(lower, 8);
    reOdd -= sine * load<f64>(upper);
    imOdd -= sine * load<f64>(upper, 8);
    upper -= row;
  }
  const mirror = <usize>(radix - j);
  storeTwiddled(target + <usize>j * block, reEven + imOdd, imEven - reOdd, twiddle + ((<usize>j - 1) << 4));
  storeTwiddled(target + mirror * block, reEven - imOdd, imEven + reOdd, twiddle + ((mirror - 1) << 4));
}
