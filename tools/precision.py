"""Exactly rounded sigmoid cross-entropy, and how close other libraries come to it.

    python3 tools/precision.py

Writes __tests__/ops/sigmoid_cross_entropy_with_logits.mpmath.json: for logits x over the whole float32 range and
labels y, hard and soft, the float32 nearest to

    value    = y · softplus(−x) + (1 − y) · softplus(x)
    gradient = (1 − y) · σ(x) − y · σ(−x)

and the largest errors that TensorFlow, Keras, PyTorch and optax make on the same grid, in float32 on the CPU.
"""

import importlib.util
import json
import math
import os
import sys
from pathlib import Path

PACKAGES = ('mpmath', 'numpy', 'tensorflow', 'keras', 'torch', 'jax', 'optax')
missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
if missing:
    sys.exit(f'tools/precision.py needs all its peers: pip install {" ".join(missing)}')

os.environ |= {'CUDA_VISIBLE_DEVICES': '', 'JAX_PLATFORMS': 'cpu', 'KERAS_BACKEND': 'tensorflow'}

import jax
import keras
import mpmath
import numpy as np
import optax
import tensorflow as tf
import torch
from mpmath import mp

FILE = (
    Path(__file__).resolve().parent.parent
    / '__tests__/ops/sigmoid_cross_entropy_with_logits.mpmath.json'
)
NOTE = (
    'ulp: largest distance in representable float32 numbers, where the exact result rounds to 0 or a normal '
    'number, as peers flush denormals. softAbsolute: largest absolute error over the soft labels. digitsLostFrom: '
    'the smallest |logit| from which on, for label 0 or label 1 and logits on its side, every normal result has a '
    'relative error above 1e-5. nonfinite: how many results are NaN or infinite; they make their ulp null.'
)

# The largest sum is below 2^128 and the smallest tail above 2^-1443, so all sums keep hundreds of spare bits.
mp.prec = 2000
FARTHEST_TAIL = 1000

SMALLEST_NORMAL = 2.0**-126
LARGEST = float(np.finfo(np.float32).max)
LABELS = [float(np.float32(y)) for y in (0, 1, 0.5, 0.1, 0.9, 0.25, 0.999, 1e-6, 1 - 2**-24, 0.3)]


def to_float32(x):
    """The float32 nearest to an mpf, ties to even, denormals included. Zero has no sign."""
    if x == 0:
        return 0.0
    quantum = max(mp.frexp(x)[1] - 24, -149)
    rounded = math.ldexp(int(mp.nint(mp.ldexp(x, -quantum))), quantum)
    return rounded if abs(rounded) <= LARGEST else math.copysign(math.inf, rounded)


def exact(label, logit):
    """Value and gradient as mpf."""
    y, distance = mp.mpf(label), abs(mp.mpf(logit))
    opposed = 1 - y if logit > 0 else y
    # Beyond FARTHEST_TAIL the tail only decides which way a tie goes, and any positive number decides alike.
    tail = mp.exp(-min(distance, FARTHEST_TAIL))
    outward = opposed - tail / (1 + tail)
    return distance * opposed + mp.log1p(tail), outward if logit > 0 else -outward


def log_spaced(start, stop, count):
    ratio = mp.mpf(stop) / mp.mpf(start)
    return [mp.mpf(start) * ratio ** (mp.mpf(k) / (count - 1)) for k in range(count)]


def irregular(start, stop, step):
    """Points about `step` apart whose fractions do not repeat."""
    count = round((stop - start) / step)
    return [start + (stop - start) * (k + 0.5 * (k * mp.phi % 1)) / count for k in range(count)]


def grid():
    magnitudes = [
        mp.mpf(2) ** -149,
        *log_spaced(mp.mpf('1e-38'), LARGEST, 24),
        *irregular(0.4, 13, 0.9),
        *irregular(13, 20, 0.6),
        *irregular(20, 86, 0.9),
        *irregular(86, 104, 0.6),
        *irregular(104, 110, 0.9),
    ]
    positive = {to_float32(magnitude) for magnitude in magnitudes}
    return sorted({0.0} | positive | {-x for x in positive})


def run_tensorflow(labels, logits):
    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.constant(labels), logits=x)
    return value.numpy(), tape.gradient(value, x).numpy()


def run_keras(labels, logits):
    x = tf.constant(logits[:, None])
    loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction='none')
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(tf.constant(labels[:, None]), x)
    return value.numpy(), tape.gradient(value, x).numpy()[:, 0]


