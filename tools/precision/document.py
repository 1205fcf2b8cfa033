"""The JSON files: float32 numbers as short as they can be written, one row per line."""

import json
import math
from pathlib import Path

import mpmath
import numpy as np

TESTS = Path(__file__).resolve().parents[2] / '__tests__'
SOURCE = json.dumps(f'mpmath {mpmath.__version__}, made by tools/precision')


def shortest(x):
    """The shortest decimal of a finite float32 that is still that number when it is read as a double first."""
    text = str(np.float32(x)).removesuffix('.0')
    assert math.isfinite(x) and np.float32(float(text)) == x, text
    return text


def number(x):
    """JSON has no −Infinity: it is written as a string."""
    return '"-Infinity"' if x == -math.inf else shortest(x)


def numbers(row):
    return f'[{", ".join(map(number, row))}]'


def lines(items):
    return '[\n    ' + ',\n    '.join(items) + '\n  ]'


def write(path, fields):
    """Writes the object whose fields have these JSON texts."""
    body = ',\n'.join(f'  "{name}": {text}' for name, text in fields.items())
    (TESTS / path).write_text(f'{{\n{body}\n}}\n', encoding='utf-8')


def identity(name, library):
    """The first fields of an entry of "peers"."""
    return {'name': name, 'version': library.__version__.partition('+')[0]}
