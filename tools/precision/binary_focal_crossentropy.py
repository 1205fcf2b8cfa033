"""For logits x to ±1e4, labels y, hard and soft, and exponents γ, with p = σ(x) and q = σ(−x):

    modulator = y · q + (1 − y) · p
    value     = modulator^γ · (y · softplus(−x) + (1 − y) · softplus(x))

and the gradient of the value with respect to x.
"""

import json

import jax
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
from mpmath import mp

from document import SOURCE, identity, lines, numbers, write
from errors import counts, nonfinite, relative_error, ulps
from exact import irregular, log_spaced, symmetric, to_float32

NOTE = (
    'value and gradient: [gamma][label][logit]; a gamma of 0 makes the factor 1. The figures of a peer are given for '
    'each gamma. ulp and relative: over the labels 0 and 1, where the exact value rounds to 0 or a normal number, and '
    'so does the exact gradient, as peers flush denormals. ulp: largest distance in representable float32 numbers. '
    'relative: largest error relative to the exact result, or to the smallest normal number where that is 0; at 1 all '
    'digits are lost. nonfinite: how many results, over all labels, are NaN or infinite; with a hard label they make '
    'ulp and relative null.'
)

LABELS = [float(np.float32(y)) for y in (0, 1, 0.1, 0.5, 0.9)]
HARD = slice(0, 2)
GAMMAS = [0, 0.5, 1, 2, 5]


def exact(gamma, label, logit):
    """Value and gradient as mpf."""
    y, tail = mp.mpf(label), mp.exp(-abs(mp.mpf(logit)))
    far, near = tail / (1 + tail), 1 / (1 + tail)
    p, q = (near, far) if logit > 0 else (far, near)
    softplus_far = mp.log1p(tail)
    softplus_near = abs(mp.mpf(logit)) + softplus_far
    plus, minus = (softplus_near, softplus_far) if logit > 0 else (softplus_far, softplus_near)
    modulator = y * q + (1 - y) * p
    entropy = y * minus + (1 - y) * plus
    slope = (1 - y) * p - y * q
    factor = modulator**gamma
    factor_slope = gamma * modulator ** (gamma - 1) * (1 - 2 * y) * p * q
    return factor * entropy, factor_slope * entropy + factor * slope


def grid():
    return symmetric([mp.mpf('1e-30'), *irregular(0.2, 40, 0.72), *log_spaced(40, 10000, 18)])


def run_keras(labels, logits, gamma):
    x = tf.constant(logits[:, None])
    loss = keras.losses.BinaryFocalCrossentropy(from_logits=True, gamma=gamma, reduction='none')
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(tf.constant(labels[:, None]), x)
    return value.numpy(), tape.gradient(value, x).numpy()[:, 0]


def run_torch(labels, logits, gamma):
    """The formula of torchvision.ops.sigmoid_focal_loss without alpha."""
    x, y = torch.tensor(logits, requires_grad=True), torch.tensor(labels)
    p = torch.sigmoid(x)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction='none')
    p_t = p * y + (1 - p) * (1 - y)
    value = entropy * (1 - p_t) ** gamma
    value.backward(torch.ones_like(value))
    return value.detach().numpy(), x.grad.numpy()


def run_optax(labels, logits, gamma):
    def loss(x):
        return optax.sigmoid_focal_loss(x, labels, alpha=None, gamma=gamma)

    x = jax.numpy.asarray(logits)
    return np.asarray(loss(x)), np.asarray(jax.grad(lambda x: loss(x).sum())(x))


PEERS = [
    ('Keras', keras, run_keras),
    ("PyTorch, torchvision's formula", torch, run_torch),
    ('optax', optax, run_optax),
]


def measure(name, library, run, logits, value, gradient):
    """One entry of "peers"; value and gradient are the exact results."""
    labels, x = np.meshgrid(np.float32(LABELS), np.float32(logits), indexing='ij')
    results = [run(labels.ravel(), x.ravel(), gamma) for gamma in GAMMAS]
    its_value, its_gradient = (np.reshape(result, value.shape) for result in zip(*results))

    def summary(measured, truth):
        def each(figure):
            return [
                figure(its_result[HARD][counted], result[HARD][counted])
                for its_result, result, counted in zip(measured, truth, counts(value[:, HARD]))
            ]

        return {
            'ulp': each(ulps),
            'relative': each(relative_error),
            'nonfinite': [nonfinite(its_result) for its_result in measured],
        }

    return {
        **identity(name, library),
        'value': summary(its_value, value),
        'gradient': summary(its_gradient, gradient),
    }


def main():
    logits = grid()
    results = [
        [[[to_float32(result) for result in exact(gamma, y, x)] for x in logits] for y in LABELS]
        for gamma in GAMMAS
    ]
    value, gradient = np.moveaxis(np.array(results), -1, 0)
    peers = [measure(*peer, logits, value, gradient) for peer in PEERS]

    def by_gamma(table):
        return lines(
            '[\n      ' + ',\n      '.join(map(numbers, rows)) + '\n    ]' for rows in table
        )

    fields = {
        'source': SOURCE,
        'note': json.dumps(NOTE),
        'logits': numbers(logits),
        'labels': numbers(LABELS),
        'gammas': json.dumps(GAMMAS),
        'value': by_gamma(value),
        'gradient': by_gamma(gradient),
        'peers': lines(map(json.dumps, peers)),
    }
    write('losses/binary_focal_crossentropy.mpmath.json', fields)
