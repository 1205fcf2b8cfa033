"""Trains small dense models in Keras and writes down its numbers, for a test that trains them in TensorFlow.js.

    python3 tools/training.py

Writes `__tests__/training/keras_training.golden.json`, the same on every run. Each case is a model, its first weights,
a loss, an optimizer and three batches of 8, 8 and 5 rows, and then what Keras answers in float32 on TensorFlow:

    inputs, hidden?   features of a row, and a layer of tanh that all heads share
    outputs           dense layers side by side: name, units, activation
    weights           kernel and bias of each layer, by name, before the first step
    loss              a name or a serialized loss object; one per output if there are several
    loss_weights?     factor of each output's loss in the total; the losses per output are reported without it
    batches           x, and per output y and sampleWeight; yDtype and classWeight hold for the whole batch
    steps             loss of each batch before its update, penalties included: 60 steps, round and round the batches
    finalWeights      weights after the last step
    evaluate          what `evaluate` reports with them on all rows, 8 at a time: with the weights of samples, without
                      those of classes. `loss` is the mean over rows, but the loss of one output among several is the
                      mean over batches, in which the short batch counts as much as the others.

Needs: pip install keras tensorflow-cpu
"""

import json
import os
from collections import namedtuple
from itertools import product
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras.losses import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
)

PATH = Path(__file__).parent.parent / "__tests__" / "training" / "keras_training.golden.json"

STEPS = 60
BATCHES = slice(0, 8), slice(8, 16), slice(16, 21)
ROWS = 21
SGD = {"name": "sgd", "learning_rate": 0.5}
ADAM = {"name": "adam", "learning_rate": 0.02}

# `labels` says what the head is taught: "yes/no", "one-hot", "sparse", "sparse column" or "sparse with gaps" (-1).
Head = namedtuple("Head", "name units activation labels")


def yes_no(activation="sigmoid", units=1):
    return Head("output", units, activation, "yes/no")


def classes(activation="softmax", labels="one-hot", units=3):
    return Head("output", units, activation, labels)


