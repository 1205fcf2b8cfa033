"""How far float32 results are from the exactly rounded ones.

What counts are exact results that round to 0 or a normal number, as peers flush denormals. A result that is NaN or
infinite makes an error None.
"""

import numpy as np

SMALLEST_NORMAL = 2.0**-126
DIGITS_LOST = 1e-5


def ordinal(x):
    """Consecutive integers for consecutive float32 numbers, 0 for both zeros."""
    bits = np.asarray(x, np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def normal(truth):
    return abs(truth) >= SMALLEST_NORMAL


def counts(truth):
    return (truth == 0) | normal(truth)


def largest(errors, finite):
    return errors.max().item() if finite.all() else None


def three_digits(error):
    return error if error is None else float(f'{error:.3g}')


def ulps(measured, truth):
    """The largest distance in representable float32 numbers."""
    counted = counts(truth)
    distance = abs(ordinal(measured) - ordinal(truth))[counted]
    return largest(distance, np.isfinite(measured[counted]))


def ulps_of_largest(measured, truth):
    """The largest error, in units in the last place of the largest exact entry of its row."""
    errors = abs(measured.astype(np.float64) - truth) / np.spacing(abs(truth).max(-1, keepdims=True))
    return largest(np.ceil(errors).astype(int), np.isfinite(measured))


def absolute_error(measured, truth):
    return three_digits(largest(abs(measured.astype(np.float64) - truth), np.isfinite(measured)))


def relative_error(measured, truth):
    """Relative to the exact result, or to the smallest normal number where that is 0."""
    counted = counts(truth)
    error = abs(measured.astype(np.float64) - truth) / np.maximum(abs(truth), SMALLEST_NORMAL)
    return three_digits(largest(error[counted], np.isfinite(measured[counted])))


def digits_lost_from(measured, truth, sizes):
    """The smallest of the descending sizes from which on no normal result is within DIGITS_LOST of the exact one."""
    counted = normal(truth)
    close = (abs(measured - truth) <= DIGITS_LOST * abs(truth))[counted]
    lost = close.argmax() if close.any() else close.size
    return sizes[counted][lost - 1] if lost else None


def nonfinite(measured):
    return int((~np.isfinite(measured)).sum())
