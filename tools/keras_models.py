"""Writes models that Keras compiled, in the files that TensorFlow.js loads, with what Keras says of them.

    python3 tools/keras_models.py && npx prettier --write examples/data/keras_model

- examples/data/keras_model: a model of the breast cancer data, trained for a few epochs, and Keras's loss on the rows that
  examples/support/breast_cancer.ts sets aside.
- __tests__/training/keras_models.golden.json: small models, in each form in which the settings of `compile` occur in a
  model.json, with what `evaluate` answers; and saved optimizers, with the points that Keras's steps lead to.

Keras 3 saves what it is asked to, and the files hold it word for word. The settings of Keras 2 are written out below, in the form
of tf.keras 2.x, with the topology in the words of Keras 2 (`keras_2_words`).

Needs: pip install keras tensorflow-cpu
"""

import base64
import copy
import json
import math
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import absl.logging
import h5py
import keras
import numpy as np
import tensorflow as tf
from keras import layers, losses, metrics, optimizers

absl.logging.set_verbosity("error")  # Keras calls .h5 legacy, each time,
tf.get_logger().setLevel("ERROR")  # and TensorFlow notes that there are many models.

ROOT = Path(__file__).parent.parent
DATA = ROOT / "examples" / "data"
GOLDEN = ROOT / "__tests__" / "training" / "keras_models.golden.json"
SOURCE = f"Keras {keras.__version__} on TensorFlow {tf.__version__}"


# What Keras saves


