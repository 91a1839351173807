import { expNegative, sinTurns } from './math';
import { STREAM_FIBRILLATION, u32_random, uniform } from './random';

// The cardiac dipole is f64[3][samples]: Frank's x (to the left), y (to the feet), z (to the back), in mV.
const WAVE_BYTES: usize = 32;
const REACH: f64 = 6; // widths: the rest of a wave is below 2e-8 of its peak

// Sawtooth model of f waves (Stridh and Soernmo 2001, with the numbers of Petrenas et al. 2017): three harmonics, the frequency swaying by
// 0.25 Hz and the amplitude by a third, five seconds a sway.
const HARMONICS: i32 = 3;
const SWAY_HZ: f64 = 0.2;
const FREQUENCY_SWAY_HZ: f64 = 0.25;
const AMPLITUDE_SWAY: f64 = 1.0 / 3.0;
const TWO_OVER_PI: f64 = 0.6366197723675814;
const TWO_PI: f64 = 2 * Math.PI;

/**
 * Adds to the dipole every wave of every beat: the sum-of-Gaussians form of McSharry's model.
 * waves f64[waveCount][4]: axis 0 to 2, amplitude in mV, delay after the beat and width in seconds; times f64[timeCount]: beats in seconds.
 */
export function f64_add_waves(
  waves: usize,
  times: usize,
  dipole: usize,
  waveCount: i32,
  timeCount: i32,
  samples: i32,
  firstSample: i32,
  fs: f64,
): void {
  const end = waves + <usize>waveCount * WAVE_BYTES;
  for (let beat = 0; beat < timeCount; beat++) {
    const time = load<f64>(times + ((<usize>beat) << 3));
    for (let wave = waves; wave < end; wave += WAVE_BYTES) {
      const row = dipole + <usize>load<f64>(wave) * ((<usize>samples) << 3);
      const centre = (time + load<f64>(wave, 16)) * fs - <f64>firstSample;
      addGaussian(row, samples, load<f64>(wave, 8), centre, load<f64>(wave, 24) * fs);
    }
  }
}

/** Adds amplitude * exp(-(n - centre)^2 / (2 width^2)) to f64[samples], n, centre and width in samples. */
function addGaussian(row: usize, samples: i32, amplitude: f64, centre: f64, width: f64): void {
  // Compared as floats: a beat far outside the block must not overflow an i32.
  const first = <i32>max<f64>(0, ceil(centre - REACH * width));
  const last = <i32>min<f64>(<f64>(samples - 1), floor(centre + REACH * width));
  if (first > last) return;
  // Neighbours differ by a factor that is itself a geometric series: two products a sample instead of an exponential. The error grows with
  // the square of the distance, to some 2e-9 of the peak at 4 kHz.
  const step = 1 / width;
  const x = (<f64>first - centre) * step;
  let value = amplitude * expNegative(0.5 * x * x);
  let ratio = expNegative((x + 0.5 * step) * step);
  const change = expNegative(step * step);
  const end = row + ((<usize>last) << 3);
  for (let at = row + ((<usize>first) << 3); at <= end; at += 8) {
    store<f64>(at, load<f64>(at) + value);
    value *= ratio;
    ratio *= change;
  }
}

/** Adds fibrillatory waves of `frequency` Hz along direction f64[3], whose length is their amplitude in mV. */
export function f64_add_fibrillation(
  direction: usize,
  dipole: usize,
  samples: i32,
  firstSample: i32,
  fs: f64,
  frequency: f64,
  seed: u32,
): void {
  const stream = u32_random(seed, STREAM_FIBRILLATION);
  for (let n = 0; n < samples; n++) {
    const t = <f64>(firstSample + n) / fs;
    const sway = sinTurns(SWAY_HZ * t + uniform(stream, 0));
    const turns = frequency * t + uniform(stream, 1) + (FREQUENCY_SWAY_HZ / SWAY_HZ / TWO_PI) * sway;
    let wave: f64 = 0;
    for (let harmonic = 1; harmonic <= HARMONICS; harmonic++) wave -= sinTurns(<f64>harmonic * turns) / <f64>harmonic;
    wave *= TWO_OVER_PI * (1 + AMPLITUDE_SWAY * sinTurns(SWAY_HZ * t + uniform(stream, 2)));
    for (let axis = 0; axis < 3; axis++) {
      const at = dipole + ((<usize>(axis * samples + n)) << 3);
      store<f64>(at, load<f64>(at) + wave * load<f64>(direction + ((<usize>axis) << 3)));
    }
  }
}
