// What the samples of one lead are worth, measured on them as they came, before any filter. Only arithmetic that is exact in IEEE 754, in a fixed
// order, so that every engine measures the same.

import { deviation, type RelatedLead } from './across.js';
import { orderStatistic } from './order.js';
import { movingMean } from './smooth.js';

/** Rate to which the samples are averaged down where noise and leads are compared: what is left is about what the network's filter (1 - 47 Hz) lets through. */
const COARSE_HZ = 100;
const MAINS_HZ = [50, 60];
/** Of the height; quieter tones are not measured. */
const LEAST_TONE = 0.02;
const WINDOW_SECONDS = 1.5; // holds a beat from 40 a minute on

/** One lead in double precision. */
export interface LeadSamples {
  /** All finite. */
  readonly x: Float64Array;
  readonly fs: number;
  /** Millivolts of one unit of `x`; undefined where the source does not say. */
  readonly millivolts: number | undefined;
}

/** Numbers that the verdict is made of. */
export interface LeadMeasures {
  /** Height of a usual beat above the baseline, in the unit of the samples: median of the ranges of windows of 1.5 s. */
  readonly height: number;
  /** Share of the time in runs of one value of half a second or more. */
  readonly constant: number;
  /** Share of the time in clipped tops or bottoms: runs at the highest or lowest value. */
  readonly clipped: number;
  /** Runs of those. */
  readonly clippedRuns: number;
  /** The longest of them in seconds; 0 for less than four samples. */
  readonly longestClip: number;
  /** Standard deviation of noise between the beats, about 10 to 40 Hz, over `height`. */
  readonly noise: number;
  /** Largest single-sample excursion over `height`. */
  readonly spike: number;
  /** Largest lasting jump of the level over `height`. */
  readonly step: number;
  /** Range of the level (means of a second) over `height`. */
  readonly drift: number;
  /** Amplitude at 50 or 60 Hz over `height`; 0 where the rate is too low to hold it. */
  readonly mains: number;
  /** The samples at about 100 Hz. */
  readonly coarse: RelatedLead;
}

export function measureLead(samples: LeadSamples): LeadMeasures {
  const { x, fs, millivolts } = samples;
  const [low, high] = rangeOf(x, 0, x.length);
  const factor = Math.max(1, Math.round(fs / COARSE_HZ));
  const coarse = average(x, factor);
  const height = usualHeight(coarse, fs / factor);
  const over = (value: number) => (height > 0 ? value / height : value > 0 ? 1e6 : 0);
  const clips = clipping(x, low, high);
  return {
    height,
    constant: constantShare(x, fs),
    clipped: clips.samples / x.length,
    clippedRuns: clips.runs,
    longestClip: clips.longest < 4 ? 0 : clips.longest / fs,
    noise: over(noiseBetweenBeats(coarse)),
    spike: over(largestSpike(x)),
    step: over(largestStep(x, fs)),
    drift: over(levelRange(x, fs)),
    mains: over(Math.max(...MAINS_HZ.map((hertz) => toneAmplitude(samples, hertz, LEAST_TONE * height)))),
    coarse: { x: coarse, fs: fs / factor, deviation: deviation(coarse), millivolts },
  };
}

function rangeOf(x: Float64Array, start: number, end: number): [low: number, high: number] {
  let low = x[start]!;
  let high = low;
  for (let i = start + 1; i < end; i++) {
    const value = x[i]!;
    if (value < low) low = value;
    else if (value > high) high = value;
  }
  return [low, high];
}

function usualHeight(coarse: Float64Array, fs: number): number {
  const level = movingMean(coarse, Math.round(fs / 2));
  const x = coarse.map((value, i) => value - level[i]!);
  const count = Math.max(1, Math.floor(x.length / (WINDOW_SECONDS * fs)));
  const heights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const [low, high] = rangeOf(x, Math.floor((i * x.length) / count), Math.floor(((i + 1) * x.length) / count));
    heights[i] = high - low;
  }
  return orderStatistic(heights, (count - 1) >> 1);
}

/** Means of `factor` samples each. */
function average(x: Float64Array, factor: number): Float64Array {
  if (factor === 1) return x;
  const means = new Float64Array(Math.floor(x.length / factor));
  for (let i = 0, k = 0; i < means.length; i++) {
    let sum = 0;
    for (const end = k + factor; k < end; k++) sum += x[k]!;
    means[i] = sum / factor;
  }
  return means;
}

function constantShare(x: Float64Array, fs: number): number {
  const shortest = Math.max(2, Math.round(fs / 2));
  let constant = 0;
  for (let start = 0; start < x.length; ) {
    let end = start + 1;
    while (end < x.length && x[end] === x[start]) end++;
    if (end - start >= shortest) constant += end - start;
    start = end;
  }
  return constant / x.length;
}