def plan():
    """The cases: keyword arguments of `case`."""
    for head, smoothing, optimizer in product(["sigmoid", "linear"], [0, 0.1], [SGD, ADAM]):
        yield dict(
            title=f"binary, {head} head{', label smoothing' if smoothing else ''}",
            heads=[yes_no(head)],
            loss=BinaryCrossentropy(from_logits=head == "linear", label_smoothing=smoothing),
            optimizer=optimizer,
            metrics=head == "sigmoid" and smoothing == 0,
        )
    for head, optimizer in product(["softmax", "linear"], [SGD, ADAM]):
        logits = head == "linear"
        yield dict(
            title=f"categorical, {head} head, one-hot labels",
            heads=[classes(head)],
            loss=CategoricalCrossentropy(from_logits=logits),
            optimizer=optimizer,
            metrics=not logits,
        )
        yield dict(
            title=f"categorical, {head} head, class indices",
            heads=[classes(head, "sparse")],
            loss=SparseCategoricalCrossentropy(from_logits=logits),
            optimizer=optimizer,
            metrics=not logits,
        )
        yield dict(
            title=f"categorical, {head} head, class indices, some ignored",
            heads=[classes(head, "sparse with gaps")],
            loss=SparseCategoricalCrossentropy(from_logits=logits, ignore_class=-1),
            optimizer=optimizer,
        )
    yield dict(
        title="categorical, softmax head, label smoothing",
        heads=[classes()],
        loss=CategoricalCrossentropy(label_smoothing=0.1),
    )

    for optimizer in [SGD, ADAM]:
        yield dict(
            title="three labels at once",
            heads=[yes_no(units=3)],
            loss=BinaryCrossentropy(),
            optimizer=optimizer,
        )
        yield dict(
            title="binary focal",
            heads=[yes_no()],
            loss=BinaryFocalCrossentropy(),
            optimizer=optimizer,
        )
        yield dict(
            title="categorical focal",
            heads=[classes()],
            loss=CategoricalFocalCrossentropy(),
            optimizer=optimizer,
        )
    yield dict(
        title="binary focal, classes balanced, three labels at once",
        heads=[yes_no(units=3)],
        loss=BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.4, gamma=1.5),
    )

    yield dict(
        title="binary, class weights",
        heads=[yes_no()],
        loss=BinaryCrossentropy(),
        class_weight={0: 0.5, 1: 2},
    )
    yield dict(
        title="categorical, class weights, one-hot labels",
        heads=[classes()],
        loss=CategoricalCrossentropy(),
        class_weight={0: 0.5, 1: 2, 2: 1.25},
    )
    yield dict(
        title="categorical, class weights, class indices",
        heads=[classes(labels="sparse")],
        loss=SparseCategoricalCrossentropy(),
        class_weight={0: 0.5, 1: 2, 2: 1.25},
    )
    yield dict(
        title="binary, sample weights, some of them 0",
        heads=[yes_no()],
        loss=BinaryCrossentropy(),
        weighted=True,
        metrics=True,
    )
    yield dict(
        title="categorical, sample weights, class indices",
        heads=[classes(labels="sparse")],
        loss=SparseCategoricalCrossentropy(),
        weighted=True,
        metrics=True,
    )
    yield dict(
        title="categorical, sample weights, class indices, some ignored",
        heads=[classes("linear", "sparse with gaps")],
        loss=SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
        weighted=True,
    )
    yield dict(
        title="binary, class weights times sample weights (multiplied here: Keras refuses both)",
        heads=[yes_no()],
        loss=BinaryCrossentropy(),
        class_weight={0: 0.5, 1: 2},
        weighted=True,
    )
    for reduction in ["sum", "mean_with_sample_weight"]:
        yield dict(
            title=f"binary, sample weights, reduction {reduction}",
            heads=[yes_no()],
            loss=BinaryCrossentropy(reduction=reduction),
            optimizer={"name": "sgd", "learning_rate": 0.1 if reduction == "sum" else 0.5},
            weighted=True,
        )
    yield dict(
        title="categorical, sample weights, reduction mean_with_sample_weight, some labels ignored",
        heads=[classes(labels="sparse with gaps")],
        loss=SparseCategoricalCrossentropy(ignore_class=-1, reduction="mean_with_sample_weight"),
        weighted=True,
    )

    fast = {"name": "sgd", "learning_rate": 1.2}
    yield dict(
        title="binary, sigmoid head, each row sure and wrong at first",
        heads=[yes_no()],
        loss=BinaryCrossentropy(),
        optimizer=fast,
        saturated=True,
    )
    yield dict(
        title="categorical, softmax head, one-hot labels, each row sure and wrong at first",
        heads=[classes()],
        loss=CategoricalCrossentropy(),
        optimizer=fast,
        saturated=True,
    )
    yield dict(
        title="categorical, softmax head, class indices, each row sure and wrong at first",
        heads=[classes(labels="sparse")],
        loss=SparseCategoricalCrossentropy(),
        optimizer=fast,
        saturated=True,
    )

    two = dict(
        heads=[Head("click", 1, "sigmoid", "yes/no"), Head("topic", 3, "softmax", "one-hot")],
        loss=[BinaryCrossentropy(), CategoricalCrossentropy()],
        loss_weights=[1, 0.3],
    )
    for optimizer in [SGD, ADAM]:
        yield dict(title="two outputs", optimizer=optimizer, **two)
        yield dict(title="two outputs, sample weights", optimizer=optimizer, weighted=True, **two)
        yield dict(
            title="two outputs, sample weights, a hidden layer with an L2 penalty",
            optimizer=optimizer,
            hidden={"units": 4, "activation": "tanh", "l2": 0.01},
            weighted=True,
            **two,
        )

    yield dict(
        title="a sequence, some labels ignored",
        heads=[classes(labels="sparse with gaps")],
        loss=SparseCategoricalCrossentropy(ignore_class=-1),
        time=3,
    )
    for head, optimizer in [("softmax", SGD), ("linear", ADAM)]:
        yield dict(
            title=f"a sequence, {head} head, sample weights, some labels ignored",
            heads=[classes(head, "sparse with gaps")],
            loss=SparseCategoricalCrossentropy(from_logits=head == "linear", ignore_class=-1),
            optimizer=optimizer,
            weighted=True,
            time=3,
        )

    yield dict(title="'binary_crossentropy'", heads=[yes_no()], loss="binary_crossentropy")
    yield dict(title="'crossentropy', one sigmoid", heads=[yes_no()], loss="crossentropy")
    yield dict(title="'crossentropy', one-hot labels", heads=[classes()], loss="crossentropy")
    yield dict(
        title="'crossentropy', class indices [batch, 1]",
        heads=[classes(labels="sparse column")],
        loss="crossentropy",
        metrics=True,
    )


