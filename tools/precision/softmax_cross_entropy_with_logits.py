"""For rows of logits x and labels y, hard and soft:

    value    = Σ y_c · (log Σ e^x_j − x_c)
    gradient = softmax(x) · Σ y − y

A logit of −Infinity has a label of 0, and its term is 0.
"""

import json
import math
import random
from dataclasses import dataclass
from itertools import cycle

import jax
import keras
import numpy as np
import optax
import tensorflow as tf
import torch
from mpmath import mp

from document import SOURCE, identity, lines, number, numbers, shortest, write
from errors import absolute_error, digits_lost_from, relative_error, ulps
from exact import irregular, to_float32

NOTE = (
    'rows: hard if the labels are one-hot, else soft. A logit of "-Infinity" has the label 0, and its term is 0. '
    'Unless said otherwise the figures of a peer leave out rows with such a logit, and exact results that round to a '
    'denormal number, as peers flush those. ulp, relative, digitsLostFrom: over hard rows. ulp: largest distance in '
    'representable float32 numbers. relative: largest error relative to the exact result, or to the smallest normal '
    'number where that is 0; at 1 all digits are lost. digitsLostFrom: the smallest margin of the true class over the '
    'next, in the rows titled "right by", from which on the relative error of the value, or of the gradient of the '
    'true class, stays above 1e-5. softRelative, softAbsolute: the largest relative or absolute error over soft rows; '
    'distributionAbsolute: over those whose labels sum to 1. A result that is NaN or infinite makes its figures null. '
    'infinite: "right", or "NaN" or "wrong" if any result is, over the rows with a logit of -Infinity, hard ones '
    '(value, gradient) and soft ones (softValue, softGradient).'
)

CLASSES = (2, 3, 5, 10)
MANY_CLASSES = (*CLASSES, 100)
SCALES = (0.1, 1, 5, 30)
RIGHT_BY = 'right by'

# Of Python's generators only random() draws the same numbers in every version.
uniform = random.Random(1).random


@dataclass
class Row:
    title: str
    logits: list
    labels: list

    def __post_init__(self):
        self.logits, self.labels = (
            [float(x) for x in np.float32(row)] for row in (self.logits, self.labels)
        )
        self.hard = sorted(self.labels) == [*[0] * (len(self.labels) - 1), 1]
        self.distribution = math.isclose(sum(self.labels), 1, rel_tol=1e-6)
        self.masked = -math.inf in self.logits
        self.confident = self.title.startswith(RIGHT_BY)

    @property
    def true_class(self):
        return self.labels.index(1)

    @property
    def margin(self):
        """Of the largest logit over the next."""
        second, first = sorted(self.logits)[-2:]
        return np.float32(first - second)


def one_hot(classes, true):
    return [float(k == true) for k in range(classes)]


def smoothed(classes, true):
    return [0.9 * y + 0.1 / classes for y in one_hot(classes, true)]


def distribution(classes):
    weights = [uniform() for _ in range(classes)]
    return [weight / sum(weights) for weight in weights]


def spread(classes, scale):
    """Logits between −scale and scale."""
    return [scale * (2 * uniform() - 1) for _ in range(classes)]


def right_by(margin, classes, true):
    """The true class has the largest logit, by that margin."""
    top = 6 * uniform() - 3
    logits = [top - margin - 10 * uniform() for _ in range(classes)]
    logits[true - 1], logits[true] = top - margin, top
    return logits


def wrong_by(margin, classes, true):
    """The true class has the smallest logit, with that distance to the largest."""
    top = 6 * uniform() - 3
    logits = [top - margin * uniform() for _ in range(classes)]
    logits[true - 1], logits[true] = top, top - margin
    return logits


def tied(largest, classes):
    """The first classes have the largest logit in common."""
    top = 6 * uniform() - 3
    return [top if k < largest else top - 0.5 - 20 * uniform() for k in range(classes)]


def offset(logits, distance=1e4):
    """Moved as a whole, without rounding: float32 numbers up to 2^14 are multiples of 2^-10."""
    return [round(x * 1024) / 1024 + distance for x in logits]


def masked(count, logits, true):
    """With −Infinity in that many classes after the true one."""
    order = [(k - true) % len(logits) for k in range(len(logits))]
    return [-math.inf if 0 < place <= count else x for place, x in zip(order, logits)]