/** A rail cuts a slope off: two samples where the one before or after is far away, or three, all at the highest or lowest value. */
function clipping(x: Float64Array, low: number, high: number): { samples: number; runs: number; longest: number } {
  const far = (high - low) / 25;
  const result = { samples: 0, runs: 0, longest: 0 };
  for (let i = 0; i < x.length; ) {
    const value = x[i]!;
    if (value !== low && value !== high) {
      i++;
      continue;
    }
    let end = i + 1;
    while (end < x.length && x[end] === value) end++;
    const before = i > 0 ? Math.abs(value - x[i - 1]!) : 0;
    const after = end < x.length ? Math.abs(value - x[end]!) : 0;
    if (end - i >= (before > far || after > far ? 2 : 3)) {
      result.samples += end - i;
      result.runs++;
      result.longest = Math.max(result.longest, end - i);
    }
    i = end;
  }
  return result;
}

/** Of white noise its standard deviation: from the median, which beats are too few to move. Means of two samples take mains out, at 100 Hz too. */
function noiseBetweenBeats(x: Float64Array): number {
  if (x.length < 4) return 0;
  const differences = new Float64Array(x.length - 3);
  for (let i = 0; i < differences.length; i++) differences[i] = Math.abs(x[i]! - x[i + 1]! - x[i + 2]! + x[i + 3]!) / 2;
  return orderStatistic(differences, differences.length >> 1) / 0.6745;
}

/** How far one or two samples stand out from those beside them. */
function largestSpike(x: Float64Array): number {
  let largest = 0;
  for (let i = 1; i + 2 < x.length; i++) {
    const rise = x[i]! - x[i - 1]!;
    // Few samples get beyond this.
    if (Math.abs(rise) <= largest) continue;
    const [fall, laterFall] = [x[i]! - x[i + 1]!, x[i + 1]! - x[i + 2]!];
    if (rise * fall > 0) largest = Math.max(largest, Math.min(Math.abs(rise), Math.abs(fall)));
    if (rise * laterFall > 0) largest = Math.max(largest, Math.min(Math.abs(rise), Math.abs(laterFall), Math.abs(rise - fall)));
  }
  return largest;
}

/** The largest lasting jump of the level, means of half a second. */
function largestStep(x: Float64Array, fs: number): number {
  const level = average(x, Math.max(1, Math.round(fs / 2)));
  let largest = 0;
  for (let i = 2; i + 2 < level.length; i++) {
    const [a, b, c, d] = [level[i - 2]!, level[i - 1]!, level[i + 1]!, level[i + 2]!];
    // What lies on one side stays away from what lies on the other; the block between may hold the edge.
    largest = Math.max(largest, Math.min(c, d) - Math.max(a, b), Math.min(a, b) - Math.max(c, d));
  }
  return largest;
}

function levelRange(x: Float64Array, fs: number): number {
  const level = average(x, Math.max(1, Math.round(fs)));
  const [low, high] = rangeOf(level, 0, level.length);
  return level.length > 0 ? high - low : 0;
}

/** Amplitude of a tone in whole seconds, less what stands at the frequencies beside it; 0 where it is less than `least`, or the rate too low to hold it. */
function toneAmplitude({ x, fs }: LeadSamples, hertz: number, least: number): number {
  const length = Math.round(fs);
  const seconds = Math.floor(x.length / length);
  if (fs < 2.2 * hertz || seconds === 0) return 0;
  const power = (frequency: number) => {
    let sum = 0;
    for (let start = 0; start < seconds * length; start += length) sum += goertzel(x, start, length, frequency / fs);
    return sum / seconds;
  };
  const amplitude = (squares: number) => (2 * Math.sqrt(Math.max(0, squares))) / length;
  const tone = power(hertz);
  if (amplitude(tone) < least) return 0;
  return amplitude(tone - power(hertz - 4) - power(hertz + 4));
}

/** Squared magnitude of the sum of x[start + n] exp(-2 pi i cycles n). */
function goertzel(x: Float64Array, start: number, length: number, cycles: number): number {
  const twice = 2 * cosine(cycles);
  let before = 0;
  let last = 0;
  for (let i = start; i < start + length; i++) {
    const next = x[i]! + twice * last - before;
    before = last;
    last = next;
  }
  return last * last + before * before - twice * last * before;
}

/** cos(2 pi cycles) for cycles 0 to 0.5, by its series: engines differ in Math.cos. */
function cosine(cycles: number): number {
  const angle = 2 * Math.PI * (cycles <= 0.25 ? cycles : 0.5 - cycles);
  const square = angle * angle;
  let term = 1;
  let sum = 1;
  for (let n = 2; n <= 22; n += 2) {
    term *= -square / (n * (n - 1));
    sum += term;
  }
  return cycles <= 0.25 ? sum : -sum;
}

/** Without NaN and infinities. */
export function allFinite(samples: ArrayLike<number>): boolean {
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i]!)) return false;
  return true;
}
