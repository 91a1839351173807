import { FormatError } from '../errors.js';

/**
 * How far apart times may lie around an even grid, in sample periods: jitter that does no harm, and the most that the rounding of coarse
 * times may take. A missing or doubled sample makes it a whole period.
 */
const JITTER = 0.04;
const COARSEST = 0.85;

/**
 * The sampling frequency behind a column of times, written with `decimals` decimal places: of those that fit the times as well as the
 * least-squares line, the one with the fewest decimals (0.000, 0.003, 0.006, 0.008 … is 360 Hz in milliseconds).
 *
 * @throws FormatError `UNEVEN_TIME` with the line of the most uneven step, `FS_REQUIRED` for fewer than two times.
 */
export function deriveFs(times: Float64Array, decimals: number, ticksPerSecond = 1): number {
  const steps = times.length - 1;
  if (steps < 1) {
    const message = 'two times at least give a sampling frequency: give { fs } or --fs, without the time column';
    throw new FormatError('FS_REQUIRED', message, { format: 'csv' });
  }
  const period = fittedPeriod(times);
  const width = spread(times, period);
  // Rounded times lie within one unit of their last decimal; ties that round one way first and the other way later tilt the fitted line.
  const allowed = Math.min(Math.max(1.25 * Number(`1e-${decimals}`), JITTER * period), COARSEST * period);
  const fs = ticksPerSecond / period;
  if (!(period > 0 && width <= allowed && fs < Number.POSITIVE_INFINITY)) throw uneven(times, period);

  const closeEnough = Math.max(1.5 * width, 4 * Number.EPSILON * Math.abs(times[steps]!));
  for (let places = 0; places <= 6; places++) {
    const candidate = Number(fs.toFixed(places));
    if (candidate > 0 && spread(times, ticksPerSecond / candidate) <= closeEnough) return candidate;
  }
  return fs;
}

/** Slope of the least-squares line through the times. */
function fittedPeriod(times: Float64Array): number {
  const middle = (times.length - 1) / 2;
  let product = 0;
  let square = 0;
  for (let step = 0; step < times.length; step++) {
    product += (step - middle) * (times[step]! - times[0]!);
    square += (step - middle) * (step - middle);
  }
  return product / square;
}

/** Width of the band around a grid of this period that holds all times. */
function spread(times: Float64Array, period: number): number {
  let least = 0;
  let most = 0;
  for (let step = 0; step < times.length; step++) {
    const offGrid = times[step]! - times[0]! - step * period;
    least = Math.min(least, offGrid);
    most = Math.max(most, offGrid);
  }
  return most - least;
}

function uneven(times: Float64Array, period: number): FormatError {
  let worst = 1;
  let worstError = -1;
  for (let step = 1; step < times.length; step++) {
    const error = Math.abs(times[step]! - times[step - 1]! - period);
    if (Number.isNaN(error) || error > worstError) {
      worst = step;
      worstError = error;
    }
    if (Number.isNaN(error)) break;
  }
  const message = 'the times are not evenly spaced: a sample is missing, or they are too coarse';
  return new FormatError('UNEVEN_TIME', message, { format: 'csv', line: worst + 2 });
}
