// Double-precision sine and exponential for the simulator. The standard library's bring 4 kB of tables and argument reduction that
// phases counted in turns and Gaussian exponents do not need.

const TWO_PI: f64 = 2 * Math.PI;
const LN2: f64 = Math.LN2;

/** sin(2 pi turns), within 4e-16 once the whole turns are off: Taylor's series to x^21 on a quarter turn. */
export function sinTurns(turns: f64): f64 {
  let u = turns - floor(turns + 0.5);
  if (u > 0.25) u = 0.5 - u;
  else if (u < -0.25) u = -0.5 - u;
  const x = u * TWO_PI;
  const xx = x * x;
  // Constants are products of two neighbours. Written out: in a loop each step would wait for a division.
  let series = 1 - xx * (1.0 / 420);
  series = 1 - xx * (1.0 / 342) * series;
  series = 1 - xx * (1.0 / 272) * series;
  series = 1 - xx * (1.0 / 210) * series;
  series = 1 - xx * (1.0 / 156) * series;
  series = 1 - xx * (1.0 / 110) * series;
  series = 1 - xx * (1.0 / 72) * series;
  series = 1 - xx * (1.0 / 42) * series;
  series = 1 - xx * (1.0 / 20) * series;
  series = 1 - xx * (1.0 / 6) * series;
  return x * series;
}

/** exp(-x) for |x| < 700: a power of two times Taylor's series on |r| <= ln(2) / 2. */
export function expNegative(x: f64): f64 {
  const k = nearest(x / LN2);
  const r = x - k * LN2;
  let series: f64 = 1;
  for (let n: f64 = 14; n >= 1; n -= 1) series = 1 - (r * series) / n;
  return series * reinterpret<f64>((1023 - <i64>k) << 52);
}
