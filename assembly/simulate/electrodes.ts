import { expNegative, sinTurns } from './math';
import { normal, STREAM_MAINS, STREAM_MUSCLE, STREAM_WANDER, u32_random, uniform } from './random';

// Noise enters where it enters in a patient, at the electrodes RA, LA, LL, V1 to V6: f64[9][samples], in mV. Leads take differences.
const ELECTRODES: i32 = 9;
const LEADS: i32 = 8; // I, II, V1 to V6: the independent ones
const MUSCLE_HIGHPASS_HZ: f64 = 20;
const TWO_PI: f64 = 2 * Math.PI;

/** Adds baseline wander: respiration, common in phase with a gain of -1 to 1 at each electrode, and a slow drift of its own. */
export function f64_add_wander(
  electrodes: usize,
  samples: i32,
  firstSample: i32,
  fs: f64,
  amplitude: f64,
  respirationHz: f64,
  seed: u32,
): void {
  const stream = u32_random(seed, STREAM_WANDER);
  const phase = uniform(stream, 0);
  for (let electrode = 0; electrode < ELECTRODES; electrode++) {
    const draw: u32 = 1 + 3 * electrode;
    const gain = 2 * uniform(stream, draw) - 1;
    const driftHz = 0.03 + 0.09 * uniform(stream, draw + 1);
    const driftPhase = uniform(stream, draw + 2);
    const row = electrodes + ((<usize>(electrode * samples)) << 3);
    for (let n = 0; n < samples; n++) {
      const t = <f64>(firstSample + n) / fs;
      const wander = gain * sinTurns(respirationHz * t + phase) + 0.5 * sinTurns(driftHz * t + driftPhase);
      const at = row + ((<usize>n) << 3);
      store<f64>(at, load<f64>(at) + amplitude * wander);
    }
  }
}

/** Adds mains interference: one sine, with a gain of -1 to 1 at each electrode (the part common to all cancels in every lead). */
export function f64_add_mains(electrodes: usize, samples: i32, firstSample: i32, fs: f64, amplitude: f64, mainsHz: f64, seed: u32): void {
  const stream = u32_random(seed, STREAM_MAINS);
  const phase = uniform(stream, 0);
  for (let n = 0; n < samples; n++) {
    const sine = amplitude * sinTurns((mainsHz / fs) * <f64>(firstSample + n) + phase);
    for (let electrode = 0; electrode < ELECTRODES; electrode++) {
      const at = electrodes + ((<usize>(electrode * samples + n)) << 3);
      store<f64>(at, load<f64>(at) + sine * (2 * uniform(stream, 1 + electrode) - 1));
    }
  }
}

/** Adds muscle noise of `rms` mV: white noise through a 20 Hz high-pass. state f64[9] carries the filters over to the next block. */
export function f64_add_muscle(electrodes: usize, state: usize, samples: i32, firstSample: i32, fs: f64, rms: f64, seed: u32): void {
  const keep = expNegative((TWO_PI * MUSCLE_HIGHPASS_HZ) / fs);
  // White noise minus its one-pole mean has the variance 2 keep^2 / (1 + keep).
  const gain = (rms * sqrt((1 + keep) / 2)) / keep;
  for (let electrode = 0; electrode < ELECTRODES; electrode++) {
    const stream = u32_random(seed, STREAM_MUSCLE + electrode);
    const carry = state + ((<usize>electrode) << 3);
    const row = electrodes + ((<usize>(electrode * samples)) << 3);
    let mean = load<f64>(carry);
    for (let n = 0; n < samples; n++) {
      const white = normal(stream, firstSample + n);
      mean += (1 - keep) * (white - mean);
      const at = row + ((<usize>n) << 3);
      store<f64>(at, load<f64>(at) + gain * (white - mean));
    }
    store<f64>(carry, mean);
  }
}

/**
 * digital i32[8][samples] out, in microvolts: projection f64[8][3] times dipole f64[3][samples], plus the electrodes' differences.
 * I and II come out even, so that the halves in Goldberger's leads are whole numbers too.
 */
export function i32_project_leads(projection: usize, dipole: usize, electrodes: usize, digital: usize, samples: i32): void {
  const pitch = (<usize>samples) << 3;
  for (let n = 0; n < samples; n++) {
    const heart = dipole + ((<usize>n) << 3);
    const skin = electrodes + ((<usize>n) << 3);
    const right = load<f64>(skin);
    const left = load<f64>(skin + pitch);
    const foot = load<f64>(skin + 2 * pitch);
    const wilson = (right + left + foot) / 3;
    for (let lead = 0; lead < LEADS; lead++) {
      const row = projection + <usize>lead * 24;
      let mV = load<f64>(row) * load<f64>(heart);
      mV += load<f64>(row, 8) * load<f64>(heart + pitch);
      mV += load<f64>(row, 16) * load<f64>(heart + 2 * pitch);
      if (lead === 0) mV += left - right;
      else if (lead === 1) mV += foot - right;
      else mV += load<f64>(skin + <usize>(lead + 1) * pitch) - wilson;
      const value = lead < 2 ? 2 * <i32>nearest(mV * 500) : <i32>nearest(mV * 1000);
      store<i32>(digital + ((<usize>(lead * samples + n)) << 2), value);
    }
  }
}