def saved_h5(model):
    """What `model.save("….h5")` stores beside the weights: the converter makes it `modelTopology`, word for word."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.h5"
        model.save(path)
        with h5py.File(path) as file:
            keys = ("keras_version", "backend", "model_config", "training_config")
            saved = {key: file.attrs[key] for key in keys}
    return {key: json.loads(value) if key.endswith("config") else value for key, value in saved.items()}


def saved_keras(model):
    """What `model.save("….keras")` stores as config.json."""
    return json.loads(json.dumps(keras.saving.serialize_keras_object(model)))


def stripped(config):
    """The config without the keys that the converter takes out of config.json, at every depth."""
    if isinstance(config, list):
        return [stripped(entry) for entry in config]
    if isinstance(config, dict):
        taken = ("module", "registered_name")
        return {key: stripped(value) for key, value in config.items() if key not in taken}
    return config


# What TensorFlow.js loads


def keras_2_words(model_config):
    """The topology as Keras 2 wrote it."""
    config = copy.deepcopy(model_config)
    for layer in config["config"]["layers"]:
        if "batch_shape" in layer["config"]:
            layer["config"]["batch_input_shape"] = layer["config"].pop("batch_shape")
        if "inbound_nodes" in layer:
            layer["inbound_nodes"] = [
                [[*tensor["config"]["keras_history"], node["kwargs"]] for tensor in node["args"]]
                for node in layer["inbound_nodes"]
            ]
    for key in ("input_layers", "output_layers"):
        ends = config["config"].get(key)
        if ends and isinstance(ends[0], str):
            config["config"][key] = [ends]
    return config


def weights(model, keras_2=False):
    """Specs and bytes. Names are `layer/weight`, behind the name of a Sequential in Keras 3."""
    prefix = f"{model.name}/" if isinstance(model, keras.Sequential) and not keras_2 else ""
    pairs = [
        (f"{prefix}{layer.name}/{weight.name}", weight.numpy()) for layer in model.layers for weight in layer.weights
    ]
    specs = [{"name": name, "shape": value.shape, "dtype": str(value.dtype)} for name, value in pairs]
    return specs, b"".join(value.tobytes() for _, value in pairs)


# The settings of `compile`, in each place where a model.json has them


def in_topology(model):
    """Keras 3, .h5, converted."""
    return {"modelTopology": saved_h5(model)}


def at_top(model):
    """Keras 3, .h5, where TensorFlow.js looks for the settings, and where its own files have them."""
    topology = in_topology(model)["modelTopology"]
    return {"trainingConfig": topology.pop("training_config"), "modelTopology": topology}


def config_json(model):
    """Keras 3, .keras: its config.json."""
    return {"modelTopology": saved_keras(model)}


def in_model_config(model):
    """Keras 3, .keras, converted."""
    model_config = stripped(saved_keras(model))
    return {"modelTopology": {"keras_version": keras.__version__, "model_config": model_config}}


def without_optimizer(model):
    """Keras 3, .keras, of a model that was saved as .h5 before: it forgets its optimizer then."""
    saved_h5(model)
    return config_json(model)


def keras_2(version, settings, place="training_config"):
    """Keras 2, converted: its settings, with the topology of the model."""

    def layout(model):
        model_config = stripped(keras_2_words(saved_h5(model)["model_config"]))
        topology = {"keras_version": version, "backend": "tensorflow", "model_config": model_config}
        (topology if place == "training_config" else model_config)[place] = settings
        return {"modelTopology": topology}

    return layout


# Small models, all of three numbers per row


def dense(name, units, activation=None):
    return layers.Dense(units, activation=activation, name=name)


def one_output(units=1, activation=None):
    return keras.Sequential([layers.Input((3,), name="x"), dense("y", units, activation)], name="model")


def two_outputs(*outputs):
    x = layers.Input((3,), name="x")
    return keras.Model(x, [output(x) for output in outputs], name="model")


def joined():
    x = layers.Input((3,), name="x")
    both = layers.Concatenate(name="both")([dense("left", 2, "relu")(x), dense("right", 2)(x)])
    return keras.Model(x, dense("y", 1)(both), name="model")


def yes_no_and_class():
    return two_outputs(dense("a", 1), dense("b", 3, "softmax"))


def rounded(values):
    """Values that are short in decimal, as float32 has them."""
    return np.round(values, 2).astype("float32")


random = np.random.default_rng(1)
X = rounded(random.normal(size=(10, 3)))
CLASS = random.integers(0, 3, size=(10, 1)).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[CLASS[:, 0].astype(int)]
YES_NO = random.integers(0, 2, size=(10, 1)).astype("float32")
BOTH = {"a": YES_NO, "b": ONE_HOT}


@keras.saving.register_keras_serializable("my")
class MyLoss(losses.Loss):
    """The mean of scale · (yTrue − yPred)²."""

    def __init__(self, scale=1.0, name="my_loss", reduction="sum_over_batch_size"):
        super().__init__(name=name, reduction=reduction)
        self.scale = scale

    def call(self, y_true, y_pred):
        return self.scale * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable("my")
def my_function(y_true, y_pred):
    """MyLoss as a function."""
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


# Settings as Keras 2 wrote them


def old_loss(class_name, name, fn=True, **options):
    """A loss object. Later versions add its function."""
    config = {"reduction": "auto", "name": name, **options}
    return {"class_name": class_name, "config": {**config, "fn": name} if fn else config}


def old_metric(name, fn):
    """The metric of a name, resolved: the name has the output before it where there are several."""
    return {"class_name": "MeanMetricWrapper", "config": {"name": name, "dtype": "float32", "fn": fn}}


def old_optimizer(class_name, **options):
    """Of tf.keras 2.0 to 2.10; since 2.11 under `tf.keras.optimizers.legacy`. Here `decay` is the learning rate's."""
    options = {"decay": 0.0, **options}
    return {"class_name": class_name, "config": {"name": class_name, **options}}


def new_optimizer(class_name, **options):
    """Of tf.keras 2.11 to 2.15 and of tf_keras, which register it under "Custom"."""
    common = {"weight_decay": None, "clipnorm": None, "global_clipnorm": None, "clipvalue": None,
              "use_ema": False, "ema_momentum": 0.99, "ema_overwrite_frequency": None,
              "jit_compile": False, "is_legacy_optimizer": False}
    return {"class_name": f"Custom>{class_name}", "config": {"name": class_name, **common, **options}}


