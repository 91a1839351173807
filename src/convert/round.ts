// Rounding the weights of a product so that the errors of one weight are made up for by those that follow it: what counts is the error of
// the output on inputs like those of the calibration, not that of each weight. After Frantar et al., "GPTQ", ICLR 2023, and Hassibi and
// Stork, "Optimal Brain Surgeon", 1993. Double precision, in a fixed order, + - * / and square roots only: the same bits in every engine.

/** Share of the mean variance that is added to every variance: inputs that never vary, or vary alike, still have an inverse. */
const DAMPING = 0.01;

/** How the error of one weight is passed on: upper triangular, f64[inner][inner], row k over the weights from k on. */
export type Feedback = Float64Array;

/**
 * U with U^T U the inverse of the covariance of a product's inputs.
 * @param moments f64[inner][inner], the sum of the outer products of `rows` inputs; only j >= i is read
 * @param sums f64[inner], the sum of these inputs
 */
export function makeFeedback(moments: Float64Array, sums: Float64Array, rows: number): Feedback {
  const inner = sums.length;
  const covariance = new Float64Array(inner * inner);
  let trace = 0;
  for (let i = 0; i < inner; i++) {
    for (let j = i; j < inner; j++) covariance[i * inner + j] = moments[i * inner + j]! / rows - (sums[i]! / rows) * (sums[j]! / rows);
    trace += covariance[i * inner + i]!;
  }
  const damping = (DAMPING * trace) / inner;
  if (!(damping > 0)) return identity(inner);
  for (let i = 0; i < inner; i++) covariance[i * inner + i] = covariance[i * inner + i]! + damping;
  return invertUpper(factorUpper(covariance, inner), inner);
}

/** R, upper triangular, with R R^T the matrix: Cholesky's factorisation from the last row up, in place. Only j >= i is read. */
function factorUpper(matrix: Float64Array, inner: number): Float64Array {
  for (let j = inner - 1; j >= 0; j--) {
    for (let i = j; i >= 0; i--) {
      let sum = matrix[i * inner + j]!;
      for (let k = j + 1; k < inner; k++) sum -= matrix[i * inner + k]! * matrix[j * inner + k]!;
      matrix[i * inner + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * inner + j]!;
    }
  }
  return matrix;
}

/** The inverse of an upper triangular matrix. */
function invertUpper(matrix: Float64Array, inner: number): Float64Array {
  const inverse = new Float64Array(inner * inner);
  for (let j = 0; j < inner; j++) {
    inverse[j * inner + j] = 1 / matrix[j * inner + j]!;
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0;
      for (let k = i + 1; k <= j; k++) sum += matrix[i * inner + k]! * inverse[k * inner + j]!;
      inverse[i * inner + j] = -sum / matrix[i * inner + i]!;
    }
  }
  return inverse;
}

function identity(inner: number): Float64Array {
  const matrix = new Float64Array(inner * inner);
  for (let i = 0; i < inner; i++) matrix[i * inner + i] = 1;
  return matrix;
}

/**
 * Whole numbers for one output's weights in units of `scale`, within ±largest. `weights` f64[inner] is overwritten.
 * Each weight is rounded to the nearest, half to even, after what the ones before it have passed on.
 */
export function roundWithFeedback(weights: Float64Array, scale: number, feedback: Feedback, largest: number): Int8Array {
  const inner = weights.length;
  const rounded = new Int8Array(inner);
  for (let k = 0; k < inner; k++) {
    const whole = Math.max(-largest, Math.min(largest, roundHalfEven(weights[k]! / scale)));
    rounded[k] = whole;
    const error = (weights[k]! - whole * scale) / feedback[k * inner + k]!;
    for (let j = k + 1; j < inner; j++) weights[j] = weights[j]! - error * feedback[k * inner + j]!;
  }
  return rounded;
}

export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}
