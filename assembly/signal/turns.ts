// Sines and cosines of fractions of a turn. The angle is reduced in integers to at most an eighth of a turn, where the series are best,
// so that a table of any length is good to the last bit or two; no recurrence, no rounding of a large angle.

/** cos(2 pi eighths / (8 turn)), for 0 <= eighths < 8 turn; `turn` below 2^28. */
function cosEighths(eighths: i32, turn: i32): f64 {
  if (eighths > 4 * turn) eighths = 8 * turn - eighths;
  const negative = eighths > 2 * turn;
  if (negative) eighths = 4 * turn - eighths;
  const angle = (Math.PI / 4) * (<f64>min(eighths, 2 * turn - eighths) / <f64>turn);
  const value = eighths <= turn ? Math.cos(angle) : Math.sin(angle);
  return negative ? -value : value;
}

/** cos(2 pi k / n) for 0 <= k < n < 2^28. */
export function cosTurn(k: i32, n: i32): f64 {
  return cosEighths(8 * k, n);
}

/** sin(2 pi k / n) for 0 <= k < n < 2^28. */
export function sinTurn(k: i32, n: i32): f64 {
  const eighths = 2 * n - 8 * k;
  return cosEighths(eighths < 0 ? -eighths : eighths, n);
}

/** Stores the complex number exp(-2 pi i k / n). */
export function storeRoot(root: usize, k: i32, n: i32): void {
  store<f64>(root, cosTurn(k, n));
  store<f64>(root, -sinTurn(k, n), 8);
}
