/**
 * Linear resize along time of one lead: half-pixel centres, edges clamped (PyTorch `interpolate`, mode linear, align_corners False).
 * input f32[inputSteps][channels] -> output f32[outputSteps][channels].
 */
export function f32_resize_linear1d(input: usize, output: usize, inputSteps: i32, outputSteps: i32, channels: i32): void {
  const rowBytes = (<usize>channels) << 2;
  const ratio = <f64>inputSteps / <f64>outputSteps;
  for (let step = 0; step < outputSteps; step++) {
    const position = max<f64>(0, ratio * (<f64>step + 0.5) - 0.5);
    const left = min(<i32>position, inputSteps - 1);
    const right = min(left + 1, inputSteps - 1);
    const rightWeight = <f32>(position - <f64>left);
    const leftWeight: f32 = 1 - rightWeight;
    const leftRow = input + <usize>left * rowBytes;
    const rightRow = input + <usize>right * rowBytes;
    let at: usize = 0;
    if (ASC_FEATURE_SIMD) {
      const vleft = f32x4.splat(leftWeight);
      const vright = f32x4.splat(rightWeight);
      for (; at + 16 <= rowBytes; at += 16) {
        v128.store(output + at, f32x4.add(f32x4.mul(vleft, v128.load(leftRow + at)), f32x4.mul(vright, v128.load(rightRow + at))));
      }
    }
    for (; at < rowBytes; at += 4) {
      store<f32>(output + at, leftWeight * load<f32>(leftRow + at) + rightWeight * load<f32>(rightRow + at));
    }
    output += rowBytes;
  }
}
