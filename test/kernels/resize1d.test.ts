import fc from 'fast-check';
import { describe, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';
import { canaries, Differences, floats, Guarded, itGivesTheSameBits, random, range } from './harness.js';

/** f64[outputSteps][channels]: PyTorch `interpolate(mode='linear', align_corners=False)`. */
function reference(input: Float32Array, inputSteps: number, outputSteps: number, channels: number): Float64Array {
  return Float64Array.from({ length: outputSteps * channels }, (_, i) => {
    const [step, channel] = [Math.floor(i / channels), i % channels];
    const position = Math.max(0, ((step + 0.5) * inputSteps) / outputSteps - 0.5);
    const left = Math.floor(position);
    const right = left < inputSteps - 1 ? left + 1 : left;
    const fraction = position - left;
    return (1 - fraction) * input[left * channels + channel]! + fraction * input[right * channels + channel]!;
  });
}

describe.each(VARIANTS)('f32_resize_linear1d, %s', (variant) => {
  const bench = new KernelBench(variant);

  function resize(input: Float32Array, inputSteps: number, outputSteps: number, channels: number): Guarded {
    bench.reset();
    const output = new Guarded(bench, canaries(outputSteps * channels));
    bench.kernels.f32_resize_linear1d(bench.put(input), output.pointer, inputSteps, outputSteps, channels, 0, outputSteps);
    return output;
  }

  it('is the formula, up, down and to one step, and writes nothing else', () => {
    const differences = new Differences();
    // The last three are those of the presets.
    const pairs = [
      ...range(1, 9).flatMap((inputSteps) => range(1, 20).map((outputSteps) => [inputSteps, outputSteps])),
      [994, 1152],
      [175, 144],
      [111, 144],
    ];
    for (const [inputSteps, outputSteps] of pairs as [number, number][]) {
      for (const channels of [1, 3, 4, 5, 8, 11]) {
        const input = random(inputSteps * channels, inputSteps);
        const expected = reference(input, inputSteps, outputSteps, channels);
        differences.add(
          `${inputSteps} -> ${outputSteps}, ${channels} channels`,
          resize(input, inputSteps, outputSteps, channels).difference(expected, 3e-7),
        );
      }
    }
    differences.expectNone();
  });

  it('gives the steps that are asked for, and equal neighbours as they are', () => {
    const [inputSteps, outputSteps, channels] = [13, 30, 6];
    const input = random(inputSteps * channels, 1);
    const whole = resize(input, inputSteps, outputSteps, channels).read();
    const differences = new Differences();
    for (const [start, steps] of [
      [0, 4],
      [7, 1],
      [11, 19],
    ] as const) {
      bench.reset();
      const output = new Guarded(bench, canaries(steps * channels));
      bench.kernels.f32_resize_linear1d(bench.put(input), output.pointer, inputSteps, outputSteps, channels, start, steps);
      differences.add(`${start}`, output.difference(whole.subarray(start * channels, (start + steps) * channels)));
    }
    const constant = input.map((_, i) => input[i % channels]!);
    const expected = Float32Array.from({ length: outputSteps * channels }, (_, i) => input[i % channels]!);
    differences.add('constant', resize(constant, inputSteps, outputSteps, channels).difference(expected));
    differences.expectNone();
  });

  it('to the same size is a copy', () => {
    const differences = new Differences();
    for (const steps of [...range(1, 20), 144, 1152]) {
      for (const channels of [1, 4, 7]) {
        const input = random(steps * channels, steps);
        differences.add(`${steps} x ${channels}`, resize(input, steps, steps, channels).difference(input));
      }
    }
    differences.expectNone();
  });
});

itGivesTheSameBits(
  'f32_resize_linear1d',
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 14 }))
    .chain(([inputSteps, outputSteps, channels]) =>
      fc.record({
        inputSteps: fc.constant(inputSteps),
        outputSteps: fc.constant(outputSteps),
        channels: fc.constant(channels),
        input: floats(inputSteps * channels),
      }),
    ),
  (bench, { inputSteps, outputSteps, channels, input }) => {
    const output = bench.put(canaries(outputSteps * channels));
    bench.kernels.f32_resize_linear1d(bench.put(input), output, inputSteps, outputSteps, channels, 0, outputSteps);
    return bench.f32(output, outputSteps * channels);
  },
);
