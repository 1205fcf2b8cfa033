"""For logits x over the whole float32 range and labels y, hard and soft:

value    = y · softplus(−x) + (1 − y) · softplus(x)
gradient = (1 − y) · σ(x) − y · σ(−x)
"""

import json

import jax
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
from mpmath import mp

from document import SOURCE, identity, lines, numbers, shortest, write
from errors import absolute_error, digits_lost_from, nonfinite, ulps
from exact import LARGEST, irregular, log_spaced, symmetric, to_float32

NOTE = (
    'ulp: largest distance in representable float32 numbers, where the exact result rounds to 0 or a normal '
    'number, as peers flush denormals. softAbsolute: largest absolute error over the soft labels. digitsLostFrom: '
    'the smallest |logit| from which on, for label 0 or label 1 and logits on its side, every normal result has a '
    'relative error above 1e-5. nonfinite: how many results are NaN or infinite; they make their ulp null.'
)

LABELS = [float(np.float32(y)) for y in (0, 1, 0.5, 0.1, 0.9, 0.25, 0.999, 1e-6, 1 - 2**-24, 0.3)]

# e^−1000 is above 2^−1443, and the largest sum below 2^128: it still has hundreds of spare bits.
FARTHEST_TAIL = 1000


def exact(label, logit):
    """Value and gradient as mpf."""
    y, distance = mp.mpf(label), abs(mp.mpf(logit))
    opposed = 1 - y if logit > 0 else y
    # Beyond FARTHEST_TAIL the tail only decides which way a tie goes, and any positive number decides alike.
    tail = mp.exp(-min(distance, FARTHEST_TAIL))
    outward = opposed - tail / (1 + tail)
    return distance * opposed + mp.log1p(tail), outward if logit > 0 else -outward


def grid():
    return symmetric(
        [
            mp.mpf(2) ** -149,
            *log_spaced(mp.mpf('1e-38'), LARGEST, 24),
            *irregular(0.4, 13, 0.9),
            *irregular(13, 20, 0.6),
            *irregular(20, 86, 0.9),
            *irregular(86, 104, 0.6),
            *irregular(104, 110, 0.9),
        ]
    )


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


def lost_from(measured, truth, logits):
    """See digitsLostFrom in NOTE. Logits ascend, so those on the side of label 0 start with the farthest."""
    starts = []
    for label, farthest_first in ((0, slice(None)), (1, slice(None, None, -1))):
        x, true, result = (row[farthest_first] for row in (logits, truth[label], measured[label]))
        side = x < 0 if label == 0 else x > 0
        start = digits_lost_from(result[side], true[side], abs(x[side]))
        starts += [] if start is None else [start]
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
            'digitsLostFrom': lost_from(measured, truth, np.array(logits)),
            'nonfinite': nonfinite(measured),
        }

    return {
        **identity(name, library),
        'value': summary(its_value, value, soft=ulps(its_value[2:], value[2:])),
        'gradient': summary(
            its_gradient, gradient, softAbsolute=absolute_error(its_gradient[2:], gradient[2:])
        ),
    }


def main():
    logits = grid()
    results = [[[to_float32(result) for result in exact(y, x)] for x in logits] for y in LABELS]
    value, gradient = np.moveaxis(np.array(results), -1, 0)
    peers = [measure(*peer, logits, value, gradient) for peer in PEERS]
    fields = {
        'source': SOURCE,
        'logits': numbers(logits),
        'labels': numbers(LABELS),
        'value': lines(map(numbers, value)),
        'gradient': lines(map(numbers, gradient)),
        'note': json.dumps(NOTE),
        'peers': lines(map(json.dumps, peers)),
    }
    write('ops/sigmoid_cross_entropy_with_logits.mpmath.json', fields)
