// Depthwise convolution along time of one lead. Activations [time][channel], weights packed by tap: [kernelSize][channels].
// Output channel o reads input channel o / (channels / inputChannels) (the channel multiplier). Padding is zeros: those taps are left out.

/**
 * output f32[steps][channels] = time steps start … start + steps - 1 of the convolution of input f32[timeSteps][inputChannels].
 * Each output is bias + sum over taps in order.
 */
export function f32_dwconv1d(
  input: usize,
  weights: usize,
  bias: usize,
  output: usize,
  timeSteps: i32,
  inputChannels: i32,
  channels: i32,
  kernelSize: i32,
  start: i32,
  steps: i32,
  stride: i32,
  pad: i32,
): void {
  const multiplier = channels / inputChannels;
  const inputBytes = (<usize>inputChannels) << 2;
  const rowBytes = (<usize>channels) << 2;
  for (let step = start; step < start + steps; step++) {
    const first = step * stride - pad;
    const fromTap = max(0, -first);
    const taps = min(kernelSize, timeSteps - first) - fromTap;
    const row = input + <usize>(first + fromTap) * inputBytes;
    const kernel = weights + <usize>fromTap * rowBytes;
    let channel = 0;
    if (ASC_FEATURE_SIMD) {
      if (multiplier == 1) channel = lanesOneToOne(row, kernel, bias, output, channels, taps);
      else if (inputChannels == 1) channel = lanesFromOne(row, kernel, bias, output, channels, taps);
      else if (multiplier == 2) channel = lanesOneToTwo(row, kernel, bias, output, channels, taps);
    }
    for (; channel < channels; channel++) {
      const at = (<usize>channel) << 2;
      let acc = load<f32>(bias + at);
      let from = row + ((<usize>(channel / multiplier)) << 2);
      let tap = kernel + at;
      for (let j = 0; j < taps; j++) {
        acc += load<f32>(from) * load<f32>(tap);
        from += inputBytes;
        tap += rowBytes;
      }
      store<f32>(output + at, acc);
    }
    output += rowBytes;
  }
}

/** Multiplier 1, eight channels at a time, then four. Returns the first channel that is left. */
function lanesOneToOne(row: usize, kernel: usize, bias: usize, output: usize, channels: i32, taps: i32): i32 {
  const rowBytes = (<usize>channels) << 2;
  let channel = 0;
  for (; channel + 8 <= channels; channel += 8) {
    const at = (<usize>channel) << 2;
    let vacc0123 = v128.load(bias + at);
    let vacc4567 = v128.load(bias + at, 16);
    let from = row + at;
    let tap = kernel + at;
    for (let j = 0; j < taps; j++) {
      vacc0123 = f32x4.add(vacc0123, f32x4.mul(v128.load(from), v128.load(tap)));
      vacc4567 = f32x4.add(vacc4567, f32x4.mul(v128.load(from, 16), v128.load(tap, 16)));
      from += rowBytes;
      tap += rowBytes;
    }
    v128.store(output + at, vacc0123);
    v128.store(output + at, vacc4567, 16);
  }
  for (; channel + 4 <= channels; channel += 4) {
    const at = (<usize>channel) << 2;
    let vacc = v128.load(bias + at);
    let from = row + at;
    let tap = kernel + at;
    for (let j = 0; j < taps; j++) {
      vacc = f32x4.add(vacc, f32x4.mul(v128.load(from), v128.load(tap)));
      from += rowBytes;
      tap += rowBytes;
    }
    v128.store(output + at, vacc);
  }
  return channel;
}

/** One input channel feeds all outputs. */
function lanesFromOne(row: usize, kernel: usize, bias: usize, output: usize, channels: i32, taps: i32): i32 {
  const rowBytes = (<usize>channels) << 2;
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4) {
    const at = (<usize>channel) << 2;
    let vacc = v128.load(bias + at);
    let tap = kernel + at;
    for (let j = 0; j < taps; j++) {
      vacc = f32x4.add(vacc, f32x4.mul(v128.load32_splat(row + ((<usize>j) << 2)), v128.load(tap)));
      tap += rowBytes;
    }
    v128.store(output + at, vacc);
  }
  return channel;
}

/** Multiplier 2: four outputs read two inputs. */
function lanesOneToTwo(row: usize, kernel: usize, bias: usize, output: usize, channels: i32, taps: i32): i32 {
  const rowBytes = (<usize>channels) << 2;
  let channel = 0;
  for (; channel + 4 <= channels; channel += 4) {
    const at = (<usize>channel) << 2;
    let vacc = v128.load(bias + at);
    let from = row + (at >> 1);
    let tap = kernel + at;
    for (let j = 0; j < taps; j++) {
      const vpair = v128.load64_zero(from);
      vacc = f32x4.add(vacc, f32x4.mul(v128.shuffle<f32>(vpair, vpair, 0, 0, 1, 1), v128.load(tap)));
      from += rowBytes >> 1;
      tap += rowBytes;
    }
    v128.store(output + at, vacc);
  }
  return channel;
}
