"""Fills golden files with losses and gradients from Keras.

    python3 tools/golden.py binary_crossentropy

A golden file stands beside the test of a loss and lists inputs and options; this script adds to each case what Keras
answers: `loss`, and `gradient` of its sum with respect to yPred. Inputs are rounded to float32 and everything is computed
in float64, so that the numbers are those of an exact computation on our inputs; a case with "floatx": "float32" is computed
in float32, where Keras's clip, 1 - 1e-7, is a different number. Options are written as in our package.

Needs: pip install keras tensorflow-cpu
"""

import json
import os
import re
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf


def softmax_cross_entropy(labels, logits, axis=-1):
    """TensorFlow's own has a gradient that is right only for labels that sum to 1."""
    return -tf.reduce_sum(labels * tf.nn.log_softmax(logits, axis), axis)


tf.nn.softmax_cross_entropy_with_logits = softmax_cross_entropy

# Keras 3.15 lets Tversky's alpha weigh false negatives and beta false positives, the reverse of what it documents. Later versions
# put it right, and so do we: Keras 3.15 is given them swapped.
RENAMED = {"Tversky": {"alpha": "beta", "beta": "alpha"}}

TESTS = Path(__file__).parent.parent / "__tests__"
FILES = {
    path.name.removesuffix(".golden.json"): path
    for folder in ["losses", "composition"]
    for path in sorted((TESTS / folder).glob("*.golden.json"))
}


def snake_case(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def loss_of(class_name, options, floatx):
    """A loss of Keras; a sum, which Keras does not have, calls its losses and adds up what they give."""
    if "losses" in options:
        losses = [loss_of(loss["class_name"], loss["config"], floatx) for loss in options["losses"]]
        return lambda *given, **weights: sum(
            factor * loss(*given, **weights)
            for loss, factor in zip(losses, options["factors"], strict=True))
    renamed = RENAMED.get(class_name, {})
    options = {snake_case(renamed.get(name, name)): value for name, value in options.items()}
    if isinstance(options.get("axis"), list):
        options["axis"] = tuple(options["axis"])
    return getattr(keras.losses, class_name)(**options, dtype=floatx)


def answer(class_name, case):
    floatx = case.get("floatx", "float64")
    keras.config.set_floatx(floatx)
    loss = loss_of(class_name, case["options"], floatx)
    y_true = np.array(case["yTrue"], dtype=case.get("yTrueDtype", "float32"))
    y_pred = tf.constant(np.array(case["yPred"], dtype="float32"), dtype=floatx)
    weight = case.get("sampleWeight")
    if weight is not None:
        weight = np.array(weight, dtype="float32").astype(floatx)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(y_true, y_pred, sample_weight=weight)
        total = tf.reduce_sum(value)
    gradient = tape.gradient(total, y_pred)
    return value.numpy().tolist(), gradient.numpy().tolist()


def fill(name):
    path = FILES[name]
    golden = json.loads(path.read_text())
    for case in golden["cases"]:
        case["loss"], case["gradient"] = answer(golden["class"], case)
    golden["source"] = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
    cases = ",\n".join("    " + json.dumps(case) for case in golden["cases"])
    head = json.dumps({key: golden[key] for key in golden if key != "cases"}, indent=2)[:-2]
    path.write_text(f'{head},\n  "cases": [\n{cases}\n  ]\n}}\n')
    print(f"{path.name}: {len(golden['cases'])} cases from {golden['source']}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("golden: name a loss. Known: " + ", ".join(FILES))
    for name in sys.argv[1:]:
        fill(name)
