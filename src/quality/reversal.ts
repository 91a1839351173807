// Electrodes of the limbs exchanged, told from the shape of the median beat. Nothing here depends on the amplitude of a lead, and all of it is
// arithmetic that is exact in IEEE 754, in a fixed order. training/reversal.py is the reference, fits reversal.json, and reports how well it does.

import { orderStatistic } from './order.js';
import table from './reversal.json' with { type: 'json' };
import { movingMean } from './smooth.js';

const CHEST = ['V1', 'V2', 'V3', 'V4', 'V5', 'V6'];
/** The other limb leads follow from I and II. */
const LEADS = ['I', 'II', ...CHEST];
const PAIRS = [['I', 'II'], ...['I', 'II'].flatMap((limb) => CHEST.map((chest) => [limb, chest] as const))] as const;

// In samples of 10 ms.
const GRID_HZ = 100;
const LEVEL = 50; // half width of the moving average that is taken off
const QRS = 4; // half width of the average of the slope
const CENTRE = 5; // half width around a beat's steepest moment in which its centre of slope is taken
const BLOCK = 150; // holds a beat from 40 a minute on
const REFRACTORY = 25;
const BEFORE = 28; // a beat begins so long before its centre
const BEAT = 72;
/** P, QRS, ST and T. */
const WINDOWS = [
  [4, 20],
  [20, 37],
  [38, 72],
] as const;
const BIN = 4;
const MIN_BEATS = 2;
/** Share of the beats' energy that is common to all (measured: 0.3 at most in noise of 5 s; less than 0.2 in 0.7 % of real lead I). */
const AGREEMENT = 0.2;

/** How far a reversal is above its threshold, in log odds: it is told where that is 0 or more. At most one of the two is above 0. */
export interface ReversalScores {
  /**
   * Right and left arm. Of 589 records that the fit never saw, with twelve leads, 95.6 % are found at 0.2 % false alarms; with I and II alone
   * 93.0 % at 0.7 % (docs/quality.md). Without a lead II it stands for the other reversal too. A paced
   * rhythm is often taken for one.
   */
  readonly arms: number;
  /** Right arm and left leg: 96.3 % and 0.2 %, with I and II alone 89.3 % and 0.5 %; undefined without a lead II. */
  readonly rightArmLeftLeg: number | undefined;
}

/**
 * Whether limb electrodes were exchanged, or undefined where that cannot be told: without a lead I, with less than two whole beats, or with beats
 * that do not agree. Uses I, II and V1 to V6, as many as there are; left arm for left leg is not told.
 * @param leads samples of the usable leads by standard name, all finite and of one length, each in any unit
 * @param fs their rate in Hz, 50 or more
 */
export function limbLeadReversal(leads: ReadonlyMap<string, Float64Array>, fs: number): ReversalScores | undefined {
  const beats = medianBeats(leads, fs);
  if (!beats?.has('I')) return undefined;
  const features = [...softBins(beats.get('I')), ...softBins(beats.get('II')), ...correlations(beats)];
  const known = !beats.has('II') ? 0 : CHEST.every((lead) => beats.has(lead)) ? 2 : 1;
  const arms = logOdds(table.arms, features);
  const over = arms - table.arms.thresholds[known]!;
  if (known === 0) return { arms: over, rightArmLeftLeg: undefined };
  const leg = logOdds(table.rightArmLeftLeg, features);
  return {
    arms: Math.min(over, arms - leg),
    rightArmLeftLeg: Math.min(leg - table.rightArmLeftLeg.thresholds[known]!, leg - arms),
  };
}

function logOdds({ bias, weights }: { bias: number; weights: number[] }, features: number[]): number {
  let sum = bias;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * features[i]!;
  return sum;
}

/** f64[BEAT] of each lead that has a signal whose beats agree. */
function medianBeats(leads: ReadonlyMap<string, Float64Array>, fs: number): Map<string, Float64Array> | undefined {
  const rows = new Map<string, Float64Array>();
  for (const lead of LEADS) {
    const x = leads.get(lead);
    if (x === undefined || ((x.length - 1) * GRID_HZ) / fs < BLOCK + 1) continue;
    const y = withoutLevel(toGrid(x, fs));
    if (meanSlope(y) > 0) rows.set(lead, y);
  }
  if (rows.size === 0) return undefined;
  const starts = findBeats([...rows.values()]);
  const beats = new Map<string, Float64Array>();
  if (starts.length < MIN_BEATS) return beats;
  for (const [lead, y] of rows) {
    const beat = medianBeat(y, starts);
    if (beat !== undefined) beats.set(lead, beat);
  }
  return beats;
}

/** Means over 20 ms every 10 ms of the straight lines through the samples, less the first sample. 20 ms take out mains. */
function toGrid(x: Float64Array, fs: number): Float64Array {
  const steps = Math.floor(((x.length - 1) * GRID_HZ) / fs);
  const areas = new Float64Array(steps + 1);
  const offset = x[0]!;
  let area = 0; // from sample 0 to sample `sample`
  let sample = 0;
  for (let step = 0; step <= steps; step++) {
    const position = (step * fs) / GRID_HZ;
    const whole = Math.min(Math.floor(position), x.length - 2);
    for (; sample < whole; sample++) area += (x[sample]! - offset + (x[sample + 1]! - offset)) / 2;
    const part = position - whole;
    areas[step] = area + part * (x[whole]! - offset + (part / 2) * (x[whole + 1]! - x[whole]!));
  }
  const grid = new Float64Array(steps - 1);
  for (let i = 0; i < grid.length; i++) grid[i] = ((areas[i + 2]! - areas[i]!) * GRID_HZ) / (2 * fs);
  return grid;
}

