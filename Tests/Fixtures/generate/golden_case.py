"""A golden case: a small Keras model, its input, and how its weights are drawn."""

import zlib
from dataclasses import dataclass
from typing import Callable

import keras
import numpy as np


@dataclass(frozen=True)
class Case:
    """One golden file.

    `shapes` are the input shapes with the batch. `target` is "normal" (random numbers), "one_hot" (random classes)
    or "input" (the input itself, for an autoencoder). A model that draws random numbers in training is not
    `deterministic`: only its inference is recorded.
    """

    name: str
    description: str
    build: Callable[[], keras.Model]
    shapes: tuple[tuple[int, ...], ...]
    target: str = "normal"
    input_scale: float = 1.0
    input_offset: float = 0.0
    deterministic: bool = True

    @property
    def seed(self) -> int:
        """Depends on the name alone, so that a new case leaves the others as they are."""
        return zlib.crc32(self.name.encode())

    @property
    def loss(self) -> str:
        return "categorical_crossentropy" if self.target == "one_hot" else "mean_squared_error"

    def model(self) -> keras.Model:
        """The model with drawn weights; layer names start from zero as in a fresh process."""
        keras.backend.clear_session()
        keras.utils.set_random_seed(self.seed % 2**31)
        model = self.build()
        random = np.random.default_rng(self.seed)
        for layer in model.layers:
            draw_weights(layer, random)
        return model

    def inputs(self) -> list[np.ndarray]:
        random = np.random.default_rng(self.seed + 1)
        return [
            (random.standard_normal(shape) * self.input_scale + self.input_offset).astype(np.float32)
            for shape in self.shapes
        ]

    def targets(self, output_shape: tuple[int, ...]) -> np.ndarray:
        random = np.random.default_rng(self.seed + 2)
        if self.target == "input":
            return self.inputs()[0]
        if self.target == "one_hot":
            classes = random.integers(output_shape[-1], size=output_shape[:-1])
            return np.eye(output_shape[-1], dtype=np.float32)[classes]
        # Wider than the outputs: gradients then move the weights well above rounding.
        return (random.standard_normal(output_shape) * 3).astype(np.float32)


def chain(shape: tuple[int, ...], *layers: keras.layers.Layer) -> keras.Model:
    """A functional model that passes one input through the layers."""
    x = inputs = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, x)


def draw_weights(layer: keras.layers.Layer, random: np.random.Generator) -> None:
    """Random weights of a sensible size for every kind; adapted statistics stay."""
    if isinstance(layer, keras.layers.Normalization):
        return
    if isinstance(layer, keras.Model):
        for inner in layer.layers:
            draw_weights(inner, random)
        return
    layer.set_weights([draw(weight, random) for weight in layer.weights])


def draw(weight, random: np.random.Generator) -> np.ndarray:
    shape = tuple(weight.shape)
    name = weight.name
    if name == "gamma":
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    if name == "moving_variance":
        return random.uniform(0.5, 2.0, shape).astype(np.float32)
    if name == "alpha":
        return random.uniform(0.05, 0.6, shape).astype(np.float32)
    if name in ("beta", "bias", "moving_mean"):
        return (random.standard_normal(shape) * 0.3).astype(np.float32)
    # Kernels: unit variance from input to output. The last axis but one of a depthwise kernel is not summed over.
    summed = shape[:-2] if name == "depthwise_kernel" or "depthwise" in weight.path else shape[:-1]
    if len(shape) == 2:
        summed = shape[:1]
    return (random.standard_normal(shape) / np.sqrt(np.prod(summed))).astype(np.float32)