def run_torch(labels, logits):
    x = torch.tensor(logits, requires_grad=True)
    value = torch.nn.functional.binary_cross_entropy_with_logits(
        x, torch.tensor(labels), reduction='none'
    )
    value.backward(torch.ones_like(value))
    return value.detach().numpy(), x.grad.numpy()


def run_optax(labels, logits):
    def loss(x):
        return optax.sigmoid_binary_cross_entropy(x, labels)

    x = jax.numpy.asarray(logits)
    return np.asarray(loss(x)), np.asarray(jax.grad(lambda x: loss(x).sum())(x))


PEERS = [
    ('TensorFlow', tf, run_tensorflow),
    ('Keras', keras, run_keras),
    ('PyTorch', torch, run_torch),
    ('optax', optax, run_optax),
]


def ordinal(x):
    """Consecutive integers for consecutive float32 numbers, 0 for both zeros."""
    bits = np.asarray(x, np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def largest(errors, finite):
    return errors.max().item() if finite.all() else None


def ulps(measured, truth):
    counted = (truth == 0) | (abs(truth) >= SMALLEST_NORMAL)
    distance = abs(ordinal(measured) - ordinal(truth))[counted]
    return largest(distance, np.isfinite(measured[counted]))


def absolute_error(measured, truth):
    error = largest(abs(measured.astype(np.float64) - truth), np.isfinite(measured))
    return error if error is None else float(f'{error:.3g}')


def digits_lost_from(measured, truth, logits):
    """See NOTE. Logits ascend, so those on the side of label 0 start with the farthest."""
    starts = []
    for label, farthest_first in ((0, slice(None)), (1, slice(None, None, -1))):
        x, true, result = (row[farthest_first] for row in (logits, truth[label], measured[label]))
        counted = (x < 0 if label == 0 else x > 0) & (abs(true) >= SMALLEST_NORMAL)
        close = (abs(result - true) <= 1e-5 * abs(true))[counted]
        lost = close.argmax() if close.any() else close.size
        starts += [abs(x[counted][lost - 1])] if lost else []
    return float(shortest(min(starts))) if starts else None


def measure(name, library, run, logits, value, gradient):
    """One entry of "peers"; value and gradient are the exact results, a row per label."""
    labels, x = np.meshgrid(np.float32(LABELS), np.float32(logits), indexing='ij')
    its_value, its_gradient = (
        result.reshape(value.shape) for result in run(labels.ravel(), x.ravel())
    )

    def summary(measured, truth, **soft):
        return {
            '0': ulps(measured[0], truth[0]),
            '1': ulps(measured[1], truth[1]),
            **soft,
            'digitsLostFrom': digits_lost_from(measured, truth, np.array(logits)),
            'nonfinite': int((~np.isfinite(measured)).sum()),
        }

    return {
        'name': name,
        'version': library.__version__.partition('+')[0],
        'value': summary(its_value, value, soft=ulps(its_value[2:], value[2:])),
        'gradient': summary(
            its_gradient, gradient, softAbsolute=absolute_error(its_gradient[2:], gradient[2:])
        ),
    }


def shortest(x):
    """The shortest decimal of a finite float32 that is still that number when it is read as a double first."""
    text = str(np.float32(x)).removesuffix('.0')
    assert math.isfinite(x) and np.float32(float(text)) == x, text
    return text


def numbers(row):
    return f'[{", ".join(map(shortest, row))}]'


def lines(items):
    return '[\n    ' + ',\n    '.join(items) + '\n  ]'


def main():
    logits = grid()
    results = [[[to_float32(result) for result in exact(y, x)] for x in logits] for y in LABELS]
    value, gradient = np.moveaxis(np.array(results), -1, 0)
    peers = [measure(*peer, logits, value, gradient) for peer in PEERS]
    fields = {
        'source': json.dumps(f'mpmath {mpmath.__version__}, made by tools/precision.py'),
        'logits': numbers(logits),
        'labels': numbers(LABELS),
        'value': lines(map(numbers, value)),
        'gradient': lines(map(numbers, gradient)),
        'note': json.dumps(NOTE),
        'peers': lines(map(json.dumps, peers)),
    }
    body = ',\n'.join(f'  "{name}": {text}' for name, text in fields.items())
    FILE.write_text(f'{{\n{body}\n}}\n', encoding='utf-8')


if __name__ == '__main__':
    main()