def case(title, heads, loss, optimizer=SGD, features=5, hidden=None, loss_weights=None, class_weight=None,
         weighted=False, metrics=False, saturated=False, time=None):
    """A case with its data and Keras's answers, ready for JSON."""
    title = f"{title}, {'Adam' if optimizer is ADAM else 'SGD'}"
    rng = np.random.default_rng(list(title.encode()))  # of the title, so that a new case leaves the others alone
    x = rng.normal(size=(ROWS, time, features) if time else (ROWS, features)).round(4)
    y = [teach(head, x, rng) for head in heads]
    weights = {}
    width = features
    if hidden:
        weights["hidden"] = layer(features, hidden["units"], rng)
        width = hidden["units"]
    for head in heads:
        weights[head.name] = layer(width, head.units, rng)
    if saturated:
        saturate(x, y[0], weights["output"]["kernel"])
    sample_weights = [weigh(labels, head, rng) for labels, head in zip(y, heads)] if weighted else None

    result = {
        "title": title,
        "inputs": features,
        **({"hidden": hidden} if hidden else {}),
        "outputs": [{"name": head.name, "units": head.units, "activation": head.activation} for head in heads],
        "weights": weights,
        "optimizer": optimizer,
        "loss": [*map(serialize, loss)] if isinstance(loss, list) else serialize(loss),
        **({"loss_weights": loss_weights} if loss_weights else {}),
        "batches": [
            {
                "x": x[rows],
                "y": [labels[rows] for labels in y],
                **({"yDtype": "int32"} if "sparse" in heads[0].labels else {}),
                **({"sampleWeight": [weight[rows] for weight in sample_weights]} if weighted else {}),
                **({"classWeight": class_weight} if class_weight else {}),
            }
            for rows in BATCHES
        ],
    }
    model = build(result, x.shape[1:])
    model.compile(
        optimizer=keras.optimizers.get({"class_name": optimizer["name"], "config": optimizer}),
        loss=loss,
        loss_weights=loss_weights,
        metrics=["accuracy"] if metrics else None,
        weighted_metrics=["accuracy"] if metrics else None,
    )
    result["steps"] = train(model, result["batches"])
    result["finalWeights"] = {
        name: {"kernel": digits(kernel), "bias": digits(bias)}
        for name, (kernel, bias) in ((name, model.get_layer(name).get_weights()) for name in weights)
    }
    answer = model.evaluate(
        floats(x), one_or_list(y), sample_weight=one_or_list(sample_weights), batch_size=8, verbose=0, return_dict=True
    )
    result["evaluate"] = {name: digits(value) for name, value in answer.items()}
    check(result, saturated)
    return result


def teach(head, x, rng):
    """Labels that a dense layer can learn, but for some noise."""
    scores = x @ rng.normal(size=(x.shape[-1], head.units))
    scores += rng.normal(size=scores.shape) / 2
    if head.labels == "yes/no":
        return (scores > 0).astype("int32")
    indices = scores.argmax(-1).astype("int32")
    if head.labels == "one-hot":
        return np.eye(head.units, dtype="int32")[indices]
    if head.labels == "sparse column":
        return indices[..., None]
    if head.labels == "sparse with gaps":
        return np.where(rng.random(indices.shape) < 0.2, -1, indices).astype("int32")
    return indices


def layer(inputs, units, rng):
    return {"kernel": (rng.normal(size=(inputs, units)) / 2).round(4), "bias": (rng.normal(size=units) / 4).round(4)}


