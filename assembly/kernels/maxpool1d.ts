/**
 * Max-pool along time of one lead: kernel 3, stride 2, padding 1 that never wins (PyTorch's -infinity).
 * input f32[timeSteps][channels] -> output f32[steps][channels]: steps start … start + steps - 1 of ceil(timeSteps / 2).
 */
export function f32_max_pool1d(input: usize, output: usize, timeSteps: i32, channels: i32, start: i32, steps: i32): void {
  const rowBytes = (<usize>channels) << 2;
  for (let step = 2 * start; step < 2 * (start + steps); step += 2) {
    const middle = input + <usize>step * rowBytes;
    // At a border the row outside is replaced by the middle one, which changes no maximum.
    const before = step > 0 ? middle - rowBytes : middle;
    const after = step + 1 < timeSteps ? middle + rowBytes : middle;
    let at: usize = 0;
    if (ASC_FEATURE_SIMD) {
      for (; at + 16 <= rowBytes; at += 16) {
        const vlargest = f32x4.pmax(v128.load(before + at), v128.load(middle + at));
        v128.store(output + at, f32x4.pmax(vlargest, v128.load(after + at)));
      }
    }
    for (; at < rowBytes; at += 4) {
      let largest = load<f32>(before + at);
      const second = load<f32>(middle + at);
      largest = largest < second ? second : largest;
      const third = load<f32>(after + at);
      store<f32>(output + at, largest < third ? third : largest);
    }
    output += rowBytes;
  }
}
