"""Layers over sequences, and whole models of layers whose images have their channels first."""

import keras
from keras import layers

from golden_case import Case, chain

# name, description, input shape with the batch, the layers
SEQUENCES = [
    ("convolution_valid", "Conv1D: valid padding", (3, 9, 3),
     lambda: [layers.Conv1D(4, 3)]),
    ("convolution_same_stride_2", "Conv1D: same padding, stride 2", (3, 9, 3),
     lambda: [layers.Conv1D(4, 4, strides=2, padding="same")]),
    ("convolution_causal", "Conv1D: causal padding, dilation 2, fused relu", (3, 9, 3),
     lambda: [layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu")]),
    ("convolution_groups", "Conv1D: two groups, no bias", (3, 9, 4),
     lambda: [layers.Conv1D(6, 3, groups=2, use_bias=False)]),
    ("depthwise", "DepthwiseConv1D: two outputs a channel", (3, 9, 3),
     lambda: [layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same")]),
    ("separable", "SeparableConv1D: stride 2", (3, 9, 3),
     lambda: [layers.SeparableConv1D(5, 3, strides=2, padding="same", depth_multiplier=2)]),
    ("transposed", "Conv1DTranspose: stride 2", (3, 5, 3),
     lambda: [layers.Conv1DTranspose(4, 3, strides=2, padding="same")]),
    ("maximum_pool", "MaxPooling1D", (3, 9, 3), lambda: [layers.MaxPooling1D(3, strides=2)]),
    ("average_pool_same", "AveragePooling1D: same padding", (3, 9, 3),
     lambda: [layers.AveragePooling1D(2, padding="same")]),
    ("global_pool", "GlobalAveragePooling1D", (3, 9, 3), lambda: [layers.GlobalAveragePooling1D()]),
    ("global_pool_keepdims", "GlobalMaxPooling1D: keepdims, then Dense", (3, 9, 3),
     lambda: [layers.GlobalMaxPooling1D(keepdims=True), layers.Dense(2)]),
    ("pad_crop_enlarge", "ZeroPadding1D, UpSampling1D, Cropping1D", (2, 5, 3),
     lambda: [layers.ZeroPadding1D((2, 1)), layers.UpSampling1D(3), layers.Cropping1D((1, 4))]),
    ("network", "a small network over sequences", (4, 12, 3),
     lambda: [layers.Conv1D(6, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(),
              layers.MaxPooling1D(), layers.Conv1D(5, 3, activation="relu"), layers.Flatten(),
              layers.Dense(3)]),
]  # fmt: skip


def channels_first(shape: tuple[int, ...]) -> keras.Model:
    """Two blocks with a shortcut, all channels first; then features."""
    first = dict(data_format="channels_first")
    x = inputs = keras.Input(shape)
    x = layers.Conv2D(6, 3, padding="same", use_bias=False, **first)(x)
    x = left = layers.ReLU()(layers.BatchNormalization(axis=1)(x))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, **first)(x)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.Add()([x, left])
    x = layers.Concatenate(axis=1)([layers.AveragePooling2D(2, **first)(x), layers.Conv2D(5, 1, strides=2, **first)(x)])
    x = layers.Conv2D(4, 3, activation="relu", **first)(x)
    x = layers.Flatten(**first)(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def channels_first_mixed(shape: tuple[int, ...]) -> keras.Model:
    """A convolution with its channels first, then a layer that reads the image as it is written."""
    x = inputs = keras.Input(shape)
    x = layers.Conv2D(4, 3, data_format="channels_first")(x)
    x = layers.Dense(5)(x)
    x = layers.UpSampling2D(2, data_format="channels_first")(x)
    return keras.Model(inputs, layers.GlobalAveragePooling2D(data_format="channels_first")(x))


def cases() -> list[Case]:
    found = [
        Case(f"sequence_{name}", f"{description}.",
             lambda shape=shape, make=make: chain(shape[1:], *make()), (shape,))
        for name, description, shape, make in SEQUENCES
    ]  # fmt: skip
    return found + [
        Case("channels_first_network", "A network whose images have their channels first.",
             lambda: channels_first((3, 8, 8)), ((3, 3, 8, 8),)),
        Case("channels_first_mixed", "Channels first, between layers that do not know of it.",
             lambda: channels_first_mixed((3, 6, 7)), ((2, 3, 6, 7),)),
    ]  # fmt: skip
