// Adding 1.5 * 2^23 to a float below 2^22 leaves its nearest whole number (half to even) in the low bits: two operations
// instead of the eight that engines make of i32x4.trunc_sat_f32x4_s.
const ROUNDING: f32 = 12582912;
const ROUNDING_BITS: i32 = 0x4b400000;

const CHUNK_VALUES: i32 = 2048;

/**
 * output i16[count] = round(clamp(y, ±largest)) half to even, y = input * inverseScale; negative inputs are multiplied by `slope` before
 * (1 leaves them, 0.01 is the network's LeakyReLU). Returns how many values have |y| > limit: with limit = largest, how many were clamped.
 * The one rounding formula of the integer path. `largest` is a whole number, at most 32767. NaN becomes -largest and counts as beyond any limit.
 */
export function f32_qs16_quantize(input: usize, output: usize, count: i32, inverseScale: f32, largest: f32, limit: f32, slope: f32): i32 {
  const end = input + ((<usize>count) << 2);
  let within = 0;
  if (ASC_FEATURE_SIMD) {
    const vslope = f32x4.splat(slope);
    const vinverse = f32x4.splat(inverseScale);
    const vlargest = f32x4.splat(largest);
    const vsmallest = f32x4.splat(-largest);
    const vrounding = f32x4.splat(ROUNDING);
    const vroundingBits = i32x4.splat(ROUNDING_BITS);
    const vlimit = f32x4.splat(limit);
    let vwithin = i32x4.splat(0);
    for (; input + 32 <= end; input += 32) {
      const vx0123 = v128.load(input);
      const vx4567 = v128.load(input, 16);
      // For slopes up to 1 the larger of x and slope * x is x itself exactly when x > 0.
      const vy0123 = f32x4.mul(f32x4.pmax(f32x4.mul(vx0123, vslope), vx0123), vinverse);
      const vy4567 = f32x4.mul(f32x4.pmax(f32x4.mul(vx4567, vslope), vx4567), vinverse);
      const vc0123 = f32x4.pmin(vlargest, f32x4.pmax(vsmallest, vy0123));
      const vc4567 = f32x4.pmin(vlargest, f32x4.pmax(vsmallest, vy4567));
      // A comparison that holds is -1 in its lane.
      vwithin = i32x4.sub(vwithin, f32x4.le(f32x4.abs(vy0123), vlimit));
      vwithin = i32x4.sub(vwithin, f32x4.le(f32x4.abs(vy4567), vlimit));
      const vq0123 = i32x4.sub(f32x4.add(vc0123, vrounding), vroundingBits);
      const vq4567 = i32x4.sub(f32x4.add(vc4567, vrounding), vroundingBits);
      v128.store(output, i16x8.narrow_i32x4_s(vq0123, vq4567));
      output += 16;
    }
    within = sum4(vwithin);
  }
  for (; input < end; input += 4) {
    const x = load<f32>(input);
    const scaled = x * slope;
    const y = (scaled < x ? x : scaled) * inverseScale;
    const clamped = clamp(y, largest);
    if (abs(y) <= limit) within++;
    store<i16>(output, round(clamped));
    output += 2;
  }
  return count - within;
}

/**
 * f32_qs16_quantize of rows f32[rows][inner], laid out for qs16x4_qc8w_gemm: groups of four rows as [inner / 2][4][2], then the rows that are left.
 * inner is even; scratch: i16[max(4 * inner, 2048)].
 */
export function f32_qs16_quantize_rows(
  input: usize,
  output: usize,
  scratch: usize,
  rows: i32,
  inner: i32,
  inverseScale: f32,
  largest: f32,
  limit: f32,
  slope: f32,
): i32 {
  const rowBytes = (<usize>inner) << 1;
  // As many rows at once as stay in the first cache level.
  const chunk = max(4, (CHUNK_VALUES / inner) & ~3);
  const grouped = rows & ~3;
  let beyond = 0;
  for (let row = 0; row < grouped; row += chunk) {
    const count = min(chunk, grouped - row);
    beyond += f32_qs16_quantize(input, scratch, count * inner, inverseScale, largest, limit, slope);
    for (let group = 0; group < count; group += 4) {
      interleave(scratch + <usize>group * rowBytes, output, rowBytes);
      output += 4 * rowBytes;
    }
    input += 2 * <usize>count * rowBytes;
  }
  return beyond + f32_qs16_quantize(input, output, (rows - grouped) * inner, inverseScale, largest, limit, slope);
}

/** i16[4][inner] -> i16[inner / 2][4][2]. */
function interleave(rows: usize, output: usize, rowBytes: usize): void {
  let at: usize = 0;
  if (ASC_FEATURE_SIMD) {
    for (; at + 16 <= rowBytes; at += 16) {
      const v0 = v128.load(rows + at);
      const v1 = v128.load(rows + at + rowBytes);
      const v2 = v128.load(rows + at + 2 * rowBytes);
      const v3 = v128.load(rows + at + 3 * rowBytes);
      const v01low = v128.shuffle<i32>(v0, v1, 0, 4, 1, 5);
      const v01high = v128.shuffle<i32>(v0, v1, 2, 6, 3, 7);
      const v23low = v128.shuffle<i32>(v2, v3, 0, 4, 1, 5);
      const v23high = v128.shuffle<i32>(v2, v3, 2, 6, 3, 7);
      const to = output + 4 * at;
      v128.store(to, v128.shuffle<i32>(v01low, v23low, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<i32>(v01low, v23low, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<i32>(v01high, v23high, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<i32>(v01high, v23high, 2, 3, 6, 7), 48);
    }
  }
  for (; at < rowBytes; at += 4) {
    const to = output + 4 * at;
    store<i32>(to, load<i32>(rows + at));
    store<i32>(to, load<i32>(rows + at + rowBytes), 4);
    store<i32>(to, load<i32>(rows + at + 2 * rowBytes), 8);
    store<i32>(to, load<i32>(rows + at + 3 * rowBytes), 12);
  }
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
