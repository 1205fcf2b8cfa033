"""Losses that compare numbers, where predictions are close to labels, or numbers are small or large:

    log-cosh                    log cosh e                      tanh e, with e = p − y
    KL divergence               Σ y · log(y / p)                −y / p
    squared logarithmic error   log((1 + p) / (1 + y))²         2 · log((1 + p) / (1 + y)) / (1 + p)
    cosine similarity           c = −Σ y · p / (‖y‖ · ‖p‖)      −y / (‖y‖ · ‖p‖) − c · p / ‖p‖²

and the gradients with respect to the predictions p.
"""

import json
import random

import jax
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
from mpmath import mp

from document import SOURCE, identity, lines, numbers, write
from errors import normal, ulps_of_largest
from exact import log_spaced, symmetric, to_float32

NOTE = (
    'cases: rows of labels and predictions, with the value of each row and its gradient with respect to the latter. '
    'They are exact for the float32 numbers as they stand: distributions may not sum to 1. The figures of a peer are '
    '[value, gradient] for each case, null where it has no such loss: the largest errors in ulp, for gradients in those '
    "of the largest entry of the row's. null in place of a number is NaN or infinity."
)

# Of Python's generators only random() draws the same numbers in every version.
uniform = random.Random(2).random


def spread(count, scale=1):
    """Numbers between −scale and scale."""
    return [scale * (2 * uniform() - 1) for _ in range(count)]


def log_cosh(labels, predictions):
    [e] = predictions - labels
    return mp.log(mp.cosh(e)), [mp.tanh(e)]


def kl_divergence(labels, predictions):
    assert all(1e-7 < number <= 1 for number in [*labels, *predictions]), 'clipped'
    value = sum(y * mp.log(y / p) for y, p in zip(labels, predictions))
    return value, [-y / p for y, p in zip(labels, predictions)]


def squared_logarithmic_error(labels, predictions):
    [y], [p] = labels, predictions
    ratio = mp.log((1 + p) / (1 + y))
    return ratio**2, [2 * ratio / (1 + p)]


def cosine_similarity(labels, predictions):
    yy, pp = (sum(x * x for x in vector) for vector in (labels, predictions))
    assert min(yy, pp) > 1e-7**2, 'below the floor'
    scale = 1 / mp.sqrt(yy * pp)
    value = -sum(y * p for y, p in zip(labels, predictions)) * scale
    return value, [-y * scale - value * p / pp for y, p in zip(labels, predictions)]


def errors():
    return [([0], [e]) for e in symmetric(log_spaced('1e-7', 1000, 61))]


def distributions(classes):
    """Pairs that differ by up to 2^-4 to 2^-20 of each probability."""

    def normalised(weights):
        return np.float32(weights / sum(weights)).astype(float)

    for power in range(4, 21):
        for scale in (0.5, 2, 5):
            while True:
                y = normalised(np.exp(spread(classes, scale)))
                p = normalised(y * (1 + 2.0**-power * np.array(spread(classes))))
                if not happens_to_cancel(y, p):
                    yield y, p
                    break


def happens_to_cancel(y, p):
    """Whether the rounding errors of both sums are, by chance, the negative of nearly all that their distance costs."""
    surplus = sum(y - p)
    value = sum(y * np.log(y / p))
    return abs(value) < 0.25 * abs(value - surplus)


def amounts():
    """Labels, and predictions that differ from them by ±2^-1 to ±2^-20 of the label."""
    for label in log_spaced('1e-3', '1e6', 13):
        for power in range(1, 21):
            for sign in (1, -1):
                yield [label], [label * (1 + sign * mp.mpf(2) ** -power)]


def vectors(length, apart=(0.5, 0.7, 1)):
    """Pairs of directions that lie that far apart, or opposite, with entries up to about `length`."""
    for distance in apart:
        for sign in (1, -1) * 3:
            labels = spread(7, length)
            factor = sign * (1 + uniform())
            between = spread(7, length * distance)
            yield labels, [factor * (y + d) for y, d in zip(labels, between)]


def nearly_parallel():
    return vectors(1, [2.0**-power for power in range(4, 21, 2)])


