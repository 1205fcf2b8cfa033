"""Fits the polynomials of src/kernels/simd/assembly/math.ts and prints them with their largest relative errors.

Coefficients are fitted by Lawson's iteration, which tends to the minimax fit, and rounded to float32 one by one, the leading
one first, with those that are left fitted again. Needs numpy.
"""

import numpy as np


def minimax(columns, target, weight, iterations=200):
    """Coefficients whose largest weighted error is (nearly) the smallest possible."""
    matrix = np.stack(columns, 1)
    lawson = np.ones(len(target))
    for _ in range(iterations):
        root = np.sqrt(lawson) * weight
        coefficients = np.linalg.lstsq(matrix * root[:, None], target * root, rcond=None)[0]
        errors = np.abs((matrix @ coefficients - target) * weight)
        lawson *= errors / errors.max() + 1e-12
        lawson /= lawson.sum()
    return coefficients


def rounded(columns, target, weight):
    """The same in float32, and the largest error."""
    coefficients, left = [], target.copy()
    for i, column in enumerate(columns):
        coefficient = float(np.float32(minimax(columns[i:], left, weight)[0]))
        coefficients.append(coefficient)
        left -= column * coefficient
    return coefficients, np.max(np.abs(left * weight))


def report(name, columns, target, weight):
    coefficients, error = rounded(columns, target, weight)
    print(f"{name}: {coefficients}, relative error {error:.1e}")


nodes = np.cos(np.linspace(0, np.pi, 2001))

# e^r = 1 + r + r² q(r) on |r| ≤ ½ ln 2, a little more for the rounding of n.
r = nodes * np.log(2) / 2 * 1.0005
report("q(r)", [r ** (k + 2) for k in range(5)], np.expm1(r) - r, np.exp(-r))

# 2 atanh(s) = 2s + s z P(z) with z = s² ≤ 1/9.
z = ((1 - nodes) / 2 / 9 * 1.0005)[1:]
s = np.sqrt(z)
report("P(z)", [s * z ** (k + 1) for k in range(4)], 2 * np.arctanh(s) - 2 * s, 1 / (2 * np.arctanh(s)))
