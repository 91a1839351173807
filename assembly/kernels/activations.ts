// Elementwise functions. Every lane does the operations of the scalar tail in the same order, so both variants give the same bits.
// Coefficients: `python -m training.approximations` (largest error of exp 8e-8 relative, of erf 3.5e-7 absolute, in float32).

const LEAKY_SLOPE: f32 = 0.01;

const LOG2_E: f32 = 1.44269504088896341;
// ln 2 in two parts: the first has few enough bits that n * LN2_HIGH is exact.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
// Softmax weights below e^-60 change no sum. Smaller ones would make subnormal products, which processors compute a hundred times slower.
const EXP_SMALLEST: f32 = -60;
const EXP_C2: f32 = 0.4999999403953552;
const EXP_C3: f32 = 0.1666652113199234;
const EXP_C4: f32 = 0.04166838899254799;
const EXP_C5: f32 = 0.008368710055947304;
const EXP_C6: f32 = 0.001381461275741458;

// erf(x) = x P(x^2) / Q(x^2) up to the limit, where it rounds to 1. The quotient overshoots 1 by a few units in the last place, which a large
// negative input of GELU would multiply: hence the second clamp.
const ERF_LIMIT: f32 = 3.925;
const ERF_P0: f32 = 1.1283791065216064;
const ERF_P1: f32 = 0.20036424696445465;
const ERF_P2: f32 = 0.050631083548069;
const ERF_P3: f32 = 0.003719131927937269;
const ERF_P4: f32 = 0.00014216928684618324;
const ERF_P5: f32 = -1.9565636648621876e-6;
const ERF_P6: f32 = 1.986921027707922e-8;
const ERF_Q1: f32 = 0.5108998417854309;
const ERF_Q2: f32 = 0.11517959833145142;
const ERF_Q3: f32 = 0.014389938674867153;
const ERF_Q4: f32 = 0.0009599530603736639;

const SQRT_HALF: f32 = 0.70710678118654752;

/** f32[count] in place: max(x, 0). */
export function f32_relu(values: usize, count: i32): void {
  const end = values + ((<usize>count) << 2);
  if (ASC_FEATURE_SIMD) {
    const vzero = f32x4.splat(0);
    for (; values + 16 <= end; values += 16) {
      v128.store(values, f32x4.pmax(vzero, v128.load(values)));
    }
  }
  for (; values < end; values += 4) {
    const x = load<f32>(values);
    store<f32>(values, 0 < x ? x : 0);
  }
}

/** f32[count] in place: x for x > 0, else 0.01 x. */
export function f32_leaky_relu(values: usize, count: i32): void {
  const end = values + ((<usize>count) << 2);
  if (ASC_FEATURE_SIMD) {
    const vslope = f32x4.splat(LEAKY_SLOPE);
    for (; values + 16 <= end; values += 16) {
      const vx = v128.load(values);
      // The larger of x and 0.01 x is x itself exactly when x > 0.
      v128.store(values, f32x4.pmax(f32x4.mul(vx, vslope), vx));
    }
  }
  for (; values < end; values += 4) {
    const x = load<f32>(values);
    const scaled = x * LEAKY_SLOPE;
    store<f32>(values, scaled < x ? x : scaled);
  }
}

/** f32[count] in place: x (1 + erf(x / sqrt 2)) / 2, the exact (not the tanh) GELU. */
export function f32_gelu(values: usize, count: i32): void {
  const end = values + ((<usize>count) << 2);
  if (ASC_FEATURE_SIMD) {
    for (; values + 16 <= end; values += 16) {
      const vx = v128.load(values);
      const verf = erf4(f32x4.mul(vx, f32x4.splat(SQRT_HALF)));
      v128.store(values, f32x4.mul(f32x4.mul(vx, f32x4.splat(0.5)), f32x4.add(verf, f32x4.splat(1))));
    }
  }
  for (; values < end; values += 4) {
    const x = load<f32>(values);
    store<f32>(values, x * 0.5 * (erf(x * SQRT_HALF) + 1));
  }
}

