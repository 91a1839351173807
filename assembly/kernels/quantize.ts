/**
 * output i16[count] = round(input * inverseScale), half to even, clamped to ±largest. Returns how many values were clamped.
 * The one rounding formula of the integer path: f32 product, nearest-even, clamp.
 */
export function f32_qs16_quantize(input: usize, output: usize, count: i32, inverseScale: f32, largest: f32): i32 {
  const end = input + ((<usize>count) << 2);
  let saturated = 0;
  if (ASC_FEATURE_SIMD) {
    const vinverse = f32x4.splat(inverseScale);
    const vlargest = f32x4.splat(largest);
    const vsmallest = f32x4.splat(-largest);
    let vsaturated = i32x4.splat(0);
    for (; input + 32 <= end; input += 32) {
      const vx0123 = f32x4.nearest(f32x4.mul(v128.load(input), vinverse));
      const vx4567 = f32x4.nearest(f32x4.mul(v128.load(input, 16), vinverse));
      // A comparison that holds is -1 in its lane.
      vsaturated = i32x4.sub(vsaturated, f32x4.gt(f32x4.abs(vx0123), vlargest));
      vsaturated = i32x4.sub(vsaturated, f32x4.gt(f32x4.abs(vx4567), vlargest));
      const vq0123 = i32x4.trunc_sat_f32x4_s(f32x4.pmin(f32x4.pmax(vx0123, vsmallest), vlargest));
      const vq4567 = i32x4.trunc_sat_f32x4_s(f32x4.pmin(f32x4.pmax(vx4567, vsmallest), vlargest));
      v128.store(output, i16x8.narrow_i32x4_s(vq0123, vq4567));
      output += 16;
    }
    saturated =
      i32x4.extract_lane(vsaturated, 0) +
      i32x4.extract_lane(vsaturated, 1) +
      i32x4.extract_lane(vsaturated, 2) +
      i32x4.extract_lane(vsaturated, 3);
  }
  for (; input < end; input += 4) {
    const x = nearest(load<f32>(input) * inverseScale);
    if (abs(x) > largest) saturated++;
    store<i16>(output, <i16>(<i32>(x < -largest ? -largest : x > largest ? largest : x)));
    output += 2;
  }
  return saturated;
}