def old_settings(loss, optimizer, metrics=None, **others):
    settings = {"loss": loss, "metrics": metrics, "weighted_metrics": None, "loss_weights": None}
    return {**settings, **others, "optimizer_config": optimizer}


def old_compile_config(optimizer, loss, metrics=None):
    settings = {"optimizer": optimizer, "loss": loss, "metrics": metrics, "loss_weights": None, "weighted_metrics": None}
    return {**settings, "run_eagerly": None, "steps_per_execution": None, "jit_compile": None}


OLD_BETAS = {"beta_1": 0.8999999761581421, "beta_2": 0.9990000128746033, "epsilon": 1e-07, "amsgrad": False}
NEW_BETAS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": False}
OLD_ADAM = old_optimizer("Adam", learning_rate=0.003000000026077032, **OLD_BETAS)
NEW_ADAM = new_optimizer("Adam", learning_rate=0.003000000026077032, **NEW_BETAS)
NEW_SGD = new_optimizer("SGD", learning_rate=0.009999999776482582, momentum=0.0, nesterov=False)
LR_ADAM = {"class_name": "Adam", "config": {"lr": 0.003000000026077032, "decay": 0.0, **OLD_BETAS}}


# TensorFlow.js's optimizers, as their `getConfig` describes them


def adam(**config):
    config = {"learningRate": 0.003, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, **config}
    return {"className": "Adam", "config": config}


def sgd(learning_rate=0.01):
    return {"className": "SGD", "config": {"learningRate": learning_rate}}


def momentum(learning_rate, momentum, nesterov=False):
    config = {"learningRate": learning_rate, "momentum": momentum, "useNesterov": nesterov}
    return {"className": "Momentum", "config": config}


def rmsprop(**config):
    config = {"learningRate": 0.001, "decay": 0.9, "momentum": 0, "epsilon": 1e-7, "centered": False, **config}
    return {"className": "RMSProp", "config": config}


def adagrad(learning_rate=0.001, initial=0.1):
    return {"className": "Adagrad", "config": {"learningRate": learning_rate, "initialAccumulatorValue": initial}}


def adadelta(**config):
    return {"className": "Adadelta", "config": {"learningRate": 0.001, "rho": 0.95, "epsilon": 1e-7, **config}}


def adamax(**config):
    config = {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "decay": 0, **config}
    return {"className": "Adamax", "config": config}


# The cases: title, layout, model, labels, settings as Keras 3 takes them, and the optimizer that TensorFlow.js should get


