"""Exactly rounded losses and gradients, and how close other libraries come to them.

    python3 tools/precision [name ...]

Writes, for the names given or for all of them, the file that the tests compare with:

    sigmoid_cross_entropy_with_logits   __tests__/ops/sigmoid_cross_entropy_with_logits.mpmath.json
    softmax_cross_entropy_with_logits   __tests__/ops/softmax_cross_entropy_with_logits.mpmath.json
    binary_focal_crossentropy           __tests__/losses/binary_focal_crossentropy.mpmath.json
    number_losses                       __tests__/losses/number_losses.mpmath.json

Each is made by the module of its name: the float32 numbers nearest to the loss and its gradient, computed with
mpmath, and the largest errors of TensorFlow, Keras, PyTorch and optax on the same inputs, in float32 on the CPU.
"""

import importlib
import importlib.util
import os
import sys

NAMES = (
    'sigmoid_cross_entropy_with_logits',
    'softmax_cross_entropy_with_logits',
    'binary_focal_crossentropy',
    'number_losses',
)
PACKAGES = ('mpmath', 'numpy', 'tensorflow', 'keras', 'torch', 'jax', 'optax')


def main(names):
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f'tools/precision makes {", ".join(NAMES)}; not {", ".join(unknown)}')
    missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        sys.exit(f'tools/precision needs all its peers: pip install {" ".join(missing)}')
    os.environ |= {
        'CUDA_VISIBLE_DEVICES': '',
        'JAX_PLATFORMS': 'cpu',
        'KERAS_BACKEND': 'tensorflow',
    }
    for name in names or NAMES:
        importlib.import_module(name).main()


if __name__ == '__main__':
    main(sys.argv[1:])
