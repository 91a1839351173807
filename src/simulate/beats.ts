import type { KernelExports } from '../kernel-exports.js';
import type { CheckedOptions } from './options.js';

/** Beat times in seconds from the first sample; they begin before it and end after the last. */
export interface Beats {
  /** Atrial beats, each with a P wave before its R time. */
  atrial: number[];
  /** R times of conducted beats. */
  ventricular: number[];
  /** R times of ventricular premature beats. */
  ectopic: number[];
}

// A premature beat comes after 0.65 of the interval and leaves the sinus node alone: the pause is fully compensatory.
const ECTOPIC_ADVANCE = 0.35;
const ECTOPIC_EVERY_LEAST = 5;
const ECTOPIC_EVERY_CHOICES = 4;
// Draws for the beats take a seed of their own; the streams 0, 1, 2, … of the kernels belong to rhythm and noise.
const STREAM_BEATS = 0x100;

/** How many RR intervals `placeBeats` needs. */
export function intervalCount(options: CheckedOptions): number {
  return Math.ceil((options.seconds * options.heartRate) / 60) + 5;
}

/** Sums RR intervals (seconds) to beats, after scaling them so that their mean is exactly that of the heart rate. */
export function placeBeats(intervals: Float64Array, options: CheckedOptions, kernels: KernelExports): Beats {
  const seed = kernels.u32_random(options.seed, STREAM_BEATS);
  const draw = (index: number) => (kernels.u32_random(seed, index) >>> 0) / 2 ** 32;
  const mean = 60 / options.heartRate;
  const scale = (mean * intervals.length) / intervals.reduce((sum, interval) => sum + interval, 0);
  const beats: Beats = { atrial: [], ventricular: [], ectopic: [] };
  let time = -(1.5 + draw(0)) * mean;
  let untilEctopic = 4 + Math.floor(draw(1) * ECTOPIC_EVERY_CHOICES);
  for (let k = 0; k < intervals.length; k++) {
    const interval = intervals[k]! * scale;
    time += interval;
    if (options.rhythm !== 'af') beats.atrial.push(time);
    const ectopic = options.rhythm === 'pvc' && --untilEctopic === 0;
    if (ectopic) untilEctopic = ECTOPIC_EVERY_LEAST + Math.floor(draw(2 + k) * ECTOPIC_EVERY_CHOICES);
    if (ectopic) beats.ectopic.push(time - ECTOPIC_ADVANCE * interval);
    else beats.ventricular.push(time);
  }
  return beats;
}