def cases():
    def smooth():
        return losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)

    def smooth_logits(layout, title, expected=adam()):
        settings = {"loss": smooth(), "optimizer": optimizers.Adam(0.003), "metrics": ["accuracy"]}
        return title, layout, one_output(), YES_NO, settings, expected

    def probabilities(layout, title, expected, **settings):
        settings = {"loss": "binary_crossentropy", "optimizer": "adam", "metrics": ["accuracy"], **settings}
        return title, layout, one_output(activation="sigmoid"), YES_NO, settings, expected

    def functions(layout, title):
        settings = {"loss": losses.binary_crossentropy, "metrics": [metrics.binary_accuracy]}
        return probabilities(layout, title, adam(learningRate=0.001), **settings)

    def by_name(layout, title, expected=momentum(0.01, 0.9, True)):
        settings = {
            "loss": {
                "a": losses.BinaryFocalCrossentropy(apply_class_balancing=True, from_logits=True),
                "b": "categorical_crossentropy",
            },
            "loss_weights": {"a": 1.0, "b": 0.5},
            "metrics": {"b": ["accuracy", metrics.CategoricalAccuracy(name="hits")]},
            "weighted_metrics": {"a": ["mse"], "b": []},
            "optimizer": optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        }
        return title, layout, yes_no_and_class(), BOTH, settings, expected

    def own(layout, title, loss):
        return title, layout, one_output(), YES_NO, {"loss": loss, "optimizer": "sgd"}, sgd()

    yield smooth_logits(in_topology, "Keras 3 .h5: a loss object")
    yield probabilities(in_topology, "Keras 3 .h5: a name", sgd(), optimizer="sgd")
    yield probabilities(in_topology, "Keras 3 .h5: short names, and a metric by name", rmsprop(),
                        loss="bce", optimizer="rmsprop", metrics=["acc", "mae"])
    yield functions(in_topology, "Keras 3 .h5: functions")
    yield ("Keras 3 .h5: two branches that are joined", in_topology, joined(), YES_NO,
           {"loss": smooth(), "optimizer": "sgd"}, sgd())
    yield ("Keras 3 .h5: a metric with a threshold", in_topology, one_output(), YES_NO,
           {"loss": smooth(), "optimizer": "sgd", "metrics": [metrics.BinaryAccuracy(threshold=0.0, name="hits")]}, sgd())
    yield ("Keras 3 .h5: reduction 'sum'", in_topology, one_output(3, "softmax"), ONE_HOT,
           {"loss": losses.CategoricalCrossentropy(label_smoothing=0.1, reduction="sum"), "optimizer": "sgd"}, sgd())
    yield ("Keras 3 .h5: labels that are classes", in_topology, one_output(3), CLASS,
           {"loss": losses.SparseCategoricalCrossentropy(True), "optimizer": "sgd", "metrics": ["accuracy"]}, sgd())
    yield ("Keras 3 .h5: labels that are classes, one of them ignored", in_topology, one_output(3), CLASS,
           {"loss": losses.SparseCategoricalCrossentropy(True, ignore_class=0), "optimizer": "sgd"}, sgd())
    yield ("Keras 3 .h5: two outputs, a list of losses", in_topology, yes_no_and_class(), BOTH,
           {"loss": [smooth(), losses.CategoricalFocalCrossentropy(gamma=3.0)], "loss_weights": [2.0, 0.5],
            "metrics": [["accuracy"], ["accuracy"]], "optimizer": optimizers.Adam(0.003)}, adam())
    yield by_name(in_topology, "Keras 3 .h5: two outputs, losses by name")
    yield ("Keras 3 .h5: two outputs, one loss for both", in_topology,
           two_outputs(dense("a", 1, "sigmoid"), dense("b", 3, "sigmoid")), BOTH,
           {"loss": "binary_crossentropy", "optimizer": "sgd", "metrics": ["accuracy", "accuracy"]}, sgd())
    yield ("Keras 3 .h5: two outputs, one of them without a loss", in_topology, yes_no_and_class(), BOTH,
           {"loss": [smooth(), None], "optimizer": "sgd"}, sgd())

    yield smooth_logits(at_top, "trainingConfig: a loss object")
    yield by_name(at_top, "trainingConfig: two outputs, losses by name")

    yield smooth_logits(config_json, "Keras 3 config.json: a loss object")
    yield smooth_logits(without_optimizer, "Keras 3 config.json: no optimizer", None)
    yield functions(config_json, "Keras 3 config.json: functions")
    yield by_name(config_json, "Keras 3 config.json: two outputs, losses by name")
    yield smooth_logits(in_model_config, "Keras 3 .keras: a loss object")
    yield functions(in_model_config, "Keras 3 .keras: functions")
    yield by_name(in_model_config, "Keras 3 .keras: two outputs, losses by name")

    accuracy = [[old_metric("accuracy", "binary_accuracy")]]
    options = {"from_logits": True, "label_smoothing": 0.1, "axis": -1}
    with_fn = old_loss("BinaryCrossentropy", "binary_crossentropy", **options)
    without_fn = old_loss("BinaryCrossentropy", "binary_crossentropy", fn=False, **options)
    focal = {"alpha": 0.25, "label_smoothing": 0.0, "axis": -1}
    two_losses = {
        "a": old_loss("BinaryFocalCrossentropy", "binary_focal_crossentropy", **focal, gamma=2.0, from_logits=True,
                      apply_class_balancing=True),
        "b": "categorical_crossentropy",
    }
    of_b = [old_metric("b_accuracy", "categorical_accuracy"),
            {"class_name": "CategoricalAccuracy", "config": {"name": "b_hits", "dtype": "float32"}}]
    sparse = old_loss("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy",
                      from_logits=False, ignore_class=None)

    first = {"optimizer_config": LR_ADAM, "loss": "binary_crossentropy", "metrics": ["accuracy"],
             "sample_weight_mode": None, "loss_weights": None}
    yield probabilities(keras_2("2.1.6", first), "Keras 2.1: a name, `lr`", adam())
    plain = old_settings("binary_crossentropy", OLD_ADAM, ["accuracy"], sample_weight_mode=None)
    yield probabilities(keras_2("2.2.4-tf", plain), "Keras 2.2-tf: a name", adam())
    yield smooth_logits(keras_2("2.8.0", old_settings(without_fn, OLD_ADAM, accuracy)), "Keras 2.8: a loss object")
    yield smooth_logits(keras_2("2.15.0", old_settings(with_fn, NEW_ADAM, accuracy)), "Keras 2.15: a loss object")
    named = old_settings(two_losses, NEW_SGD, [[None], of_b], loss_weights={"a": 1, "b": 0.5},
                         weighted_metrics=[[old_metric("a_mse", "mean_squared_error")], [None]])
    yield by_name(keras_2("2.15.0", named), "Keras 2.15: two outputs, losses by name", sgd())
    listed = old_settings(["bce", sparse], NEW_ADAM, [[old_metric("a_accuracy", "binary_accuracy")],
                                                      [old_metric("b_accuracy", "sparse_categorical_accuracy")]])
    yield ("Keras 2.15: two outputs, a list of losses", keras_2("2.15.0", listed),
           two_outputs(dense("a", 1, "sigmoid"), dense("b", 3, "softmax")), {"a": YES_NO, "b": CLASS},
           {"loss": ["bce", losses.SparseCategoricalCrossentropy()], "metrics": [["accuracy"], ["accuracy"]]}, adam())
    compiled = old_compile_config("sgd", with_fn, ["accuracy"])
    yield smooth_logits(keras_2("2.15.0", compiled, "compile_config"), "Keras 2.15 .keras: the optimizer by name", sgd())

    yield own(in_topology, "Unknown: a loss, .h5", MyLoss(scale=2.0))
    yield own(config_json, "Unknown: a loss, config.json", MyLoss(scale=2.0))
    yield own(in_model_config, "Unknown: a loss, .keras", MyLoss(scale=2.0))
    yield own(in_topology, "Unknown: a function, .h5", my_function)
    yield probabilities(in_topology, "Unknown: metrics", adam(learningRate=0.001),
                        metrics=["accuracy", "AUC", metrics.Precision(thresholds=0.4)])
    yield probabilities(in_topology, "Unknown: an optimizer", None, optimizer=optimizers.AdamW(0.003, weight_decay=0.01))