CASES = [
    ('LogCosh', 'log-cosh', log_cosh, errors()),
    ('KLDivergence', 'KL divergence, 2 classes', kl_divergence, distributions(2)),
    ('KLDivergence', 'KL divergence, 10 classes', kl_divergence, distributions(10)),
    (
        'MeanSquaredLogarithmicError',
        'squared logarithmic error',
        squared_logarithmic_error,
        amounts(),
    ),
    ('CosineSimilarity', 'cosine similarity', cosine_similarity, vectors(1)),
    ('CosineSimilarity', 'of tiny vectors', cosine_similarity, vectors(1e-6)),
    ('CosineSimilarity', 'of long vectors', cosine_similarity, vectors(1e15)),
    ('CosineSimilarity', 'of nearly parallel vectors', cosine_similarity, nearly_parallel()),
]


def run_keras(loss, labels, predictions):
    p = tf.constant(predictions)
    with tf.GradientTape() as tape:
        tape.watch(p)
        value = getattr(keras.losses, loss)(reduction='none')(tf.constant(labels), p)
    return value.numpy(), tape.gradient(value, p).numpy()


def run_torch(loss, labels, predictions):
    y, p = torch.tensor(labels), torch.tensor(predictions, requires_grad=True)
    if loss == 'KLDivergence':
        value = torch.nn.functional.kl_div(p.log(), y, reduction='none').sum(-1)
    elif loss == 'CosineSimilarity':
        value = -torch.nn.functional.cosine_similarity(y, p, dim=-1)
    else:
        return None
    value.sum().backward()
    return value.detach().numpy(), p.grad.numpy()


def run_optax(loss, labels, predictions):
    formulas = {
        'LogCosh': lambda p: optax.log_cosh(p, labels).mean(-1),
        'KLDivergence': lambda p: optax.kl_divergence(jax.numpy.log(p), labels),
        'CosineSimilarity': lambda p: -optax.cosine_similarity(p, labels),
    }
    if loss not in formulas:
        return None
    f = formulas[loss]
    p = jax.numpy.asarray(predictions)
    return np.asarray(f(p)), np.asarray(jax.grad(lambda p: f(p).sum())(p))


PEERS = [('Keras', keras, run_keras), ('PyTorch', torch, run_torch), ('optax', optax, run_optax)]


def to_floats(rows):
    return np.array([[to_float32(mp.mpf(x)) for x in row] for row in rows], np.float32)


def results(loss, title, exact, pairs):
    """The case as the tests read it: all of its numbers are float32 ones."""
    labels, predictions = (to_floats(rows) for rows in zip(*pairs))
    value, gradient = zip(
        *(
            exact(*(np.array([mp.mpf(float(x)) for x in row]) for row in pair))
            for pair in zip(labels, predictions)
        )
    )
    case = {
        'loss': loss,
        'title': title,
        'labels': labels,
        'predictions': predictions,
        'value': np.array([to_float32(x) for x in value], np.float32),
        'gradient': to_floats(gradient),
    }
    assert all(
        normal(x) or x == 0 for x in [*case['value'], *case['gradient'].flat]
    ), 'peers flush denormals'
    return case


def figures(run, case):
    measured = run(case['loss'], case['labels'], case['predictions'])
    if measured is None:
        return None
    value, gradient = measured
    return [
        ulps_of_largest(value[:, None], case['value'][:, None]),
        ulps_of_largest(gradient, case['gradient']),
    ]


def text(case):
    """A case in JSON."""

    def rows(table):
        return f'[{", ".join(map(numbers, table))}]'

    fields = {
        'loss': json.dumps(case['loss']),
        'title': json.dumps(case['title']),
        'labels': rows(case['labels']),
        'predictions': rows(case['predictions']),
        'value': numbers(case['value']),
        'gradient': rows(case['gradient']),
    }
    return '{\n' + ',\n'.join(f'      "{name}": {json_}' for name, json_ in fields.items()) + '\n    }'


def main():
    cases = [results(*case) for case in CASES]
    peers = [
        {**identity(name, library), 'ulp': [figures(run, case) for case in cases]}
        for name, library, run in PEERS
    ]
    fields = {
        'source': SOURCE,
        'note': json.dumps(NOTE),
        'cases': lines(map(text, cases)),
        'peers': lines(map(json.dumps, peers)),
    }
    write('losses/number_losses.mpmath.json', fields)
