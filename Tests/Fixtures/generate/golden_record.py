"""Runs a case in Keras and writes what came out."""

import os
import tempfile
from functools import cache
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras.src.applications.convnext import LayerScale
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

from golden_case import Case

OPTIMIZERS = {
    "after_momentum": lambda: keras.optimizers.SGD(learning_rate=0.05, momentum=0.9),
    "after_nesterov": lambda: keras.optimizers.SGD(
        learning_rate=0.05, momentum=0.9, nesterov=True
    ),
    "after_adam": lambda: keras.optimizers.Adam(
        learning_rate=0.01, beta_1=0.9, beta_2=0.999, epsilon=1e-7
    ),
}
STEPS = 3
LOSSES = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
}


def measure(case: Case, model: keras.Model) -> dict[str, np.ndarray]:
    """Everything Keras says about the case, by the path it has in the file."""
    dtype = keras.config.floatx()
    inputs = [tf.constant(array, dtype) for array in case.inputs()]
    initial = model.get_weights()
    found = {name("input", i): array.numpy() for i, array in enumerate(inputs)}
    found["output_inference"] = call(model, inputs, training=False).numpy()
    if not case.deterministic:
        return found

    target = tf.constant(case.targets(found["output_inference"].shape), dtype)
    loss = LOSSES[case.loss]()
    found["target"] = target.numpy()

    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = call(model, inputs, training=True)
        value = loss(target, output)
    variables = trainable_variables(model)
    paths = list(variables)
    gradients = tape.gradient(value, list(variables.values()) + inputs)
    if any(gradient is None for gradient in gradients):
        raise ValueError(f"{case.name}: a weight or an input does not reach the loss")
    found["output_training"] = output.numpy()
    found["loss_training"] = value.numpy()
    for path, gradient in zip(paths, gradients):
        found[f"gradient/{path}"] = gradient.numpy()
    for i, gradient in enumerate(gradients[len(paths) :]):
        found[name("input_gradient", i)] = gradient.numpy()
    model.set_weights(initial)

    for group, make in OPTIMIZERS.items():
        optimizer = make()
        for _ in range(STEPS if paths else 0):
            with tf.GradientTape() as tape:
                value = loss(target, call(model, inputs, training=True))
            weights = [weight.value for weight in variables.values()]
            optimizer.apply(tape.gradient(value, weights), list(variables.values()))
        for path, weight in all_weights(model).items():
            found[f"{group}/{path}"] = np.asarray(weight)
        model.set_weights(initial)
    return found


def call(model: keras.Model, inputs: list, training: bool):
    """TensorFlow on a processor convolves channels-first images only when compiled."""
    argument = inputs[0] if len(inputs) == 1 else inputs
    if any(getattr(layer, "data_format", "") == "channels_first" for layer in model.layers):
        return tf.function(lambda x: model(x, training=training), jit_compile=True)(argument)
    return model(argument, training=training)


def name(base: str, index: int) -> str:
    """`input`, `input_1`, `input_2`, ..."""
    return base if index == 0 else f"{base}_{index}"


def all_weights(model: keras.Model) -> dict:
    """Every weight under `<layer>/<position in layer.weights>`."""
    return {
        f"{path}/{index}": weight
        for path, layer in innermost(model)
        for index, weight in enumerate(layer.weights)
    }


def innermost(model: keras.Model, prefix: str = "") -> list[tuple[str, keras.layers.Layer]]:
    """The layers that are no models, nested models' included, under `MODEL/LAYER`."""
    found = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += innermost(layer, f"{prefix}{layer.name}/")
        else:
            found.append((prefix + layer.name, layer))
    return found


def trainable_variables(model: keras.Model) -> dict:
    return {path: weight for path, weight in all_weights(model).items() if weight.trainable}


def write(case: Case, model: keras.Model, found: dict[str, np.ndarray], path: Path) -> None:
    image = model_image(model)
    with create_file(path) as file:
        file.attrs["script"] = "Tests/Fixtures/generate/layers.py"
        file.attrs["case"] = case.name
        file.attrs["description"] = case.description
        file.attrs["seed"] = np.int64(case.seed)
        file.attrs["loss"] = case.loss
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers):
            file.attrs["moving_variance_estimate"] = moving_variance_estimate()
        file.attrs["keras_version"] = keras.__version__
        file.attrs["tensorflow_version"] = tf.__version__
        file.create_dataset("model", data=image, compression="gzip", compression_opts=9)
        for group in ["gradient", *OPTIMIZERS] if case.deterministic else []:
            create_group(file, group)
        for key, array in found.items():
            create_group(file, os.path.dirname(key))
            file.create_dataset(key, data=np.asarray(array, np.float32))


def create_file(path: Path) -> h5py.File:
    """A file without times, so that equal numbers are equal bytes.

    Low bound 1.8: compact groups, and every HDF5 since 2008 reads them.
    """
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V18, h5py.h5f.LIBVER_V110)
    return h5py.File(
        h5py.h5f.create(os.fsencode(path), h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access)
    )


def create_group(file: h5py.File, path: str) -> None:
    """The groups of the path that are not there yet, without times."""
    creation = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
    creation.set_obj_track_times(False)
    for end in [i for i, letter in enumerate(path) if letter == "/"] + [len(path)]:
        if end and path[:end] not in file:
            h5py.h5g.create(file.id, path[:end].encode(), gcpl=creation)


@cache
def moving_variance_estimate() -> str:
    """Which variance of the batch the moving variance follows: "biased" (over n) or "unbiased" (over n - 1)."""
    layer = keras.layers.BatchNormalization(momentum=0.0)
    sample = np.random.default_rng(1).standard_normal((2, 2, 2, 1)).astype(np.float32)
    layer(sample, training=True)
    found = float(np.asarray(layer.moving_variance)[0])
    for name, freedom in [("biased", 0), ("unbiased", 1)]:
        if np.isclose(found, sample.var(ddof=freedom), rtol=1e-5):
            return name
    raise ValueError(f"the moving variance is {found}, of neither kind")


def model_image(model: keras.Model) -> np.ndarray:
    """The bytes of the model's legacy .h5 file."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        model.save(path, include_optimizer=False)
        return np.fromfile(path, np.uint8)


def check_reload(case: Case, model: keras.Model, found: dict[str, np.ndarray]) -> None:
    """The model in the file must be the model that was measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        model_image(model).tofile(path)
        reloaded = keras.models.load_model(
            path, compile=False, custom_objects={"LayerScale": LayerScale, "CustomScaleLayer": CustomScaleLayer}
        )
    inputs = [tf.constant(array) for array in case.inputs()]
    output = call(reloaded, inputs, training=False).numpy()
    if not np.array_equal(output, found["output_inference"]):
        raise ValueError(f"{case.name}: the reloaded model gives another output")