def answer(title, layout, model, labels, settings, expected):
    """One case: the files, the rows, and what Keras says of them."""
    model.set_weights([rounded(random.normal(size=weight.shape)) for weight in model.get_weights()])
    model.compile(**settings)
    y = labels if isinstance(labels, dict) else {"y": labels}
    given = list(y.values()) if len(y) > 1 else labels
    # Keras means the losses of single outputs over batches, of whatever size: so these are of one size.
    batch_size = 5 if len(y) > 1 else 4
    evaluation = model.evaluate(X, given, batch_size=batch_size, return_dict=True, verbose=0)
    predictions = model.predict(X, verbose=0)
    specs, data = weights(model, keras_2=title.startswith("Keras 2"))
    case = {
        "title": title,
        "modelJson": {
            "format": "layers-model",
            **layout(model),
            "weightSpecs": specs,
            "weightData": base64.b64encode(data).decode(),
        },
        "x": short(X),
        "y": {name: short(value) for name, value in y.items()},
        "batchSize": batch_size,
        "evaluate": {name: digits(value) for name, value in evaluation.items()},
        "optimizer": expected,
    }
    # By the name of an accuracy Keras asks whether the output is above ½, also where it is a logit.
    above_zero = {
        name: digits(np.mean((output > 0) == (value > 0.5)))
        for name, value, output in zip(y, y.values(), predictions if len(y) > 1 else [predictions])
        if output.shape[-1] == 1 and model.get_layer(name).activation is keras.activations.linear
    }
    return {**case, **({"aboveZero": above_zero} if above_zero else {})}


