import { sum } from './sum';
import { sinTurn } from './turns';

const KAISER_BETA: f64 = 5.0;

/** Modified Bessel function of order 0 by its power series: all terms are positive, so nothing cancels. */
function bessel0(x: f64): f64 {
  const quarter = x * x * 0.25;
  let term: f64 = 1;
  let total: f64 = 1;
  for (let k: f64 = 1; term > total * 1e-17; k++) {
    term *= quarter / (k * k);
    total += term;
  }
  return total;
}

/**
 * f64[20 rate + 1]: low-pass at 1 / rate of the Nyquist frequency under a Kaiser window, gain `up`:
 * `up * scipy.signal.firwin(20 * rate + 1, 1 / rate, window=('kaiser', 5.0))`. rate = max(up, down), at most 2^22.
 */
export function f64_resample_poly_taps(taps: usize, up: i32, rate: i32): void {
  const half = 10 * rate;
  const centre = taps + ((<usize>half) << 3);
  for (let m = 0; m <= half; m++) {
    const position = <f64>m / <f64>half;
    const window = bessel0(KAISER_BETA * Math.sqrt(1 - position * position)) / bessel0(KAISER_BETA);
    const sinc = m === 0 ? 1 : sinTurn(m % (2 * rate), 2 * rate) / ((Math.PI * <f64>m) / <f64>rate);
    store<f64>(centre + ((<usize>m) << 3), sinc * window);
    store<f64>(centre - ((<usize>m) << 3), sinc * window);
  }
  const scale = <f64>up / sum(taps, 2 * half + 1);
  for (let m = -half; m <= half; m++) {
    const tap = centre + ((<usize>m) << 3);
    store<f64>(tap, load<f64>(tap) * scale);
  }
}

/**
 * Polyphase resampling by up / down (no common factor), zeros beyond both ends: `scipy.signal.resample_poly`.
 * f64[n], taps f64[20 max(up, down) + 1] -> f64[ceil(n up / down)].
 */
export function f64_resample_poly(input: usize, taps: usize, output: usize, n: i32, up: i32, down: i32): void {
  const half = <i64>10 * max(up, down);
  const outputCount = (<i64>n * up + down - 1) / down;
  const step = (<usize>up) << 3;
  for (let k: i64 = 0; k < outputCount; k++) {
    // Output k stands at k * down on the grid of the upsampled input, whose sample s stands at s * up.
    const centre = k * down;
    const first = centre <= half ? 0 : (centre - half + up - 1) / up;
    const last = min((centre + half) / up, <i64>n - 1);
    let tap = taps + ((<usize>(centre + half - first * up)) << 3);
    const end = input + ((<usize>last) << 3);
    let total: f64 = 0;
    for (let sample = input + ((<usize>first) << 3); sample <= end; sample += 8) {
      total += load<f64>(sample) * load<f64>(tap);
      tap -= step;
    }
    store<f64>(output + ((<usize>k) << 3), total);
  }
}
