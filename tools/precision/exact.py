"""Numbers with far more digits than float32 has, grids of them, and their rounding to float32."""

import math

import numpy as np
from mpmath import mp

# Wherever terms cancel or a small one is added to a large one, hundreds of bits are still left.
mp.prec = 2000

LARGEST = float(np.finfo(np.float32).max)


def to_float32(x):
    """The float32 nearest to an mpf, ties to even, denormals included. Zero has no sign."""
    if x == 0:
        return 0.0
    quantum = max(mp.frexp(x)[1] - 24, -149)
    rounded = math.ldexp(int(mp.nint(mp.ldexp(x, -quantum))), quantum)
    return rounded if abs(rounded) <= LARGEST else math.copysign(math.inf, rounded)


def log_spaced(start, stop, count):
    ratio = mp.mpf(stop) / mp.mpf(start)
    return [mp.mpf(start) * ratio ** (mp.mpf(k) / (count - 1)) for k in range(count)]


def irregular(start, stop, step):
    """Points about `step` apart whose fractions do not repeat."""
    count = round((stop - start) / step)
    return [start + (stop - start) * (k + 0.5 * (k * mp.phi % 1)) / count for k in range(count)]


def symmetric(magnitudes):
    """Ascending float32 numbers: 0 and the magnitudes with both signs."""
    positive = {to_float32(magnitude) for magnitude in magnitudes}
    return sorted({0.0} | positive | {-x for x in positive})
