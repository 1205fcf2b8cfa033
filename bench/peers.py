"""Times loss and gradient in PyTorch, JAX or TensorFlow for bench/peers.ts.

Each library runs in a process of its own, `peers.py pytorch`: together their pools of threads slow each other down.
Speaks JSON, a line for a line: it begins with versions and variants, or without any if the library is not installed, then
answers requests.
  {"loss", "shape", "logits", "labels", "stride"}   the cell from now on, whose numbers are in these files, is answered by
                                                    what each variant computes, with every stride-th entry of the gradient
  {"variant", "calls"}                              makes so many calls, and is answered by {"milliseconds"}
Every call computes loss and gradient, waits until the gradient is there, and reads the loss.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

try:
    import numpy as np
except ImportError:
    pass  # Then none of the libraries is here either.

# Libraries print what they like; the other side gets the answers alone.
answers, sys.stdout = sys.stdout, sys.stderr


def pytorch():
    import torch
    from torch.nn import functional

    losses = {
        "sigmoid": functional.binary_cross_entropy_with_logits,
        "softmax": functional.cross_entropy,
        "sparse": functional.cross_entropy,
    }

    def prepare(loss, logits, labels):
        x = torch.tensor(logits, requires_grad=True)
        y = torch.tensor(labels)

        def call():
            value = losses[loss](x, y)
            (gradient,) = torch.autograd.grad(value, x)
            return value.item(), gradient

        return call

    def with_threads(count):
        return lambda: torch.set_num_threads(count)

    variants = {
        "PyTorch, 1 thread": (with_threads(1), prepare),
        "PyTorch, 2 threads": (with_threads(2), prepare),
    }
    return {"PyTorch": torch.__version__}, variants


def jax():
    import jax
    import optax

    losses = {
        "sigmoid": optax.sigmoid_binary_cross_entropy,
        "softmax": optax.softmax_cross_entropy,
        "sparse": optax.softmax_cross_entropy_with_integer_labels,
    }

    def prepare(loss, logits, labels):
        x, y = jax.device_put(logits), jax.device_put(labels)
        compute = jax.jit(jax.value_and_grad(lambda x, y: losses[loss](x, y).mean()))

        def call():
            value, gradient = compute(x, y)
            gradient.block_until_ready()
            return value.item(), gradient

        return call

    versions = {"JAX": jax.__version__, "optax": optax.__version__}
    return versions, {"jax.jit": (nothing, prepare)}


def tensorflow():
    import tensorflow as tf

    losses = {
        "sigmoid": tf.nn.sigmoid_cross_entropy_with_logits,
        "softmax": tf.nn.softmax_cross_entropy_with_logits,
        "sparse": tf.nn.sparse_softmax_cross_entropy_with_logits,
    }

    def prepare(wrap):
        def prepared(loss, logits, labels):
            x, y = tf.constant(logits), tf.constant(labels)

            @wrap
            def compute(x, y):
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    value = tf.reduce_mean(losses[loss](labels=y, logits=x))
                return value, tape.gradient(value, x)

            def call():
                value, gradient = compute(x, y)
                return float(value), gradient

            return call

        return prepared

    variants = {
        "TensorFlow, eager": (nothing, prepare(lambda compute: compute)),
        "tf.function": (nothing, prepare(tf.function)),
        "tf.function, XLA": (nothing, prepare(tf.function(jit_compile=True))),
    }
    return {"TensorFlow": tf.__version__}, variants


def nothing():
    pass


def read(request):
    shape = request["shape"]
    logits = np.fromfile(request["logits"], np.float32).reshape(shape)
    labels = np.fromfile(request["labels"], np.float32)
    # Labels in the form that every library wants: class indices as integers.
    labels = labels.astype(np.int64) if request["loss"] == "sparse" else labels.reshape(shape)
    return logits, labels


def result(variant):
    set_up, call = variant
    set_up()
    loss, gradient = call()
    return {"loss": loss, "gradient": np.asarray(gradient).ravel()[::request["stride"]].tolist()}


def milliseconds(variant, calls):
    set_up, call = variant
    set_up()
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return 1000 * (time.perf_counter() - start)


def answer(content):
    print(json.dumps(content), file=answers, flush=True)


try:
    versions, variants = {"pytorch": pytorch, "jax": jax, "tensorflow": tensorflow}[sys.argv[1]]()
except ImportError:
    versions, variants = {}, {}
answer({"versions": versions, "variants": list(variants)})
cell = {}
for line in sys.stdin:
    request = json.loads(line)
    if "loss" in request:
        numbers = read(request)
        cell = {
            name: (set_up, prepare(request["loss"], *numbers))
            for name, (set_up, prepare) in variants.items()
        }
        answer({name: result(variant) for name, variant in cell.items()})
    else:
        answer({"milliseconds": milliseconds(cell[request["variant"]], request["calls"])})
