import { expNegative, sinTurns } from './math';
import { STREAM_RHYTHM, u32_random, uniform } from './random';

// McSharry et al. 2003: two Gaussian bands in the spectrum of RR intervals, Mayer waves at 0.1 Hz and respiration, each 0.01 Hz wide,
// with half as much power in the lower as in the higher (the defaults of ECGSYN).
const MAYER_HZ: f64 = 0.1;
const BAND_WIDTH_HZ: f64 = 0.01;
const LF_POWER: f64 = 1.0 / 3.0;
const HF_POWER: f64 = 2.0 / 3.0;
const LINES: u32 = 25; // of a band, over +-3 widths
const LINES_A_WIDTH: f64 = 4;

// Atrial impulses arrive at random; the AV node passes the first one after its refractory time (Cohen et al. 1983, Lian et al. 2007).
// The shares of the mean interval are ours: they give a coefficient of variation of 0.24.
const REFRACTORY_LEAST: f64 = 0.63;
const REFRACTORY_SPAN: f64 = 0.3;
const WAITING_MEAN: f64 = 0.22;
const TRIALS_A_WAIT: f64 = 64;

/** f64[count] out: RR intervals in seconds of sinus rhythm; interval k is read off the process at k * meanSeconds. */
export function f64_rr_sinus(intervals: usize, count: i32, meanSeconds: f64, stdSeconds: f64, respirationHz: f64, seed: u32): void {
  const stream = u32_random(seed, STREAM_RHYTHM);
  for (let k = 0; k < count; k++) {
    const t = <f64>k * meanSeconds;
    const deviation = bandAt(t, MAYER_HZ, LF_POWER, stream, 0) + bandAt(t, respirationHz, HF_POWER, stream, 2 * LINES);
    store<f64>(intervals + ((<usize>k) << 3), meanSeconds + stdSeconds * deviation);
  }
}

/** f64[count] out: RR intervals in seconds of atrial fibrillation, independent of each other. */
export function f64_rr_fibrillation(intervals: usize, count: i32, meanSeconds: f64, seed: u32): void {
  const stream = u32_random(seed, STREAM_RHYTHM);
  let draw: u32 = 0;
  for (let k = 0; k < count; k++) {
    let share = REFRACTORY_LEAST + REFRACTORY_SPAN * uniform(stream, draw++);
    // An exponential waiting time by trials: exact arithmetic, where its closed form needs a logarithm.
    while (uniform(stream, draw++) * TRIALS_A_WAIT >= 1) share += WAITING_MEAN / TRIALS_A_WAIT;
    store<f64>(intervals + ((<usize>k) << 3), share * meanSeconds);
  }
}

/** One band of variance `power` at time t: lines of random phase, each at a random place in its slot so that nothing repeats. */
function bandAt(t: f64, centreHz: f64, power: f64, stream: u32, firstDraw: u32): f64 {
  let sum: f64 = 0;
  let weights: f64 = 0;
  for (let line: u32 = 0; line < LINES; line++) {
    const widths = (<f64>line - <f64>(LINES - 1) / 2) / LINES_A_WIDTH;
    const weight = expNegative(0.5 * widths * widths);
    const slot = (uniform(stream, firstDraw + 2 * line) - 0.5) / LINES_A_WIDTH;
    const frequency = centreHz + (widths + slot) * BAND_WIDTH_HZ;
    sum += sqrt(weight) * sinTurns(frequency * t + uniform(stream, firstDraw + 2 * line + 1));
    weights += weight;
  }
  return sum * sqrt((2 * power) / weights);
}
