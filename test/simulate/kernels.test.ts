import { describe, expect, it } from 'vitest';
import { KernelBench, VARIANTS } from '../variants.js';

/** MurmurHash3's finaliser and SplitMix32 as their papers print them. */
function splitMix32(seed: number, index: number): number {
  let h = (seed + Math.imul(index + 1, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

describe.each(VARIANTS)('simulator kernels, %s', (variant) => {
  it('u32_random is SplitMix32', () => {
    const { kernels } = new KernelBench(variant, 0);
    for (const seed of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      for (const index of [0, 1, 2, 1000, 0xfffffffe]) expect(kernels.u32_random(seed, index) >>> 0).toBe(splitMix32(seed, index));
    }
  });

  it('f64_add_waves adds Gaussians, the same in one block or three', () => {
    const fs = 500;
    const waves = [
      [0, 1.5, -0.02, 0.01],
      [1, -0.4, 0.1, 0.05],
      [2, 0.25, 0.3, 0.005],
    ];
    const times = [-0.4, 0.31, 1.27, 1e12, -1e12];
    const expected = (axis: number, n: number) =>
      waves
        .filter((wave) => wave[0] === axis)
        .flatMap(([, amplitude, delay, width]) => times.map((t) => amplitude! * Math.exp(-0.5 * ((n / fs - t - delay!) / width!) ** 2)))
        .reduce((sum, value) => sum + value, 0);
    const run = (samples: number, start: number) => {
      const bench = new KernelBench(variant);
      const dipole = bench.put(new Float64Array(3 * samples));
      const table = bench.put(Float64Array.from(waves.flat()));
      bench.kernels.f64_add_waves(table, bench.put(Float64Array.from(times)), dipole, waves.length, times.length, samples, start, fs);
      return bench.f64(dipole, 3 * samples);
    };
    const whole = run(900, 0);
    whole.forEach((value, at) => {
      expect(value).toBeCloseTo(expected(Math.floor(at / 900), at % 900), 7);
    });
    for (const start of [0, 300, 600]) {
      const block = run(300, start);
      block.forEach((value, at) => {
        expect(value).toBeCloseTo(whole[Math.floor(at / 300) * 900 + start + (at % 300)]!, 11);
      });
    }
  });

  it('f64_add_mains is a sine of the mains frequency at every electrode', () => {
    const bench = new KernelBench(variant);
    const [samples, start, fs] = [400, 1000, 500];
    const electrodes = bench.put(new Float64Array(9 * samples));
    bench.kernels.f64_add_mains(electrodes, samples, start, fs, 1, 60, 7);
    const noise = bench.f64(electrodes, 9 * samples);
    const unit = (index: number) => splitMix32(splitMix32(7, 3), index) / 2 ** 32;
    for (let electrode = 0; electrode < 9; electrode++) {
      for (let n = 0; n < samples; n++) {
        const sine = Math.sin(2 * Math.PI * ((60 / fs) * (start + n) + unit(0)));
        expect(noise[electrode * samples + n]).toBeCloseTo(sine * (2 * unit(1 + electrode) - 1), 12);
      }
    }
  });

  it('f64_add_muscle has the rms asked for, little below 20 Hz, and carries its filter over', () => {
    const bench = new KernelBench(variant);
    const [samples, fs, rms] = [20000, 500, 0.03];
    const run = (blocks: number) => {
      const state = bench.put(new Float64Array(9));
      const size = samples / blocks;
      return Array.from({ length: blocks }, (_, block) => {
        const electrodes = bench.put(new Float64Array(9 * size));
        bench.kernels.f64_add_muscle(electrodes, state, size, block * size, fs, rms, 5);
        return bench.f64(electrodes, size);
      }).flatMap((noise) => [...noise]);
    };
    const noise = run(1);
    expect(Math.sqrt(noise.reduce((sum, x) => sum + x * x, 0) / samples) / rms).toBeCloseTo(1, 1);
    const amplitude = (hz: number) => {
      const re = noise.reduce((sum, x, n) => sum + x * Math.cos((2 * Math.PI * hz * n) / fs), 0);
      const im = noise.reduce((sum, x, n) => sum + x * Math.sin((2 * Math.PI * hz * n) / fs), 0);
      return Math.hypot(re, im);
    };
    const band = (from: number) =>
      Array.from({ length: 40 }, (_, k) => amplitude(from + k * 0.05) ** 2).reduce((sum, power) => sum + power);
    expect(band(0.5)).toBeLessThan(0.05 * band(100));
    expect(run(4)).toEqual(noise);
  });

  it('f64_rr_sinus has two thirds of its variance at the breath and one third at 0.1 Hz', () => {
    const bench = new KernelBench(variant);
    const count = 4000;
    const pointer = bench.reserve(count * 8);
    bench.kernels.f64_rr_sinus(pointer, count, 1, 0.05, 0.3, 11);
    const rr = bench.f64(pointer, count).map((interval) => interval - 1);
    const power = (from: number, to: number) => {
      let sum = 0;
      for (let k = Math.round(from * count); k < to * count; k++) {
        let [re, im] = [0, 0];
        for (let n = 0; n < count; n++) {
          re += rr[n]! * Math.cos((2 * Math.PI * k * n) / count);
          im += rr[n]! * Math.sin((2 * Math.PI * k * n) / count);
        }
        sum += 2 * (re * re + im * im);
      }
      return sum / count ** 2;
    };
    const variance = rr.reduce((sum, x) => sum + x * x, 0) / count;
    expect(Math.sqrt(variance)).toBeCloseTo(0.05, 3);
    expect(power(0.06, 0.14) / variance).toBeCloseTo(1 / 3, 1);
  });
});