# Optimizers


STEPS = 5
START = [1.0, -2.0]
CURVATURE = [1.0, 10.0]


def saved_optimizers():
    """Title, saved config or optimizer of Keras 3, what TensorFlow.js has for it, and the settings that it has not."""
    schedules = optimizers.schedules
    exponential = {"initial_learning_rate": 0.1, "decay_steps": 100, "decay_rate": 0.9, "staircase": False, "name": None}
    decay = {"class_name": "ExponentialDecay", "config": exponential}
    decay_with_module = {"module": "keras.optimizers.schedules", **decay, "registered_name": None}
    quick = adam(learningRate=0.05, beta1=0.8, beta2=0.99, epsilon=1e-6)
    centered = rmsprop(learningRate=0.05, decay=0.8, momentum=0.5, epsilon=1e-6, centered=True)
    slow = adadelta(learningRate=1, rho=0.9, epsilon=1e-6)
    largest = adamax(learningRate=0.05, beta1=0.8, beta2=0.99)

    yield "Keras 3: Adam", optimizers.Adam(0.05, 0.8, 0.99, 1e-6), quick, []
    yield "Keras 3: SGD", optimizers.SGD(0.05), sgd(0.05), []
    yield "Keras 3: SGD with momentum", optimizers.SGD(0.05, 0.9), momentum(0.05, 0.9), []
    yield "Keras 3: SGD with Nesterov's momentum", optimizers.SGD(0.05, 0.9, True), momentum(0.05, 0.9, True), []
    yield "Keras 3: RMSprop", optimizers.RMSprop(0.05, rho=0.8), rmsprop(learningRate=0.05, decay=0.8), []
    yield "Keras 3: RMSprop, centered", optimizers.RMSprop(0.05, 0.8, 0.5, 1e-6, True), centered, []
    yield "Keras 3: Adagrad", optimizers.Adagrad(0.05, 0.2), adagrad(0.05, 0.2), []
    yield "Keras 3: Adadelta", optimizers.Adadelta(1.0, 0.9, 1e-6), slow, []
    yield "Keras 3: Adamax", optimizers.Adamax(0.05, 0.8, 0.99), largest, []

    # A name means Keras's defaults.
    yield "by name: adam", "adam", adam(learningRate=0.001), []
    yield "by name: sgd", "sgd", sgd(), []
    yield "by name: rmsprop", "rmsprop", rmsprop(), []
    yield "by name: adagrad", "adagrad", adagrad(), []
    yield "by name: adadelta", "adadelta", adadelta(), []
    yield "by name: adamax", "adamax", adamax(), []

    rate = {"learning_rate": 0.05}
    betas = {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-6}
    means = {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-6, "centered": True}
    plain = {"momentum": 0.0, "nesterov": False}
    yield "Keras 2.1: Adam", {"class_name": "Adam", "config": {"lr": 0.05, **betas, "decay": 0.0}}, quick, []
    yield "Keras 2.8: Adam", old_optimizer("Adam", **rate, **betas, amsgrad=False), quick, []
    yield "Keras 2.15: Adam", new_optimizer("Adam", **rate, **betas, amsgrad=False), quick, []
    yield "Keras 2.8: SGD", old_optimizer("SGD", **rate, **plain), sgd(0.05), []
    yield ("Keras 2.8: SGD with Nesterov's momentum", old_optimizer("SGD", **rate, momentum=0.9, nesterov=True),
           momentum(0.05, 0.9, True), [])
    yield "Keras 2.8: RMSprop, whose decay is not TensorFlow.js's", old_optimizer("RMSprop", **rate, **means), centered, []
    yield "Keras 2.15: RMSprop", new_optimizer("RMSprop", **rate, **means), centered, []
    yield ("Keras 2.8: Adagrad", old_optimizer("Adagrad", **rate, initial_accumulator_value=0.2, epsilon=1e-7),
           adagrad(0.05, 0.2), [])
    yield "Keras 2.8: Adadelta", old_optimizer("Adadelta", learning_rate=1.0, rho=0.9, epsilon=1e-6), slow, []
    yield "Keras 2.8: Adamax", old_optimizer("Adamax", **rate, beta_1=0.8, beta_2=0.99, epsilon=1e-7), largest, []
    yield "TensorFlow.js: Adam", {"class_name": "Adam", "config": quick["config"]}, quick, []
    yield "TensorFlow.js: RMSProp", {"class_name": "RMSProp", "config": centered["config"]}, centered, []
    nesterov = momentum(0.05, 0.9, True)
    yield "TensorFlow.js: Momentum", {"class_name": "Momentum", "config": nesterov["config"]}, nesterov, []

    yield "Keras 3: clipnorm", optimizers.Adam(0.05, 0.8, 0.99, 1e-6, clipnorm=1.0), quick, ["clipnorm"]
    yield "Keras 3: global_clipnorm", optimizers.SGD(0.05, global_clipnorm=1.0), sgd(0.05), ["global_clipnorm"]
    yield "Keras 3: clipvalue", optimizers.SGD(0.05, clipvalue=0.5), sgd(0.05), ["clipvalue"]
    yield "Keras 3: weight_decay", optimizers.SGD(0.05, weight_decay=0.01), sgd(0.05), ["weight_decay"]
    yield "Keras 3: use_ema", optimizers.SGD(0.05, use_ema=True), sgd(0.05), ["use_ema"]
    yield "Keras 3: amsgrad", optimizers.Adam(0.05, 0.8, 0.99, 1e-6, amsgrad=True), quick, ["amsgrad"]
    yield ("Keras 3: gradient_accumulation_steps", optimizers.SGD(0.05, gradient_accumulation_steps=4),
           sgd(0.05), ["gradient_accumulation_steps"])
    yield "Keras 2.8: decay", old_optimizer("Adam", **rate, **betas, amsgrad=False, decay=0.01), quick, ["decay"]
    yield "Keras 3: CosineDecay", optimizers.SGD(schedules.CosineDecay(0.1, 100)), sgd(0.1), ["learning_rate"]
    yield ("Keras 3: ExponentialDecay", optimizers.Adam(schedules.ExponentialDecay(0.1, 100, 0.9)),
           adam(learningRate=0.1), ["learning_rate"])
    yield "Keras 2.8: ExponentialDecay", old_optimizer("SGD", learning_rate=decay, **plain), sgd(0.1), ["learning_rate"]
    yield ("Keras 2.15: ExponentialDecay", new_optimizer("SGD", learning_rate=decay_with_module, **plain),
           sgd(0.1), ["learning_rate"])

    yield "Keras 3: AdamW", optimizers.AdamW(0.05), None, []
    yield "Keras 3: Nadam", optimizers.Nadam(0.05), None, []
    yield "Keras 2.15: Lion", new_optimizer("Lion", **rate, beta_1=0.9, beta_2=0.99), None, []