def hard_rows():
    def row(title, logits, true):
        return Row(title, logits, one_hot(len(logits), true))

    for scale in SCALES:
        for classes in MANY_CLASSES:
            for true in (0, classes - 1):
                title = f'within ±{scale}, class {true + 1} of {classes}'
                yield row(title, spread(classes, scale), true)

    for way, place, margins in (
        (RIGHT_BY, right_by, [*irregular(1, 16, 1.2), *irregular(16, 120, 3.9)]),
        ('wrong by', wrong_by, irregular(1, 120, 6)),
    ):
        for k, (margin, classes) in enumerate(zip(map(float, margins), cycle(CLASSES))):
            true = k // len(CLASSES) % classes
            title = f'{way} {margin:.2f}, class {true + 1} of {classes}'
            yield row(title, place(margin, classes, true), true)

    for largest, classes in ((2, 2), (2, 3), (3, 3), (2, 5), (3, 5), (5, 5), (2, 10), (10, 10)):
        yield row(f'right, {largest} of {classes} tied', tied(largest, classes), largest - 1)
        if largest < classes:
            yield row(f'wrong, {largest} of {classes} tied', tied(largest, classes), classes - 1)

    for distance in (1e4, -1e4):
        for classes in CLASSES:
            title = f'offset {distance:+g}, class 1 of {classes}'
            yield row(title, offset(spread(classes, 5), distance), 0)
        for margin in (12, 40, 80):
            for way, place in (('right', right_by), ('wrong', wrong_by)):
                title = f'offset {distance:+g}, {way} by {margin}'
                yield row(title, offset(place(margin, 3, 1), distance), 1)

    for count, classes in ((1, 2), (1, 3), (2, 3), (2, 5), (5, 10), (9, 10), (50, 100)):
        logits = masked(count, spread(classes, 5), classes // 2)
        yield row(f'{count} of {classes} masked', logits, classes // 2)
    yield row('1 of 3 masked, right by 12', masked(1, right_by(12, 3, 1), 1), 1)


def soft_rows():
    for classes in MANY_CLASSES:
        for scale in (1, 30):
            title = f'smoothed, within ±{scale}, {classes} classes'
            yield Row(title, spread(classes, scale), smoothed(classes, 0))
    for margin in (12, 40, 100):
        yield Row(f'smoothed, right by {margin}', right_by(margin, 3, 1), smoothed(3, 1))
        yield Row(f'smoothed, wrong by {margin}', wrong_by(margin, 3, 1), smoothed(3, 1))
    yield Row('smoothed, offset +10000', offset(spread(5, 5)), smoothed(5, 1))

    for classes in MANY_CLASSES:
        for scale in SCALES:
            title = f'distribution, within ±{scale}, {classes} classes'
            yield Row(title, spread(classes, scale), distribution(classes))
    for classes in (2, 3, 10):
        logits = np.float32(spread(classes, 5)).tolist()
        labels = [to_float32(p) for p in softmax(logits)]
        yield Row(f'the softmax of the logits, {classes} classes', logits, labels)
    yield Row('nearly certain and right', [40, -50], [1 - 2**-24, 2**-24])
    yield Row('nearly certain and wrong', [-50, 40], [1 - 2**-24, 2**-24])
    yield Row('distribution, offset +10000', offset(spread(5, 5)), distribution(5))

    for labels in ([0.3, 0.2, 0.1], [2, 1, 0], [0, 1, 1], [100, 50, 25], [1e-6, 0, 0]):
        yield Row(f'labels {labels}', spread(3, 5), labels)
    yield Row('labels [2, 1, 0], far apart', [30, 0, -30], [2, 1, 0])
    yield Row('labels [2, 1, 0], far apart and wrong', [-30, 0, 30], [2, 1, 0])
    yield Row('labels [0.5, 0], right by 40', [20, -20], [0.5, 0])
    yield Row('labels [3, 0], offset +10000', offset(spread(2, 5)), [3, 0])
    yield Row('all labels 1', spread(5, 5), [1] * 5)

    for classes in (2, 3, 10):
        yield Row(f'all labels 0, {classes} classes', spread(classes, 5), [0] * classes)
    yield Row('all labels 0, offset +10000', offset(spread(3, 5)), [0] * 3)

    yield Row('class 3 of 3 masked', [0.5, -1.25, -math.inf], [0.95, 0.05, 0])
    yield Row('class 2 of 3 masked', [0.5, -math.inf, 3], [0.7, 0, 0.3])


def softmax(logits):
    top = max(logits)
    powers = [mp.exp(mp.mpf(x) - top) for x in logits]
    total = mp.fsum(powers)
    return [power / total for power in powers]


def exact(row):
    """Value and gradient as mpf."""
    top = max(row.logits)
    log_sum = top + mp.log(mp.fsum(mp.exp(mp.mpf(x) - top) for x in row.logits))
    value = mp.fsum(y * (log_sum - x) for x, y in zip(row.logits, row.labels) if y != 0)
    weight = mp.fsum(row.labels)
    return value, [weight * p - y for p, y in zip(softmax(row.logits), row.labels)]


def run_tensorflow(labels, logits, _hard):
    x = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.nn.softmax_cross_entropy_with_logits(labels=tf.constant(labels), logits=x)
    return value.numpy(), tape.gradient(value, x).numpy()


def run_keras(labels, logits, _hard):
    x = tf.constant(logits)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, reduction='none')
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(tf.constant(labels), x)
    return value.numpy(), tape.gradient(value, x).numpy()


def run_torch(labels, logits, hard):
    """Hard labels are given as class indices, as usual there."""
    x = torch.tensor(logits, requires_grad=True)
    targets = torch.tensor(labels.argmax(axis=1) if hard else labels)
    value = torch.nn.functional.cross_entropy(x, targets, reduction='none')
    value.backward(torch.ones_like(value))
    return value.detach().numpy(), x.grad.numpy()


def run_optax(labels, logits, _hard):
    def loss(x):
        return optax.softmax_cross_entropy(x, labels)

    x = jax.numpy.asarray(logits)
    return np.asarray(loss(x)), np.asarray(jax.grad(lambda x: loss(x).sum())(x))


PEERS = [
    ('TensorFlow', tf, run_tensorflow),
    ('Keras', keras, run_keras),
    ('PyTorch', torch, run_torch),
    ('optax', optax, run_optax),
]


def run_all(run, rows):
    """A peer's values, and its gradients, of all rows, from one call for the rows of each kind and length."""
    values, gradients = np.empty(len(rows), np.float32), [None] * len(rows)
    for hard in (True, False):
        for classes in MANY_CLASSES:
            batch = [
                k for k, row in enumerate(rows) if row.hard == hard and len(row.labels) == classes
            ]
            labels = np.float32([rows[k].labels for k in batch])
            logits = np.float32([rows[k].logits for k in batch])
            values[batch], batch_gradients = run(labels, logits, hard)
            for k, gradient in zip(batch, batch_gradients):
                gradients[k] = gradient
    return values, gradients


def outcome(measured, truth):
    if np.isnan(measured).any():
        return 'NaN'
    return 'right' if np.allclose(measured, truth, rtol=1e-4, atol=1e-6) else 'wrong'


def measure(name, library, run, rows, truth):
    """One entry of "peers"; truth is the exact values, and the exact gradients, of all rows."""
    measured = run_all(run, rows)

    def over(chosen):
        """Measured and exact values, and measured and exact entries of gradients, of those rows."""
        picked = [k for k, row in enumerate(rows) if chosen(row)]
        return (
            [values[picked] for values, _ in (measured, truth)],
            [np.concatenate([gradients[k] for k in picked]) for _, gradients in (measured, truth)],
        )

    value, gradient = over(lambda row: row.hard and not row.masked)
    soft_value, soft_gradient = over(lambda row: not row.hard and not row.masked)
    _, distribution_gradient = over(
        lambda row: not row.hard and not row.masked and row.distribution
    )
    masked_value, masked_gradient = over(lambda row: row.hard and row.masked)
    masked_soft_value, masked_soft_gradient = over(lambda row: not row.hard and row.masked)

    confident = [k for k, row in enumerate(rows) if row.confident]
    confident.sort(key=lambda k: rows[k].margin, reverse=True)
    margins = np.array([rows[k].margin for k in confident])

    def lost_from(results):
        start = digits_lost_from(*results, margins)
        return start if start is None else float(shortest(start))

    return {
        **identity(name, library),
        'value': {
            'ulp': ulps(*value),
            'relative': relative_error(*value),
            'digitsLostFrom': lost_from([values[confident] for values, _ in (measured, truth)]),
            'softRelative': relative_error(*soft_value),
        },
        'gradient': {
            'ulp': ulps(*gradient),
            'relative': relative_error(*gradient),
            'digitsLostFrom': lost_from(
                [
                    np.array([gradients[k][rows[k].true_class] for k in confident])
                    for _, gradients in (measured, truth)
                ]
            ),
            'softAbsolute': absolute_error(*soft_gradient),
            'distributionAbsolute': absolute_error(*distribution_gradient),
        },
        'infinite': {
            'value': outcome(*masked_value),
            'gradient': outcome(*masked_gradient),
            'softValue': outcome(*masked_soft_value),
            'softGradient': outcome(*masked_soft_gradient),
        },
    }


def text(row, value, gradient):
    fields = {
        'kind': json.dumps('hard' if row.hard else 'soft'),
        'title': json.dumps(row.title, ensure_ascii=False),
        'logits': numbers(row.logits),
        'labels': numbers(row.labels),
        'value': number(value),
        'gradient': numbers(gradient),
    }
    return '{' + ', '.join(f'"{name}": {field}' for name, field in fields.items()) + '}'


def main():
    rows = [*hard_rows(), *soft_rows()]
    assert len({row.title for row in rows}) == len(rows)
    results = [exact(row) for row in rows]
    values = np.array([to_float32(value) for value, _ in results])
    gradients = [np.array([to_float32(x) for x in gradient]) for _, gradient in results]
    peers = [measure(*peer, rows, (values, gradients)) for peer in PEERS]
    fields = {
        'source': SOURCE,
        'note': json.dumps(NOTE),
        'rows': lines(map(text, rows, values, gradients)),
        'peers': lines(map(json.dumps, peers)),
    }
    write('ops/softmax_cross_entropy_with_logits.mpmath.json', fields)
