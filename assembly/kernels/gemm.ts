// Row-major matrices. M rows, K inner, N columns. Each output is bias + sum over k in index order, in both variants.
// Weights are packed by src/pack.ts as [ceil(N / 8)][K][8], the last panel padded with zeros.

const PANEL: i32 = 8;

/**
 * output[M x N] = input[M x K] weights[K x N] + bias[N] (+ residual[M x N] when its address is not 0). output may be the residual.
 * Rows of input, residual and output begin `…Stride` elements apart; input rows may overlap (a convolution along time is such a product).
 */
export function f32_gemm(
  input: usize,
  weights: usize,
  bias: usize,
  residual: usize,
  output: usize,
  rows: i32,
  inner: i32,
  columns: i32,
  inputStride: i32,
  outputStride: i32,
): void {
  const inputBytes = (<usize>inputStride) << 2;
  const outputBytes = (<usize>outputStride) << 2;
  const panelBytes = (<usize>(inner * PANEL)) << 2;
  let column = 0;
  if (ASC_FEATURE_SIMD) {
    for (; column + PANEL <= columns; column += PANEL) {
      const panel = weights + <usize>(column / PANEL) * panelBytes;
      const at = (<usize>column) << 2;
      const add = residual ? residual + at : 0;
      panelRows(input, panel, bias + at, add, output + at, rows, panelBytes, inputBytes, outputBytes);
    }
  }
  // Columns that fill no panel; all columns of the scalar binary. Four at a time while a panel has four.
  while (column < columns) {
    const lane = column % PANEL;
    const four = column + 4 <= columns && lane <= 4;
    const panel = weights + <usize>(column / PANEL) * panelBytes + ((<usize>lane) << 2);
    const at = (<usize>column) << 2;
    for (let row = 0; row < rows; row++) {
      const skip = <usize>row * outputBytes + at;
      const from = input + <usize>row * inputBytes;
      const add = residual ? residual + skip : 0;
      if (four) gemm1x4(from, panel, bias + at, add, output + skip, inner);
      else gemm1x1(from, panel, bias + at, add, output + skip, inner);
    }
    column += four ? 4 : 1;
  }
}

/** All rows of eight columns, four at a time. */
function panelRows(
  input: usize,
  weights: usize,
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
    let vacc0x0123 = v128.load(bias);
    let vacc0x4567 = v128.load(bias, 16);
    let vacc1x0123 = vacc0x0123;
    let vacc1x4567 = vacc0x4567;
    let vacc2x0123 = vacc0x0123;
    let vacc2x4567 = vacc0x4567;
    let vacc3x0123 = vacc0x0123;
    let vacc3x4567 = vacc0x4567;
    let input0 = input;
    let input1 = input0 + inputBytes;
    let input2 = input1 + inputBytes;
    let input3 = input2 + inputBytes;
    for (let panel = weights; panel < end; panel += 32) {
      const vb0123 = v128.load(panel);
      const vb4567 = v128.load(panel, 16);
      const va0 = v128.load32_splat(input0);
      const va1 = v128.load32_splat(input1);
      const va2 = v128.load32_splat(input2);
      const va3 = v128.load32_splat(input3);
      vacc0x0123 = f32x4.add(vacc0x0123, f32x4.mul(va0, vb0123));
      vacc0x4567 = f32x4.add(vacc0x4567, f32x4.mul(va0, vb4567));
      vacc1x0123 = f32x4.add(vacc1x0123, f32x4.mul(va1, vb0123));
      vacc1x4567 = f32x4.add(vacc1x4567, f32x4.mul(va1, vb4567));
      vacc2x0123 = f32x4.add(vacc2x0123, f32x4.mul(va2, vb0123));
      vacc2x4567 = f32x4.add(vacc2x4567, f32x4.mul(va2, vb4567));
      vacc3x0123 = f32x4.add(vacc3x0123, f32x4.mul(va3, vb0123));
      vacc3x4567 = f32x4.add(vacc3x4567, f32x4.mul(va3, vb4567));
      input0 += 4;
      input1 += 4;
      input2 += 4;
      input3 += 4;
    }
    store8(output, residual, vacc0x0123, vacc0x4567);
    store8(output + outputBytes, residual ? residual + outputBytes : 0, vacc1x0123, vacc1x4567);
    store8(output + 2 * outputBytes, residual ? residual + 2 * outputBytes : 0, vacc2x0123, vacc2x4567);
    store8(output + 3 * outputBytes, residual ? residual + 3 * outputBytes : 0, vacc3x0123, vacc3x4567);
    input += 4 * inputBytes;
    output += 4 * outputBytes;
    if (residual) residual += 4 * outputBytes;
  }
  for (; rows > 0; rows--) {
    let vacc0123 = v128.load(bias);
    let vacc4567 = v128.load(bias, 16);
    let from = input;
    for (let panel = weights; panel < end; panel += 32) {
      const va = v128.load32_splat(from);
      vacc0123 = f32x4.add(vacc0123, f32x4.mul(va, v128.load(panel)));
      vacc4567 = f32x4.add(vacc4567, f32x4.mul(va, v128.load(panel, 16)));
      from += 4;
    }
    store8(output, residual, vacc0123, vacc4567);
    input += inputBytes;
    output += outputBytes;
    if (residual) residual += outputBytes;
  }
}

function store8(output: usize, residual: usize, vacc0123: v128, vacc4567: v128): void {
  if (residual) {
    vacc0123 = f32x4.add(vacc0123, v128.load(residual));
    vacc4567 = f32x4.add(vacc4567, v128.load(residual, 16));
  }
  v128.store(output, vacc0123);
  v128.store(output, vacc4567, 16);
}

function gemm1x4(input: usize, panel: usize, bias: usize, residual: usize, output: usize, inner: i32): void {
  let acc0 = load<f32>(bias);
  let acc1 = load<f32>(bias, 4);
  let acc2 = load<f32>(bias, 8);
  let acc3 = load<f32>(bias, 12);
  for (const end = input + ((<usize>inner) << 2); input < end; input += 4) {
    const a = load<f32>(input);
    acc0 += a * load<f32>(panel);
    acc1 += a * load<f32>(panel, 4);
    acc2 += a * load<f32>(panel, 8);
    acc3 += a * load<f32>(panel, 12);
    panel += 32;
  }
  if (residual) {
    acc0 += load<f32>(residual);
    acc1 += load<f32>(residual, 4);
    acc2 += load<f32>(residual, 8);
    acc3 += load<f32>(residual, 12);
  }
  store<f32>(output, acc0);
  store<f32>(output, acc1, 4);
  store<f32>(output, acc2, 8);
  store<f32>(output, acc3, 12);
}

function gemm1x1(input: usize, panel: usize, bias: usize, residual: usize, output: usize, inner: i32): void {
  let acc = load<f32>(bias);
  for (const end = input + ((<usize>inner) << 2); input < end; input += 4) {
    acc += load<f32>(input) * load<f32>(panel);
    panel += 32;
  }
  if (residual) acc += load<f32>(residual);
  store<f32>(output, acc);
}
