/**
 * Linear resize along time of one lead: half-pixel centres, edges clamped (PyTorch `interpolate`, mode linear, align_corners False).
 * input f32[inputSteps][channels] -> output f32[steps][channels]: steps start … start + steps - 1 of outputSteps.
 * As left + weight * (right - left), so that equal neighbours give themselves.
 */
export function f32_resize_linear1d(
  input: usize,
  output: usize,
  inputSteps: i32,
  outputSteps: i32,
  channels: i32,
  start: i32,
  steps: i32,
): void {
  const rowBytes = (<usize>channels) << 2;
  const ratio = <f64>inputSteps / <f64>outputSteps;
  for (let step = start; step < start + steps; step++) {
    const position = max<f64>(0, ratio * (<f64>step + 0.5) - 0.5);
    const left = min(<i32>position, inputSteps - 1);
    const right = min(left + 1, inputSteps - 1);
    const weight = <f32>(position - <f64>left);
    const leftRow = input + <usize>left * rowBytes;
    const rightRow = input + <usize>right * rowBytes;
    let at: usize = 0;
    if (ASC_FEATURE_SIMD) {
      const vweight = f32x4.splat(weight);
      for (; at + 16 <= rowBytes; at += 16) {
        const vleft = v128.load(leftRow + at);
        v128.store(output + at, f32x4.add(vleft, f32x4.mul(vweight, f32x4.sub(v128.load(rightRow + at), vleft))));
      }
    }
    for (; at < rowBytes; at += 4) {
      const x = load<f32>(leftRow + at);
      store<f32>(output + at, x + weight * (load<f32>(rightRow + at) - x));
    }
    output += rowBytes;
  }
}
