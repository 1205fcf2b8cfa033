"""Losses and gradients of the CTC loss in float64, from PyTorch: Keras computes it in float32.

    python3 tools/ctc.py

Writes __tests__/losses/ctc.torch.json:

    cases    labels and logits with loss and gradient; the logits are float32 numbers
    long     samples too long to be written down: logits[i] = ((7919 * i) % 1021) / 128 - 4, at position i of the tensor
             [batch, time, classes], and labels[i] = (5 * i + i // 7 % 3) % (classes - 1) + 1 at position i of [batch, labels], of
             which each sample keeps the first `lengths`; the gradient is given at some steps of time

Needs: pip install torch numpy
"""

import json
from pathlib import Path

import numpy as np
import torch

FILE = Path(__file__).parent.parent / '__tests__' / 'losses' / 'ctc.torch.json'

random = np.random.default_rng(2026)


def loss_and_gradient(labels, logits):
    x = torch.tensor(np.asarray(logits, 'float32').astype('float64'), requires_grad=True)
    y = torch.tensor(labels)
    loss = torch.nn.functional.ctc_loss(
        torch.log_softmax(x, -1).transpose(0, 1),
        y,
        torch.full((len(y),), x.shape[1]),
        (y != 0).sum(-1),
        reduction='none',
    )
    loss.sum().backward()
    return loss.detach().numpy(), x.grad.numpy()


def padded(rows, length):
    return [[*row, *[0] * (length - len(row))] for row in rows]


def labels_of(batch, length, time, classes):
    """Sequences of labels, of any length up to this one, that fit into the time."""
    rows = []
    while len(rows) < batch:
        row = random.integers(1, classes, random.integers(0, length + 1)).tolist()
        if len(row) + sum(a == b for a, b in zip(row, row[1:])) <= time:
            rows.append(row)
    return padded(rows, length)


def sure(path, classes, margin):
    """Logits that are sure of a path, by this margin."""
    return [[[margin * (label == c) for c in range(classes)] for label in path]]


def case(title, labels, logits):
    loss, gradient = loss_and_gradient(labels, logits)
    return {
        'title': title,
        'yTrue': labels,
        'yPred': np.asarray(logits).tolist(),
        'loss': loss.tolist(),
        'gradient': gradient.tolist(),
    }


def random_case(batch, length, time, classes, scale):
    logits = np.round(random.normal(size=(batch, time, classes)) * scale, 2)
    title = f'{length} labels, {time} steps, {classes} classes, logits of scale {scale}'
    return case(title, labels_of(batch, length, time, classes), logits)


def cases():
    for scale in (0.5, 2, 8, 30):
        for length, time, classes in ((1, 1, 2), (2, 3, 3), (3, 7, 3), (5, 12, 6), (9, 20, 4)):
            yield random_case(2, length, time, classes, scale)
    for margin in (5, 12, 30, 80, 300):
        yield case(f'right by {margin}', [[1, 2]], sure([1, 0, 2, 2], 3, margin))
        yield case(f'wrong by {margin}', [[1, 2]], sure([2, 2, 0, 1], 3, margin))
        yield case(f'wrong in one step by {margin}', [[1, 1]], sure([1, 1, 1, 1], 3, margin))
    # Keras's floor of log probabilities lies at -707.
    yield case('wrong by 1000 in one step', [[2, 2]], sure([2, 2, 2, 2, 2, 2], 3, 1000))


def long(time, lengths, classes):
    size = max(lengths)
    batch = len(lengths)
    i = np.arange(batch * time * classes)
    logits = (((7919 * i) % 1021) / 128 - 4).reshape(batch, time, classes)
    i = np.arange(batch * size)
    labels = ((5 * i + i // 7 % 3) % (classes - 1) + 1).reshape(batch, size)
    labels = padded([row[:length].tolist() for row, length in zip(labels, lengths)], size)
    loss, gradient = loss_and_gradient(labels, logits)
    steps = [0, time // 3, time // 2, time - 1]
    return {
        'time': time,
        'lengths': list(lengths),
        'classes': classes,
        'loss': loss.tolist(),
        'steps': steps,
        'gradient': gradient[:, steps].tolist(),
    }


def main():
    document = {
        'source': f'PyTorch {torch.__version__.partition("+")[0]}, float64, made by tools/ctc.py',
        'cases': list(cases()),
        'long': [long(200, (40, 7), 12), long(1000, (300, 10), 20), long(2500, (600,), 9)],
    }
    fields = {
        name: json.dumps(value)
        if isinstance(value, str)
        else '[\n    ' + ',\n    '.join(map(json.dumps, value)) + '\n  ]'
        for name, value in document.items()
    }
    body = ',\n'.join(f'  "{name}": {text}' for name, text in fields.items())
    FILE.write_text(f'{{\n{body}\n}}\n', encoding='utf-8')
    print(f'{FILE.name}: {len(document["cases"])} cases from {document["source"]}')


if __name__ == '__main__':
    main()
