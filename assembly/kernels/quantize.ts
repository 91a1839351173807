// Adding 1.5 * 2^23 to a float below 2^22 leaves its nearest whole number (half to even) in the low bits: two operations
// instead of the eight that engines make of i32x4.trunc_sat_f32x4_s.
const ROUNDING: f32 = 12582912;
const ROUNDING_BITS: i32 = 0x4b400000;

/**
 * output i16[count] = round(clamp(y, ±largest)) half to even, y = input * inverseScale; negative inputs are multiplied by `slope` before
 * (1 leaves them, 0.01 is the network's LeakyReLU). Returns how many values were clamped.
 * The one rounding formula of the integer path. `largest` is a whole number, at most 32767. NaN becomes -largest and counts as clamped.
 */
export function f32_qs16_quantize(input: usize, output: usize, count: i32, inverseScale: f32, largest: f32, slope: f32): i32 {
  const end = input + ((<usize>count) << 2);
  let saturated = 0;
  if (ASC_FEATURE_SIMD) {
    const vslope = f32x4.splat(slope);
    const vinverse = f32x4.splat(inverseScale);
    const vlargest = f32x4.splat(largest);
    const vsmallest = f32x4.splat(-largest);
    const vrounding = f32x4.splat(ROUNDING);
    const vroundingBits = i32x4.splat(ROUNDING_BITS);
    let vsaturated = i32x4.splat(0);
    for (; input + 32 <= end; input += 32) {
      const vx0123 = v128.load(input);
      const vx4567 = v128.load(input, 16);
      // For slopes up to 1 the larger of x and slope * x is x itself exactly when x > 0.
      const vy0123 = f32x4.mul(f32x4.pmax(f32x4.mul(vx0123, vslope), vx0123), vinverse);
      const vy4567 = f32x4.mul(f32x4.pmax(f32x4.mul(vx4567, vslope), vx4567), vinverse);
      const vc0123 = f32x4.pmin(vlargest, f32x4.pmax(vsmallest, vy0123));
      const vc4567 = f32x4.pmin(vlargest, f32x4.pmax(vsmallest, vy4567));
      // A comparison that holds is -1 in its lane.
      vsaturated = i32x4.sub(vsaturated, f32x4.ne(vy0123, vc0123));
      vsaturated = i32x4.sub(vsaturated, f32x4.ne(vy4567, vc4567));
      const vq0123 = i32x4.sub(f32x4.add(vc0123, vrounding), vroundingBits);
      const vq4567 = i32x4.sub(f32x4.add(vc4567, vrounding), vroundingBits);
      v128.store(output, i16x8.narrow_i32x4_s(vq0123, vq4567));
      output += 16;
    }
    saturated = sum4(vsaturated);
  }
  for (; input < end; input += 4) {
    const x = load<f32>(input);
    const scaled = x * slope;
    const y = (scaled < x ? x : scaled) * inverseScale;
    const clamped = clamp(y, largest);
    if (y != clamped) saturated++;
    store<i16>(output, round(clamped));
    output += 2;
  }
  return saturated;
}

function clamp(y: f32, largest: f32): f32 {
  const above: f32 = -largest < y ? y : -largest;
  return above < largest ? above : largest;
}

function round(clamped: f32): i16 {
  return <i16>(reinterpret<i32>(clamped + ROUNDING) - ROUNDING_BITS);
}

function sum4(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}
