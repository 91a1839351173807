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

// The numbers again, for the vector loops: engines build a vector constant anew at every use, with three instructions, where a load is one.
// The table's address is read from memory, too: so it is a register, where a constant costs an instruction at each load (measured).
const EXP_TABLE = memory.data<f32>([EXP_SMALLEST, LOG2_E, LN2_HIGH, LN2_LOW, EXP_C2, EXP_C3, EXP_C4, EXP_C5, EXP_C6, 1, 12582912 + 127]);
const EXP_TABLE_ADDRESS = memory.data<usize>([EXP_TABLE]);

// GELU(x) = x (1/2 + x P(x^2) / Q(x^2)) up to the limits, where erf rounds to 1. The quotient overshoots 1/2 there by a few units in the last place,
// which a large negative x would multiply: hence the first factor has the lower limit too.
const GELU_LIMIT: f32 = 5.550788402557373;
const GELU_P0: f32 = 0.1994711309671402;
const GELU_P1: f32 = 0.017709864303469658;
const GELU_P2: f32 = 0.00223759887740016;
const GELU_P3: f32 = 8.218198490794748e-5;
const GELU_P4: f32 = 1.570763515701401e-6;
const GELU_P5: f32 = -1.0808588690736087e-8;
const GELU_P6: f32 = 5.48814570178191e-11;
const GELU_Q0: f32 = 0.5;
const GELU_Q1: f32 = 0.12772496044635773;
const GELU_Q2: f32 = 0.014397449791431427;
const GELU_Q3: f32 = 0.0008993711671791971;
const GELU_Q4: f32 = 2.9998533136676997e-5;

const GELU_TABLE = memory.data<f32>([
  -GELU_LIMIT,
  GELU_LIMIT,
  GELU_P0,
  GELU_P1,
  GELU_P2,
  GELU_P3,
  GELU_P4,
  GELU_P5,
  GELU_P6,
  GELU_Q0,
  GELU_Q1,
  GELU_Q2,
  GELU_Q3,
  GELU_Q4,
]);
const GELU_TABLE_ADDRESS = memory.data<usize>([GELU_TABLE]);

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
    const table = load<usize>(GELU_TABLE_ADDRESS);
    for (; values + 16 <= end; values += 16) v128.store(values, gelu4(v128.load(values), table));
  }
  for (; values < end; values += 4) store<f32>(values, gelu(load<f32>(values)));
}

/**
 * f32[count] in place: softmax. The sum runs in index order in both variants. There is room for a multiple of four values; those behind
 * `count` become 0.
 */
export function f32_softmax(values: usize, count: i32): void {
  const end = values + ((<usize>count) << 2);
  const whole = values + ((<usize>((count + 3) & ~3)) << 2);
  let largest = load<f32>(values);
  for (let at = values + 4; at < end; at += 4) {
    const x = load<f32>(at);
    largest = largest < x ? x : largest;
  }
  for (let at = end; at < whole; at += 4) store<f32>(at, largest);
  if (ASC_FEATURE_SIMD) {
    const vlargest = f32x4.splat(largest);
    const table = load<usize>(EXP_TABLE_ADDRESS);
    for (let at = values; at < whole; at += 16) v128.store(at, exp4(f32x4.sub(v128.load(at), vlargest), table));
  } else {
    for (let at = values; at < end; at += 4) store<f32>(at, exp(load<f32>(at) - largest));
  }
  for (let at = end; at < whole; at += 4) store<f32>(at, 0);
  let sum: f32 = 0;
  for (let at = values; at < end; at += 4) sum += load<f32>(at);
  const inverse: f32 = 1 / sum;
  if (ASC_FEATURE_SIMD) {
    const vinverse = f32x4.splat(inverse);
    for (let at = values; at < whole; at += 16) v128.store(at, f32x4.mul(v128.load(at), vinverse));
  } else {
    for (let at = values; at < end; at += 4) store<f32>(at, load<f32>(at) * inverse);
  }
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

function exp4(vx: v128, table: usize): v128 {
  vx = f32x4.pmax(vx, v128.load32_splat(table));
  const vn = f32x4.nearest(f32x4.mul(vx, v128.load32_splat(table, 4)));
  const vhigh = f32x4.mul(vn, v128.load32_splat(table, 8));
  const vlow = f32x4.mul(vn, v128.load32_splat(table, 12));
  const vr = f32x4.sub(f32x4.sub(vx, vhigh), vlow);
  let vy = f32x4.add(f32x4.mul(v128.load32_splat(table, 32), vr), v128.load32_splat(table, 28));
  vy = f32x4.add(f32x4.mul(vy, vr), v128.load32_splat(table, 24));
  vy = f32x4.add(f32x4.mul(vy, vr), v128.load32_splat(table, 20));
  vy = f32x4.add(f32x4.mul(vy, vr), v128.load32_splat(table, 16));
  vy = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(vy, vr), vr), vr), v128.load32_splat(table, 36));
  // The low bits of n + 127 + 1.5 * 2^23 are n + 127 (quantize.ts); the others leave with the shift.
  return f32x4.mul(vy, i32x4.shl(f32x4.add(vn, v128.load32_splat(table, 40)), 23));
}

// Both polynomials by pairs (Estrin): nearly as many operations as one after the other, but they wait for each other half as long.

function gelu(x: f32): f32 {
  x = x < -GELU_LIMIT ? -GELU_LIMIT : x;
  const z = GELU_LIMIT < x ? GELU_LIMIT : x;
  const s = z * z;
  const s2 = s * s;
  const s4 = s2 * s2;
  const p0123 = (GELU_P3 * s + GELU_P2) * s2 + (GELU_P1 * s + GELU_P0);
  const p456 = GELU_P6 * s2 + (GELU_P5 * s + GELU_P4);
  const q0123 = (GELU_Q3 * s + GELU_Q2) * s2 + (GELU_Q1 * s + GELU_Q0);
  return x * ((z * (p456 * s4 + p0123)) / (GELU_Q4 * s4 + q0123) + GELU_Q0);
}

function gelu4(vx: v128, table: usize): v128 {
  vx = f32x4.pmax(vx, v128.load32_splat(table));
  const vz = f32x4.pmin(vx, v128.load32_splat(table, 4));
  const vs = f32x4.mul(vz, vz);
  const vs2 = f32x4.mul(vs, vs);
  const vs4 = f32x4.mul(vs2, vs2);
  const vhalf = v128.load32_splat(table, 36);
  const vp01 = f32x4.add(f32x4.mul(v128.load32_splat(table, 12), vs), v128.load32_splat(table, 8));
  const vp23 = f32x4.add(f32x4.mul(v128.load32_splat(table, 20), vs), v128.load32_splat(table, 16));
  const vp45 = f32x4.add(f32x4.mul(v128.load32_splat(table, 28), vs), v128.load32_splat(table, 24));
  const vp456 = f32x4.add(f32x4.mul(v128.load32_splat(table, 32), vs2), vp45);
  const vp = f32x4.add(f32x4.mul(vp456, vs4), f32x4.add(f32x4.mul(vp23, vs2), vp01));
  const vq01 = f32x4.add(f32x4.mul(v128.load32_splat(table, 40), vs), vhalf);
  const vq23 = f32x4.add(f32x4.mul(v128.load32_splat(table, 48), vs), v128.load32_splat(table, 44));
  const vq = f32x4.add(f32x4.mul(v128.load32_splat(table, 52), vs4), f32x4.add(f32x4.mul(vq23, vs2), vq01));
  return f32x4.mul(vx, f32x4.add(f32x4.div(f32x4.mul(vz, vp), vq), vhalf));
}
