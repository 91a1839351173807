/** Sum of f64[count], compensated (Neumaier 1974): the error does not grow with the count. */
export function sum(values: usize, count: i32): f64 {
  const end = values + ((<usize>count) << 3);
  let total: f64 = 0;
  let lost: f64 = 0;
  for (; values < end; values += 8) {
    const value = load<f64>(values);
    const next = total + value;
    lost += abs(total) >= abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** Sum of (x - centre)^2 over f64[count], compensated; every term is at least 0, so the total is always the larger one. */
export function sumOfSquares(values: usize, centre: f64, count: i32): f64 {
  const end = values + ((<usize>count) << 3);
  let total: f64 = 0;
  let lost: f64 = 0;
  for (; values < end; values += 8) {
    const deviation = load<f64>(values) - centre;
    const square = deviation * deviation;
    const next = total + square;
    lost += total >= square ? total - next + square : square - next + total;
    total = next;
  }
  return total + lost;
}