def follow(title, optimizer, expected, lost):
    """One optimizer: its config as .h5 has it, and where it gets to in five steps down ½ Σ curvature · w²."""
    if isinstance(optimizer, (str, dict)):
        return {"title": title, "config": optimizer, "expected": expected, "lost": lost}
    class_name = type(optimizer).__name__
    config = {"class_name": class_name, "config": {**optimizer.get_config(), "name": class_name.lower()}}
    entry = {"title": title, "config": config, "expected": expected, "lost": lost}
    # TensorFlow.js's Adadelta divides by the average from before the step, and goes elsewhere.
    if expected is None or lost or class_name == "Adadelta":
        return entry
    point = keras.Variable(START)
    for _ in range(STEPS):
        optimizer.apply([point.value * CURVATURE], [point])
    return {**entry, "end": [digits(value) for value in point.numpy()]}


# The example's model


def breast_cancer():
    """The rows as examples/support/breast_cancer.ts splits and scales them: training features and labels, validation's."""
    lines = (DATA / "breast_cancer.csv").read_text().strip().split("\n")[1:]
    rows = np.array(shuffle([[float(cell) for cell in line.split(",")] for line in lines]))
    end = math.floor(len(rows) * 0.8 + 0.5)
    mean, deviation = rows[:end, :-1].mean(0), rows[:end, :-1].std(0)
    xs, ys = ((rows[:, :-1] - mean) / deviation).astype("float32"), rows[:, -1:].astype("float32")
    return xs[:end], ys[:end], xs[end:], ys[end:]


