// The integer twin of gemm.ts: int16 activations, int8 weights widened to int16 at load, exact int32 sums.
// Weights are packed by src/quantized.ts as [ceil(N / 8)][ceil(K / 2)][8 columns][2], odd K and the last panel padded with zeros.
// The caller bounds the activations so that no sum of K products leaves int32 (docs/design.md).

const PANEL: i32 = 8;
const GROUP: i32 = 4;

// How the rows of the input lie, as the size of a class: bytes from one pair of a row to its next. The compiler makes a loop of its own for each.
class Plain {
  row: i32;
}
class Interleaved extends Plain {
  row1: i32;
  row2: i32;
  row3: i32;
}

/**
 * output f32[M x N] = f32(input i16[M x K] weights i16[K x N]) * scale f32[N] + bias f32[N] (+ residual f32[M x N] when its address is not 0).
 * Three float operations each output, in this order; the sum itself is exact. Strides as in f32_gemm; one element behind the last input row
 * may be read (and is multiplied by zero) when K is odd.
 */
export function qs16_qc8w_gemm(
  input: usize,
  weights: usize,
  scale: usize,
  bias: usize,
  residual: usize,
  output: usize,
  rows: i32,
  inner: i32,
  columns: i32,
  inputStride: i32,
  outputStride: i32,
): void {
  gemm<Plain>(input, weights, scale, bias, residual, output, rows, inner, columns, inputStride, outputStride);
}

/**
 * As qs16_qc8w_gemm, with the input as f32_qs16_quantize_rows leaves it: groups of four rows, [K / 2][4][2] each, and the rows that fill no group as
 * they are. K is even. One address in place of four is 7 % faster (measured).
 */
export function qs16x4_qc8w_gemm(
  input: usize,
  weights: usize,
  scale: usize,
  bias: usize,
  residual: usize,
  output: usize,
  rows: i32,
  inner: i32,
  columns: i32,
  outputStride: i32,
): void {
  gemm<Interleaved>(input, weights, scale, bias, residual, output, rows, inner, columns, inner, outputStride);
}

function gemm<T>(
  input: usize,
  weights: usize,
  scale: usize,
  bias: usize,
  residual: usize,
  output: usize,
  rows: i32,
  inner: i32,
  columns: i32,
  inputStride: i32,
  outputStride: i32,
): void {
  const pairs = (inner + 1) >> 1;
  const inputBytes = (<usize>inputStride) << 1;
  const outputBytes = (<usize>outputStride) << 2;
  const panelBytes = (<usize>(pairs * PANEL)) << 2;
  let column = 0;
  if (ASC_FEATURE_SIMD) {
    for (; column + PANEL <= columns; column += PANEL) {
      const panel = weights + <usize>(column / PANEL) * panelBytes;
      const at = (<usize>column) << 2;
      const add = residual ? residual + at : 0;
      panelRows<T>(input, panel, scale + at, bias + at, add, output + at, rows, panelBytes, inputBytes, outputBytes);
    }
  }
  const grouped = offsetof<T>() == offsetof<Interleaved>() ? rows & ~(GROUP - 1) : 0;
  for (; column < columns; column++) {
    const panel = weights + <usize>(column / PANEL) * panelBytes + ((<usize>(column % PANEL)) << 2);
    const at = (<usize>column) << 2;
    for (let row = 0; row < rows; row++) {
      const skip = <usize>row * outputBytes + at;
      const inGroup = row < grouped ? row % GROUP : 0;
      const from = input + <usize>(row - inGroup) * inputBytes + ((<usize>inGroup) << 2);
      const sum = qdot(from, panel, pairs, row < grouped ? offsetof<Interleaved>() : offsetof<Plain>());
      let y = <f32>sum * load<f32>(scale + at) + load<f32>(bias + at);
      if (residual) y += load<f32>(residual + skip);
      store<f32>(output + skip, y);
    }
  }
}