def saturate(x, labels, kernel):
    """Lets the first features name the class of a row, and the kernel answer with another one: a loss of about 40."""
    if labels.ndim == 2 and labels.shape[-1] == 1:
        x[:, 0] = 2 * labels[:, 0] - 1
        kernel[0] = -40
    else:
        units = kernel.shape[-1]
        indices = labels if labels.ndim == 1 else labels.argmax(-1)
        x[:, :units] = np.eye(units)[indices]
        kernel[:units] = 40 * np.roll(np.eye(units), 1, axis=1)


def weigh(labels, head, rng):
    """A weight per loss value, every fourth or so 0."""
    shape = labels.shape if head.labels.startswith("sparse") else labels.shape[:-1]
    return np.where(rng.random(shape) < 0.25, 0, rng.uniform(0.2, 2, shape)).round(2)


def serialize(loss):
    return loss if isinstance(loss, str) else keras.losses.serialize(loss)


def build(result, shape):
    """The model with its first weights."""
    inputs = x = keras.Input(shape)
    hidden = result.get("hidden")
    if hidden:
        penalty = keras.regularizers.L2(hidden["l2"])
        x = keras.layers.Dense(hidden["units"], hidden["activation"], kernel_regularizer=penalty, name="hidden")(x)
    outputs = [
        keras.layers.Dense(head["units"], head["activation"], name=head["name"])(x) for head in result["outputs"]
    ]
    model = keras.Model(inputs, one_or_list(outputs))
    for name, first in result["weights"].items():
        model.get_layer(name).set_weights([floats(first["kernel"]), floats(first["bias"])])
    return model


def train(model, batches):
    steps = {}
    for step in range(STEPS):
        batch = batches[step % len(batches)]
        sample_weight = batch.get("sampleWeight")
        class_weight = batch.get("classWeight")
        if sample_weight and class_weight:
            by_class = np.array([class_weight[label] for [label] in batch["y"][0]])
            sample_weight, class_weight = [sample_weight[0] * by_class], None
        # It resets its metrics first: the numbers are those of this batch.
        logs = model.train_on_batch(
            floats(batch["x"]),
            one_or_list(batch["y"]),
            sample_weight=one_or_list(sample_weight),
            class_weight=class_weight,
            return_dict=True,
        )
        for name, value in logs.items():
            if name.endswith("loss"):
                steps.setdefault(name, []).append(digits(value))
    return steps


def check(result, saturated):
    """That the case trains, and that Keras trains on the logits: probabilities would give 16 for a loss of 40."""
    losses = [value for values in result["steps"].values() for value in values]
    first, last = (result["steps"]["loss"][step] for step in (0, STEPS - len(BATCHES)))
    assert np.isfinite(losses + [*result["evaluate"].values()]).all(), f"{result['title']}: not finite"
    assert last < 0.95 * first, f"{result['title']}: {first} → {last}"
    assert not saturated or 35 < first < 45, f"{result['title']}: {first}"


def one_or_list(values):
    return values[0] if values and len(values) == 1 else values


def floats(values):
    return np.asarray(values, dtype="float32")


def digits(values):
    """Nine digits, which tell any two float32 apart."""
    if np.ndim(values):
        return [digits(value) for value in values]
    return float(f"{float(values):.9g}")


def to_json(case):
    fields = (f'      "{name}": {json.dumps(value, default=np.ndarray.tolist)}' for name, value in case.items())
    return "    {\n" + ",\n".join(fields) + "\n    }"


if __name__ == "__main__":
    cases = [case(**arguments) for arguments in plan()]
    titles = [case["title"] for case in cases]
    assert len(set(titles)) == len(titles), "two cases have one title"
    source = json.dumps(f"Keras {keras.__version__}, TensorFlow {tf.__version__}")
    about = json.dumps("Small dense models trained by Keras in float32; see tools/training.py, which writes this file.")
    body = ",\n".join(map(to_json, cases))
    PATH.write_text(f'{{\n  "source": {source},\n  "about": {about},\n  "cases": [\n{body}\n  ]\n}}\n')
    print(f"{PATH.name}: {len(cases)} cases from {source}")