/** f32[count] in place: softmax. The sum runs in index order in both variants. */
export function f32_softmax(values: usize, count: i32): void {
  const end = values + ((<usize>count) << 2);
  let largest = load<f32>(values);
  for (let at = values + 4; at < end; at += 4) {
    const x = load<f32>(at);
    largest = largest < x ? x : largest;
  }
  let at = values;
  if (ASC_FEATURE_SIMD) {
    const vlargest = f32x4.splat(largest);
    for (; at + 16 <= end; at += 16) v128.store(at, exp4(f32x4.sub(v128.load(at), vlargest)));
  }
  for (; at < end; at += 4) store<f32>(at, exp(load<f32>(at) - largest));
  let sum: f32 = 0;
  for (at = values; at < end; at += 4) sum += load<f32>(at);
  const inverse: f32 = 1 / sum;
  for (at = values; at < end; at += 4) store<f32>(at, load<f32>(at) * inverse);
}

/** Logistic function of one logit, in double precision: 1 / (1 + e^-x). */
export function f64_sigmoid(x: f64): f64 {
  return 1 / (1 + Math.exp(-x));
}

/** e^x for x <= 0. */
function exp(x: f32): f32 {
  x = x < EXP_SMALLEST ? EXP_SMALLEST : x;
  const n = nearest(x * LOG2_E);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  const y = (((EXP_C6 * r + EXP_C5) * r + EXP_C4) * r + EXP_C3) * r + EXP_C2;
  return (y * r * r + r + 1) * reinterpret<f32>((<i32>n + 127) << 23);
}

function exp4(vx: v128): v128 {
  vx = f32x4.pmax(vx, f32x4.splat(EXP_SMALLEST));
  const vn = f32x4.nearest(f32x4.mul(vx, f32x4.splat(LOG2_E)));
  const vr = f32x4.sub(f32x4.sub(vx, f32x4.mul(vn, f32x4.splat(LN2_HIGH))), f32x4.mul(vn, f32x4.splat(LN2_LOW)));
  let vy = f32x4.add(f32x4.mul(f32x4.splat(EXP_C6), vr), f32x4.splat(EXP_C5));
  vy = f32x4.add(f32x4.mul(vy, vr), f32x4.splat(EXP_C4));
  vy = f32x4.add(f32x4.mul(vy, vr), f32x4.splat(EXP_C3));
  vy = f32x4.add(f32x4.mul(vy, vr), f32x4.splat(EXP_C2));
  vy = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(vy, vr), vr), vr), f32x4.splat(1));
  const vpower = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(vn), i32x4.splat(127)), 23);
  return f32x4.mul(vy, vpower);
}

function erf(x: f32): f32 {
  x = x < -ERF_LIMIT ? -ERF_LIMIT : x;
  x = ERF_LIMIT < x ? ERF_LIMIT : x;
  const s = x * x;
  const p = (((((ERF_P6 * s + ERF_P5) * s + ERF_P4) * s + ERF_P3) * s + ERF_P2) * s + ERF_P1) * s + ERF_P0;
  const q = (((ERF_Q4 * s + ERF_Q3) * s + ERF_Q2) * s + ERF_Q1) * s + 1;
  const y = (x * p) / q;
  return y < -1 ? -1 : 1 < y ? 1 : y;
}

function erf4(vx: v128): v128 {
  vx = f32x4.pmax(vx, f32x4.splat(-ERF_LIMIT));
  vx = f32x4.pmin(vx, f32x4.splat(ERF_LIMIT));
  const vs = f32x4.mul(vx, vx);
  let vp = f32x4.add(f32x4.mul(f32x4.splat(ERF_P6), vs), f32x4.splat(ERF_P5));
  vp = f32x4.add(f32x4.mul(vp, vs), f32x4.splat(ERF_P4));
  vp = f32x4.add(f32x4.mul(vp, vs), f32x4.splat(ERF_P3));
  vp = f32x4.add(f32x4.mul(vp, vs), f32x4.splat(ERF_P2));
  vp = f32x4.add(f32x4.mul(vp, vs), f32x4.splat(ERF_P1));
  vp = f32x4.add(f32x4.mul(vp, vs), f32x4.splat(ERF_P0));
  let vq = f32x4.add(f32x4.mul(f32x4.splat(ERF_Q4), vs), f32x4.splat(ERF_Q3));
  vq = f32x4.add(f32x4.mul(vq, vs), f32x4.splat(ERF_Q2));
  vq = f32x4.add(f32x4.mul(vq, vs), f32x4.splat(ERF_Q1));
  vq = f32x4.add(f32x4.mul(vq, vs), f32x4.splat(1));
  const vy = f32x4.div(f32x4.mul(vx, vp), vq);
  return f32x4.pmin(f32x4.pmax(vy, f32x4.splat(-1)), f32x4.splat(1));
}