function withoutLevel(grid: Float64Array): Float64Array {
  return movingMean(grid, LEVEL).map((level, i) => grid[i]! - level);
}

function meanSlope(y: Float64Array): number {
  let sum = 0;
  for (let i = 1; i < y.length - 1; i++) sum += Math.abs(y[i + 1]! - y[i - 1]!);
  return sum / (y.length - 2);
}

/** First samples of the beats: where the slopes of all leads together are steepest. */
function findBeats(rows: Float64Array[]): number[] {
  const steep = new Float64Array(rows[0]!.length);
  for (const y of rows) {
    const mean = meanSlope(y);
    for (let i = 1; i < y.length - 1; i++) steep[i]! += Math.abs(y[i + 1]! - y[i - 1]!) / mean;
  }
  const smooth = movingMean(steep, QRS);
  const threshold = usualTop(smooth) / 2;
  const starts: number[] = [];
  let last = -REFRACTORY;
  for (let i = 0; i < smooth.length; i++) {
    if (smooth[i]! < threshold || i - last < REFRACTORY) continue;
    if (smooth[i]! < highest(smooth, Math.max(i - REFRACTORY, 0), Math.min(i + REFRACTORY + 1, smooth.length))) continue;
    last = i;
    const start = centreOf(steep, Math.max(i - CENTRE, 0), Math.min(i + CENTRE + 1, steep.length)) - BEFORE;
    if (start >= 0 && start + BEAT <= steep.length) starts.push(start);
  }
  return starts;
}

/** Median of the highest values of whole blocks. */
function usualTop(smooth: Float64Array): number {
  const tops = new Float64Array(Math.floor(smooth.length / BLOCK));
  for (let i = 0; i < tops.length; i++) tops[i] = highest(smooth, i * BLOCK, (i + 1) * BLOCK);
  return orderStatistic(tops, tops.length >> 1);
}

function highest(values: Float64Array, start: number, end: number): number {
  let top = values[start]!;
  for (let i = start + 1; i < end; i++) if (values[i]! > top) top = values[i]!;
  return top;
}

function centreOf(values: Float64Array, start: number, end: number): number {
  let sum = 0;
  let moment = 0;
  for (let i = start; i < end; i++) {
    sum += values[i]!;
    moment += values[i]! * i;
  }
  return Math.floor(moment / sum + 0.5);
}

/** Median of the beats, each less its mean, over its root mean square; undefined where the beats do not agree. */
function medianBeat(y: Float64Array, starts: number[]): Float64Array | undefined {
  const count = starts.length;
  const means = starts.map((start) => meanOf(y, start, start + BEAT));
  const median = new Float64Array(BEAT);
  const column = new Float64Array(count);
  let energy = 0;
  let common = 0;
  let squares = 0;
  for (let i = 0; i < BEAT; i++) {
    let sum = 0;
    for (let beat = 0; beat < count; beat++) {
      const value = y[starts[beat]! + i]! - means[beat]!;
      column[beat] = value;
      sum += value;
      energy += (value * value) / count;
    }
    common += (sum / count) * (sum / count);
    const middle = (orderStatistic(column, (count - 1) >> 1) + orderStatistic(column, count >> 1)) / 2;
    median[i] = middle;
    squares += middle * middle;
  }
  // Of noise the mean of n beats keeps 1 / n of the energy: this is 0 for noise, 1 for equal beats.
  if (!(count * common - energy >= AGREEMENT * (count - 1) * energy)) return undefined;
  const rms = Math.sqrt(squares / BEAT);
  return rms > 0 ? median.map((value) => value / rms) : undefined;
}

function meanOf(values: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i]!;
  return sum / (end - start);
}

/** Means over 40 ms, each made soft: its sign tells more than its height. */
function softBins(beat: Float64Array | undefined): number[] {
  return table.scale.map((scale, bin) => {
    const mean = beat ? meanOf(beat, bin * BIN, (bin + 1) * BIN) : 0;
    return mean / (scale + Math.abs(mean));
  });
}

/** Of each pair of leads in each window; 0 for a pair that is not there. */
function correlations(beats: ReadonlyMap<string, Float64Array>): number[] {
  return WINDOWS.flatMap(([start, end]) =>
    PAIRS.map(([one, other]) => {
      const a = beats.get(one);
      const b = beats.get(other);
      return a && b ? correlation(a, b, start, end) : 0;
    }),
  );
}

function correlation(a: Float64Array, b: Float64Array, start: number, end: number): number {
  const meanA = meanOf(a, start, end);
  const meanB = meanOf(b, start, end);
  let products = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = start; i < end; i++) {
    const valueA = a[i]! - meanA;
    const valueB = b[i]! - meanB;
    products += valueA * valueB;
    squaresA += valueA * valueA;
    squaresB += valueB * valueB;
  }
  const squares = squaresA * squaresB;
  return squares > 0 ? products / Math.sqrt(squares) : 0;
}