def shuffle(items, seed=42):
    """The order of examples/support/shuffle.ts."""
    draw = mulberry32(seed)
    for i in range(len(items) - 1, 0, -1):
        j = math.floor(next(draw) * (i + 1))
        items[i], items[j] = items[j], items[i]
    return items


def mulberry32(state):
    """The random number generator of examples/support/shuffle.ts."""
    bits = 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & bits
        t = ((state ^ (state >> 15)) * (state | 1)) & bits
        t ^= (t + (t ^ (t >> 7)) * (t | 61)) & bits
        yield (t ^ (t >> 14)) / 2**32


def write_example(epochs=3):
    xs, ys, validation_xs, validation_ys = breast_cancer()
    keras.utils.set_random_seed(1)
    stack = [layers.Input((30,), name="measurements"), dense("hidden", 16, "relu"), dense("benign", 1)]
    model = keras.Sequential(stack, name="model")
    model.compile(
        optimizer=optimizers.Adam(learning_rate=0.003),
        loss=losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
    )
    model.fit(xs, ys, batch_size=32, epochs=epochs, shuffle=False, verbose=0)
    evaluation = model.evaluate(validation_xs, validation_ys, return_dict=True, verbose=0)
    logits = model.predict(validation_xs, verbose=0)

    folder = DATA / "keras_model"
    folder.mkdir(exist_ok=True)
    specs, data = weights(model)
    shard = "group1-shard1of1.bin"
    (folder / shard).write_bytes(data)
    write_json(folder / "model.json", {
        "format": "layers-model",
        "generatedBy": f"keras v{keras.__version__}",
        "convertedBy": "tools/keras_models.py",
        **in_topology(model),
        "weightsManifest": [{"paths": [shard], "weights": specs}],
    })
    write_json(folder / "keras.json", {
        "source": SOURCE,
        "epochs": epochs,
        "rows": len(logits),
        "evaluate": {name: digits(value) for name, value in evaluation.items()},
        "aboveZero": {"benign": digits(np.mean((logits > 0) == (validation_ys > 0.5)))},
    })
    print(f"keras_model: loss {evaluation['loss']:.4f} on {len(logits)} rows after {epochs} epochs")


# Writing


def digits(value):
    """Nine significant digits, which tell all values of float32 apart."""
    return float(f"{value:.9g}")


def short(values):
    return [[digits(value) for value in row] for row in values]


def write_json(path, content):
    path.write_text(json.dumps(content, indent=2) + "\n")


def write_golden():
    def lines(entries):
        return ",\n".join("    " + json.dumps(entry, separators=(",", ":")) for entry in entries)

    answers = [answer(*case) for case in cases()]
    followed = [follow(*entry) for entry in saved_optimizers()]
    descent = json.dumps({"steps": STEPS, "start": START, "curvature": CURVATURE})
    GOLDEN.write_text(
        f'{{\n  "source": {json.dumps(SOURCE)},\n  "cases": [\n{lines(answers)}\n  ],\n'
        f'  "descent": {descent},\n  "optimizers": [\n{lines(followed)}\n  ]\n}}\n'
    )
    print(f"{GOLDEN.name}: {len(answers)} cases and {len(followed)} optimizers from {SOURCE}")


if __name__ == "__main__":
    write_example()
    write_golden()
