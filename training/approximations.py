"""Coefficients of the single-precision exp and GELU in `assembly/kernels/activations.ts`.

    python -m training.approximations

prints them with the largest errors that a float32 evaluation in the kernel's order of operations makes.
exp: polynomial on [-ln2/2, ln2/2], relative error minimised. GELU: x (1/2 + x P(x^2) / Q(x^2)), from
a fit of erf on [0, 3.925], beyond which it rounds to 1; 1/2 is also the first coefficient of Q.
"""

import math

import numpy as np

F = np.float32
ERF_LIMIT = 3.925
GELU_LIMIT = ERF_LIMIT * math.sqrt(2)


def fit_exp(degree: int = 6) -> np.ndarray:
    """Coefficients c2..c_degree of exp(r) = 1 + r + c2 r^2 + ... : weighted least squares on Chebyshev points, sharpened (Lawson)."""
    half = math.log(2) / 2
    r = half * np.cos(np.pi * (np.arange(4000) + 0.5) / 4000)
    target = np.expm1(r) - r
    columns = np.stack([r**k for k in range(2, degree + 1)], 1)
    weight = np.ones_like(r)
    for _ in range(200):
        w = np.sqrt(weight)[:, None] / np.exp(r)[:, None]
        coefficients, *_ = np.linalg.lstsq(columns * w, target * w[:, 0], rcond=None)
        error = np.abs(columns @ coefficients - target) / np.exp(r)
        weight = weight * (error + 1e-18)
        weight /= weight.mean()
    return coefficients


def fit_erf(p_degree: int = 6, q_degree: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """P (ascending, p_degree + 1) and Q (ascending, Q[0] = 1) of erf(x)/x in s = x^2, by linearised least squares with Lawson weights."""
    x = ERF_LIMIT * (1 - np.cos(np.pi * (np.arange(6000) + 0.5) / 6000)) / 2
    s = x * x
    target = np.array([math.erf(v) / v for v in x])
    weight, denominator = np.ones_like(x), np.ones_like(x)
    for _ in range(300):
        w = np.sqrt(weight) / (np.abs(target) * denominator)
        columns = np.concatenate([s[:, None] ** np.arange(p_degree + 1), -target[:, None] * s[:, None] ** np.arange(1, q_degree + 1)], 1)
        scale = np.abs(columns * w[:, None]).max(0)
        solution, *_ = np.linalg.lstsq(columns * w[:, None] / scale, target * w, rcond=1e-16)
        solution = solution / scale
        p, q = solution[: p_degree + 1], np.concatenate([[1.0], solution[p_degree + 1 :]])
        denominator = np.polyval(q[::-1], s)
        error = np.abs(np.polyval(p[::-1], s) / denominator - target) / np.abs(target)
        weight = weight * (error + 1e-17)
        weight /= weight.mean()
    return p, q


def exp32(x: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The kernel's exp, operation by operation, float32[n] -> float32[n]."""
    n = np.rint(x * F(1 / math.log(2)))
    r = (x - n * F(0.693359375)) - n * F(-2.12194440e-4)
    y = np.full_like(r, F(coefficients[-1]))
    for c in coefficients[-2::-1]:
        y = y * r + F(c)
    y = (y * r) * r + r + F(1)
    return y * np.ldexp(F(1), n.astype(np.int32)).astype(F)


def gelu_coefficients(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P and Q of erf(x / sqrt 2) / 2 = x P(x^2) / Q(x^2) with Q[0] = 1/2, from those of erf(x) = x p(x^2) / q(x^2)."""
    return p / 2.0 ** np.arange(len(p)) / math.sqrt(2) / 4, q / 2.0 ** np.arange(len(q)) / 2


def gelu32(x: np.ndarray, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The kernel's GELU, operation by operation, float32[n] -> float32[n]."""
    limit, half = F(GELU_LIMIT), F(0.5)
    p, q = p.astype(F), q.astype(F)
    above = np.maximum(x, -limit)
    z = np.minimum(above, limit)
    s = z * z
    s2 = s * s
    s4 = s2 * s2
    top = (p[6] * s2 + (p[5] * s + p[4])) * s4 + ((p[3] * s + p[2]) * s2 + (p[1] * s + p[0]))
    bottom = q[4] * s4 + ((q[3] * s + q[2]) * s2 + (q[1] * s + half))
    return above * (z * top / bottom + half)


def main() -> None:
    exp_coefficients = fit_exp()
    p, q = fit_erf()
    print("exp c2..", [repr(float(F(c))) for c in exp_coefficients])
    p, q = gelu_coefficients(p, q)
    print("GELU limit", repr(float(F(GELU_LIMIT))))
    print("GELU P ", [repr(float(F(c))) for c in p])
    print("GELU Q ", [repr(float(F(c))) for c in q])
    x = np.linspace(-87, 0, 2_000_001).astype(F)
    reference = np.exp(x.astype(np.float64))
    print("exp largest relative error", np.max(np.abs(exp32(x, exp_coefficients) - reference) / reference))
    x = np.concatenate([np.linspace(-8, 8, 2_000_001), [-1e4, 1e4]]).astype(F)
    reference = np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in x.astype(np.float64)])
    error = np.abs(gelu32(x, p, q) - reference)
    print("GELU largest absolute error below 0", np.max(error[x < 0]), "and relative to x above", np.max(error[x > 0.01] / x[x > 0.01]))


if __name__ == "__main__":
    main()