/** All rows of eight columns, four at a time: a call for each four rows costs a tenth of the time (measured). */
function panelRows<T>(
  input: usize,
  weights: usize,
  scale: usize,
  bias: usize,
  residual: usize,
  output: usize,
  rows: i32,
  panelBytes: usize,
  inputBytes: usize,
  outputBytes: usize,
): void {
  const end = weights + panelBytes;
  for (; rows >= 4; rows -= 4) {
    let vacc0x0123 = i32x4.splat(0);
    let vacc0x4567 = vacc0x0123;
    let vacc1x0123 = vacc0x0123;
    let vacc1x4567 = vacc0x0123;
    let vacc2x0123 = vacc0x0123;
    let vacc2x4567 = vacc0x0123;
    let vacc3x0123 = vacc0x0123;
    let vacc3x4567 = vacc0x0123;
    let input0 = input;
    let input1 = input0 + inputBytes;
    let input2 = input1 + inputBytes;
    let input3 = input2 + inputBytes;
    for (let panel = weights; panel < end; panel += 32) {
      const vb0123 = v128.load(panel);
      const vb4567 = v128.load(panel, 16);
      const va0 = v128.load32_splat(input0);
      const va1 = offsetof<T>() == offsetof<Plain>() ? v128.load32_splat(input1) : v128.load32_splat(input0, 4);
      const va2 = offsetof<T>() == offsetof<Plain>() ? v128.load32_splat(input2) : v128.load32_splat(input0, 8);
      const va3 = offsetof<T>() == offsetof<Plain>() ? v128.load32_splat(input3) : v128.load32_splat(input0, 12);
      vacc0x0123 = i32x4.add(vacc0x0123, i32x4.dot_i16x8_s(va0, vb0123));
      vacc0x4567 = i32x4.add(vacc0x4567, i32x4.dot_i16x8_s(va0, vb4567));
      vacc1x0123 = i32x4.add(vacc1x0123, i32x4.dot_i16x8_s(va1, vb0123));
      vacc1x4567 = i32x4.add(vacc1x4567, i32x4.dot_i16x8_s(va1, vb4567));
      vacc2x0123 = i32x4.add(vacc2x0123, i32x4.dot_i16x8_s(va2, vb0123));
      vacc2x4567 = i32x4.add(vacc2x4567, i32x4.dot_i16x8_s(va2, vb4567));
      vacc3x0123 = i32x4.add(vacc3x0123, i32x4.dot_i16x8_s(va3, vb0123));
      vacc3x4567 = i32x4.add(vacc3x4567, i32x4.dot_i16x8_s(va3, vb4567));
      input0 += offsetof<T>();
      input1 += 4;
      input2 += 4;
      input3 += 4;
    }
    storeScaled(output, scale, bias, residual, vacc0x0123, vacc0x4567);
    storeScaled(output + outputBytes, scale, bias, residual ? residual + outputBytes : 0, vacc1x0123, vacc1x4567);
    storeScaled(output + 2 * outputBytes, scale, bias, residual ? residual + 2 * outputBytes : 0, vacc2x0123, vacc2x4567);
    storeScaled(output + 3 * outputBytes, scale, bias, residual ? residual + 3 * outputBytes : 0, vacc3x0123, vacc3x4567);
    input += 4 * inputBytes;
    output += 4 * outputBytes;
    if (residual) residual += 4 * outputBytes;
  }
  for (; rows > 0; rows--) {
    let vacc0123 = i32x4.splat(0);
    let vacc4567 = vacc0123;
    let from = input;
    for (let panel = weights; panel < end; panel += 32) {
      const va = v128.load32_splat(from);
      vacc0123 = i32x4.add(vacc0123, i32x4.dot_i16x8_s(va, v128.load(panel)));
      vacc4567 = i32x4.add(vacc4567, i32x4.dot_i16x8_s(va, v128.load(panel, 16)));
      from += 4;
    }
    storeScaled(output, scale, bias, residual, vacc0123, vacc4567);
    input += inputBytes;
    output += outputBytes;
    if (residual) residual += outputBytes;
  }
}

function storeScaled(output: usize, scale: usize, bias: usize, residual: usize, vacc0123: v128, vacc4567: v128): void {
  let vy0123 = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(vacc0123), v128.load(scale)), v128.load(bias));
  let vy4567 = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(vacc4567), v128.load(scale, 16)), v128.load(bias, 16));
  if (residual) {
    vy0123 = f32x4.add(vy0123, v128.load(residual));
    vy4567 = f32x4.add(vy4567, v128.load(residual, 16));
  }
  v128.store(output, vy0123);
  v128.store(output, vy4567, 16);
}

/** Exact sum of one row and one column, two products a step; `step` bytes from one pair of the row to its next. */
function qdot(input: usize, panel: usize, pairs: i32, step: usize): i32 {
  let sum = 0;
  for (let pair = 0; pair < pairs; pair++) {
    sum += <i32>load<i16>(input) * <i32>load<i16>(panel) + <i32>load<i16>(input, 2) * <i32>load<i16>(panel, 2);
    input += step;
    panel += 32;
  }
  return sum;
}
