import fc from 'fast-check';
import { describe, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';
import { canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

/** f32[ceil(timeSteps / 2)][channels]: kernel 3, stride 2, one step of -infinity on both sides. */
function reference(input: Float32Array, timeSteps: number, channels: number): Float32Array {
  const steps = Math.floor((timeSteps + 2 - 3) / 2) + 1;
  return Float32Array.from({ length: steps * channels }, (_, i) => {
    const [step, channel] = [Math.floor(i / channels), i % channels];
    const under = [2 * step - 1, 2 * step, 2 * step + 1].filter((t) => t >= 0 && t < timeSteps);
    return Math.max(Number.NEGATIVE_INFINITY, ...under.map((t) => input[t * channels + channel]!));
  });
}

describe.each(VARIANTS)('f32_max_pool1d, %s', (variant) => {
  const bench = new KernelBench(variant);

  it.each([
    ['values of both signs', 0],
    ['negative values only', -2],
  ])('%s: the reference, and nothing else written', (_, offset) => {
    const differences = new Differences();
    for (const timeSteps of range(1, 13)) {
      for (const channels of range(1, 18)) {
        bench.reset();
        const input = random(timeSteps * channels, timeSteps).map((value) => value + offset);
        const expected = reference(input, timeSteps, channels);
        const output = new Guarded(bench, canaries(expected.length));
        const pointer = bench.put(input);
        const steps = Math.ceil(timeSteps / 2);
        bench.kernels.f32_max_pool1d(pointer, output.pointer, timeSteps, channels, 0, steps);
        differences.add(`${timeSteps} x ${channels}`, output.difference(expected));
        const last = new Guarded(bench, canaries(channels));
        bench.kernels.f32_max_pool1d(pointer, last.pointer, timeSteps, channels, steps - 1, 1);
        differences.add(`${timeSteps} x ${channels} last step`, last.difference(expected.subarray((steps - 1) * channels)));
      }
    }
    differences.expectNone();
  });
});

itGivesTheSameBits(
  'f32_max_pool1d',
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 18 }))
    .chain(([timeSteps, channels]) =>
      fc.record({ timeSteps: fc.constant(timeSteps), channels: fc.constant(channels), input: floats(timeSteps * channels) }),
    ),
  (bench, { timeSteps, channels, input }) => {
    const count = Math.ceil(timeSteps / 2) * channels;
    const output = bench.put(canaries(count));
    bench.kernels.f32_max_pool1d(bench.put(input), output, timeSteps, channels, 0, count / channels);
    return bench.f32(output, count);
  },
);
