import { sum, sumOfSquares } from './sum';

function isConstant(values: usize, count: i32): bool {
  const first = load<f64>(values);
  const end = values + ((<usize>count) << 3);
  for (; values < end; values += 8) {
    if (load<f64>(values) !== first) return false;
  }
  return true;
}

/**
 * f64[count] in place: (x - mean) / standard deviation, ddof 0, `scipy.stats.zscore`. A constant becomes zeros: its deviations are rounding,
 * and 0 / 0 has no value. So do values whose squares overflow.
 */
export function f64_zscore(values: usize, count: i32): void {
  if (isConstant(values, count)) {
    memory.fill(values, 0, (<usize>count) << 3);
    return;
  }
  const mean = sum(values, count) / <f64>count;
  const deviation = Math.sqrt(sumOfSquares(values, mean, count) / <f64>count);
  const end = values + ((<usize>count) << 3);
  for (; values < end; values += 8) {
    store<f64>(values, 0 < deviation && deviation < Infinity ? (load<f64>(values) - mean) / deviation : 0);
  }
}
