import fc from 'fast-check';
import { describe, it } from 'vitest';
import { convolvedSteps } from '../../src/config.js';
import { KernelBench, VARIANTS } from '../variants.js';
import { canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

interface Shape {
  timeSteps: number;
  inputChannels: number;
  channels: number;
  kernelSize: number;
  stride: number;
  pad: number;
}

const { fround } = Math;
const MULTIPLIERS = [1, 2, 3, 24];
const TILE_STEPS = 3;

function outputSteps({ timeSteps, kernelSize, stride, pad }: Shape): number {
  return convolvedSteps(timeSteps, kernelSize, stride, pad);
}

/** f32[steps][channels]: bias, plus the taps inside the input in order. */
function reference(shape: Shape, input: Float32Array, weights: Float32Array, bias: Float32Array): Float32Array {
  const { timeSteps, inputChannels, channels, kernelSize, stride, pad } = shape;
  const output = new Float32Array(outputSteps(shape) * channels);
  for (let i = 0; i < output.length; i++) {
    const [step, channel] = [Math.floor(i / channels), i % channels];
    const inputChannel = Math.floor(channel / (channels / inputChannels));
    let sum = bias[channel]!;
    for (let tap = 0; tap < kernelSize; tap++) {
      const t = step * stride - pad + tap;
      if (t < 0 || t >= timeSteps) continue;
      sum = fround(sum + fround(input[t * inputChannels + inputChannel]! * weights[tap * channels + channel]!));
    }
    output[i] = sum;
  }
  return output;
}

/** All channels up to 25 that a multiplier allows, and two input channels at least. */
function channelCounts(multiplier: number): number[] {
  return range(1, Math.max(2, Math.floor(25 / multiplier))).map((inputChannels) => inputChannels * multiplier);
}

function grid(multiplier: number, kernelSize: number): Shape[] {
  const shapes: Shape[] = [];
  for (const channels of channelCounts(multiplier)) {
    for (const stride of [1, 2, 3]) {
      for (const pad of [0, 1, 4]) {
        for (const timeSteps of [1, 2, 5, 9, 16]) {
          shapes.push({ timeSteps, inputChannels: channels / multiplier, channels, kernelSize, stride, pad });
        }
      }
    }
  }
  return shapes.filter((shape) => outputSteps(shape) > 0);
}

function run(bench: KernelBench, shape: Shape, pointers: readonly [number, number, number, number], start: number, steps: number): void {
  const { timeSteps, inputChannels, channels, kernelSize, stride, pad } = shape;
  bench.kernels.f32_dwconv1d(...pointers, timeSteps, inputChannels, channels, kernelSize, start, steps, stride, pad);
}

describe.each(VARIANTS)('f32_dwconv1d, %s', (variant) => {
  const bench = new KernelBench(variant);

  it.each(MULTIPLIERS)('multiplier %i: the reference bit for bit, in one call and in tiles, and nothing else written', (multiplier) => {
    const differences = new Differences();
    for (const shape of [1, 3, 5, 9].flatMap((kernelSize) => grid(multiplier, kernelSize))) {
      const { timeSteps, inputChannels, channels, kernelSize } = shape;
      bench.reset();
      const [input, weights, bias] = [random(timeSteps * inputChannels, 1), random(kernelSize * channels, 2), random(channels, 3)];
      const read = [bench.put(input), bench.put(weights), bench.put(bias)] as const;
      const expected = reference(shape, input, weights, bias);
      const steps = outputSteps(shape);

      const whole = new Guarded(bench, canaries(expected.length));
      run(bench, shape, [...read, whole.pointer], 0, steps);
      differences.add(`${JSON.stringify(shape)} whole`, whole.difference(expected));

      for (let start = 0; start < steps; start += TILE_STEPS) {
        const count = Math.min(TILE_STEPS, steps - start);
        const tile = new Guarded(bench, canaries(count * channels));
        run(bench, shape, [...read, tile.pointer], start, count);
        const part = expected.subarray(start * channels, (start + count) * channels);
        differences.add(`${JSON.stringify(shape)} from ${start}`, tile.difference(part));
      }
    }
    differences.expectNone();
  });
});

const shapes = fc
  .record({
    timeSteps: fc.integer({ min: 1, max: 12 }),
    inputChannels: fc.integer({ min: 1, max: 13 }),
    multiplier: fc.constantFrom(1, 2, 3),
    kernelSize: fc.constantFrom(1, 3, 5, 9),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ multiplier, ...shape }): Shape => ({ ...shape, channels: shape.inputChannels * multiplier }))
  .filter((shape) => outputSteps(shape) > 0);

itGivesTheSameBits(
  'f32_dwconv1d',
  shapes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      input: floats(shape.timeSteps * shape.inputChannels),
      weights: floats(shape.kernelSize * shape.channels),
      bias: floats(shape.channels),
    }),
  ),
  (bench, { shape, input, weights, bias }) => {
    const steps = outputSteps(shape);
    const output = bench.put(canaries(steps * shape.channels));
    run(bench, shape, [bench.put(input), bench.put(weights), bench.put(bias), output], 0, steps);
    return bench.f32(output, steps * shape.channels);
  },
);
