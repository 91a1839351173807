const LEAKY_SLOPE: f32 = 0.01;

/** f32[count] in place: max(x, 0). */
export function f32_relu(values: usize, count: i32): void {
  const end = values + (<usize>count << 2);
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
  const end = values + (<usize>count << 2);
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
