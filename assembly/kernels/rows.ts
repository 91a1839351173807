// Passes over rows of [time][channel] that prepare a tile for a product.

/** output f32[rows][channels] = input * scale[channel] + shift[channel]: a BatchNorm whose zero padding keeps it from being folded. */
export function f32_affine(input: usize, scale: usize, shift: usize, output: usize, rows: i32, channels: i32): void {
  const rowBytes = (<usize>channels) << 2;
  for (let row = 0; row < rows; row++) {
    let at: usize = 0;
    if (ASC_FEATURE_SIMD) {
      for (; at + 16 <= rowBytes; at += 16) {
        v128.store(output + at, f32x4.add(f32x4.mul(v128.load(input + at), v128.load(scale + at)), v128.load(shift + at)));
      }
    }
    for (; at < rowBytes; at += 4) {
      store<f32>(output + at, load<f32>(input + at) * load<f32>(scale + at) + load<f32>(shift + at));
    }
    input += rowBytes;
    output += rowBytes;
  }
}

/** output f32[columns][rows] = transposed input f32[rows][columns]. */
export function f32_transpose(input: usize, output: usize, rows: i32, columns: i32): void {
  for (let column = 0; column < columns; column++) {
    let from = input + ((<usize>column) << 2);
    for (let row = 0; row < rows; row++) {
      store<f32>(output, load<f32>(from));
      output += 4;
      from += (<usize>columns) << 2;
    }
  }
}

/** Copies bytes (they may overlap). */
export function copy(input: usize, output: usize, bytes: usize): void {
  memory.copy(output, input, bytes);
}

/** output u8[count][bytes]: each row the same. */
export function repeat(row: usize, output: usize, bytes: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    memory.copy(output, row, bytes);
    output += bytes;
  }
}

/** Fills bytes with zeros. */
export function zero(output: usize, bytes: usize): void {
  memory.fill(output, 0, bytes);
}
