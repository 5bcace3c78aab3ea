"""Layers that normalize, pool, pad, reshape or join."""

import keras
import numpy as np
from keras import layers

from golden_case import Case, chain

IMAGE = (3, 7, 6, 4)

# name, description, input shape with the batch, the layer
NORMALIZATIONS = [
    ("rank_4", "per channel of images", IMAGE, dict()),
    ("rank_2", "per unit", (6, 5), dict()),
    ("rank_3", "per last axis of two", (3, 5, 4), dict()),
    ("no_scale", "without gamma", IMAGE, dict(scale=False)),
    ("no_center", "without beta", IMAGE, dict(center=False)),
    ("bare", "without gamma and beta", IMAGE, dict(scale=False, center=False)),
    ("resnet_settings", "epsilon 1.001e-5, axis 3, momentum 0.9", IMAGE,
     dict(epsilon=1.001e-5, axis=3, momentum=0.9)),
    ("19_channels", "more channels than a vector", (2, 5, 4, 19), dict()),
]  # fmt: skip

POOLS = [
    ("2_valid", (7, 6, 3), dict(pool_size=2)),
    ("2_same_odd", (7, 9, 3), dict(pool_size=2, padding="same")),
    ("3_stride_2_valid", (8, 7, 3), dict(pool_size=3, strides=2)),
    ("3_stride_2_same_even", (8, 6, 3), dict(pool_size=3, strides=2, padding="same")),
    ("3_stride_2_same_odd", (9, 7, 3), dict(pool_size=3, strides=2, padding="same")),
    ("3_stride_1_same", (7, 6, 3), dict(pool_size=3, strides=1, padding="same")),
    ("3_stride_1_valid", (7, 6, 3), dict(pool_size=3, strides=1)),
    ("2_by_3_stride_1_by_2", (7, 8, 3),
     dict(pool_size=(2, 3), strides=(1, 2), padding="same")),
    ("1_stride_2", (7, 6, 3), dict(pool_size=1, strides=2)),
    ("2_stride_3", (8, 9, 3), dict(pool_size=2, strides=3)),
    ("19_channels", (6, 5, 19), dict(pool_size=3, strides=2, padding="same")),
]  # fmt: skip

RESHAPES = [
    ("flatten_dense", "Flatten, then Dense: the order of pixels and channels", (3, 4, 3, 5),
     lambda: [layers.Flatten(), layers.Dense(4)]),
    ("flatten_rank_2", "Flatten of what is flat", (4, 6), lambda: [layers.Flatten()]),
    ("reshape_gate", "Reshape to (1,1,C), then a convolution", (4, 6),
     lambda: [layers.Reshape((1, 1, 6)), layers.Conv2D(5, 1)]),
    ("reshape_rank_2", "Reshape of an image to pixels and channels, then Dense", (3, 4, 5, 6),
     lambda: [layers.Reshape((20, 6)), layers.Dense(4)]),
    ("reshape_free_axis", "Reshape with -1", (3, 4, 5, 6),
     lambda: [layers.Reshape((-1, 3)), layers.Dense(2)]),
    ("reshape_flat", "Reshape to one axis", (3, 4, 5, 2),
     lambda: [layers.Reshape((40,)), layers.Dense(3)]),
    ("padding_uneven", "ZeroPadding2D: four different borders", (2, 5, 4, 3),
     lambda: [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Conv2D(4, 3)]),
    ("padding_below_right", "ZeroPadding2D ((0,1),(0,1)) before a valid stride 2", (2, 8, 6, 3),
     lambda: [layers.ZeroPadding2D(((0, 1), (0, 1))), layers.Conv2D(4, 3, strides=2)]),
    ("padding_one_number", "ZeroPadding2D(1) alone", (2, 5, 4, 3),
     lambda: [layers.ZeroPadding2D(1)]),
    ("padding_maximum_pool", "ResNet's stem: padding zeros compete in max pooling", (2, 7, 6, 3),
     lambda: [layers.ZeroPadding2D(1), layers.MaxPooling2D(3, strides=2)]),
    ("rescaling_one", "Rescaling: one scale, one offset", (2, 5, 4, 3),
     lambda: [layers.Rescaling(1 / 2.55, offset=-1.0)]),
    ("rescaling_channels", "Rescaling: one scale and one offset a channel", (2, 5, 4, 3),
     lambda: [layers.Rescaling([0.5, 2.0, -1.5], offset=[0.1, -0.3, 0.7])]),
    ("normalization_adapted", "Normalization: adapted statistics as weights", (2, 7, 6, 3),
     lambda: [adapted_normalization(), layers.Conv2D(4, 3)]),
    ("normalization_constants", "Normalization: statistics in the settings", (2, 5, 4, 3),
     lambda: [layers.Normalization(mean=[0.4, -1.0, 2.0], variance=[0.5, 4.0, 0.09])]),
    ("normalization_one_pair", "Normalization: one pair for all, axis None", (2, 5, 4, 3),
     lambda: [layers.Normalization(axis=None, mean=0.4, variance=2.0)]),
    ("normalization_inverted", "Normalization: undone", (2, 5, 4, 3),
     lambda: [layers.Normalization(mean=[0.4, -1.0, 2.0], variance=[0.5, 4.0, 0.09], invert=True)]),
    ("normalization_tiny_variance", "Normalization: a variance below the floor of the root", (2, 5, 4, 2),
     lambda: [layers.Normalization(mean=[0.4, 0.0], variance=[1e-16, 1.0])]),
]  # fmt: skip

NOISES = [
    ("plain", "Dropout", (2, 5, 4, 3), lambda: layers.Dropout(0.4)),
    ("noise_shape", "Dropout of whole images (stochastic depth)", (2, 5, 4, 3),
     lambda: layers.Dropout(0.4, noise_shape=(None, 1, 1, 1))),
    ("spatial", "SpatialDropout2D", (2, 5, 4, 3), lambda: layers.SpatialDropout2D(0.4)),
    ("gaussian_noise", "GaussianNoise", (2, 5, 4, 3), lambda: layers.GaussianNoise(0.4)),
    ("gaussian_dropout", "GaussianDropout", (2, 5, 4, 3), lambda: layers.GaussianDropout(0.4)),
    ("alpha", "AlphaDropout", (2, 5, 4, 3), lambda: layers.AlphaDropout(0.4)),
]  # fmt: skip


def adapted_normalization() -> keras.layers.Layer:
    layer = layers.Normalization()
    sample = np.random.default_rng(7).standard_normal((64, 3)) * [0.5, 2.0, 1.0] + [1.0, -2.0, 0.0]
    layer.adapt(sample.astype(np.float32).reshape(4, 4, 4, 3))
    return layer


def frozen_normalization() -> keras.Model:
    model = chain((7, 6, 4), layers.Conv2D(4, 3), layers.BatchNormalization())
    model.layers[-1].trainable = False
    return model


def frozen_convolution() -> keras.Model:
    model = chain((7, 6, 3), layers.Conv2D(4, 3), layers.Conv2D(3, 1))
    model.layers[1].trainable = False
    return model


def join(layer: keras.layers.Layer, *shapes: tuple[int, ...]) -> keras.Model:
    inputs = [keras.Input(shape) for shape in shapes]
    return keras.Model(inputs, layer(inputs))


def join_with_itself(layer: keras.layers.Layer) -> keras.Model:
    inputs = keras.Input((5, 4, 3))
    return keras.Model(inputs, layer([inputs, inputs]))


def joins() -> list[Case]:
    image, other, narrow = (5, 4, 3), (5, 4, 2), (5, 4, 1)
    rows = [
        ("add_2", "Add: two images", layers.Add, {}, [image, image]),
        ("add_3", "Add: three images", layers.Add, {}, [image, image, image]),
        ("add_gate", "Add: an image and one value a channel", layers.Add, {}, [image, (1, 1, 3)]),
        ("multiply_2", "Multiply: two images", layers.Multiply, {}, [image, image]),
        ("multiply_3", "Multiply: three images", layers.Multiply, {}, [image, image, image]),
        ("multiply_gate", "Multiply: an image and one factor a channel", layers.Multiply, {},
         [image, (1, 1, 3)]),
        ("multiply_gate_first", "Multiply: the gate comes first", layers.Multiply, {},
         [(1, 1, 3), image]),
        ("multiply_pixels", "Multiply: an image and one factor a pixel", layers.Multiply, {},
         [image, narrow]),
        ("concatenate_channels", "Concatenate: three along the channels", layers.Concatenate, {},
         [image, other, narrow]),
        ("concatenate_axis_3", "Concatenate: channels, counted from the front",
         layers.Concatenate, dict(axis=3), [image, other]),
        ("concatenate_rows", "Concatenate: along the rows", layers.Concatenate, dict(axis=1),
         [image, (2, 4, 3), (3, 4, 3)]),
        ("concatenate_columns", "Concatenate: along the columns, axis -2", layers.Concatenate,
         dict(axis=-2), [image, (5, 2, 3)]),
        ("concatenate_units", "Concatenate: flat features", layers.Concatenate, {}, [(5,), (3,)]),
    ]  # fmt: skip
    found = [
        Case(
            name, f"{description}.",
            lambda layer=layer, settings=settings, shapes=shapes: join(layer(**settings), *shapes),
            tuple((2, *shape) for shape in shapes),
        )
        for name, description, layer, settings, shapes in rows
    ]  # fmt: skip
    for layer in [layers.Add, layers.Multiply, layers.Concatenate]:
        found.append(
            Case(
                f"{layer.__name__.lower()}_with_itself",
                f"{layer.__name__}: the same tensor twice, gradients add up.",
                lambda layer=layer: join_with_itself(layer()),
                ((2, 5, 4, 3),),
            )
        )
    return found


def pools() -> list[Case]:
    found = []
    for operation, layer in [
        ("maximum", layers.MaxPooling2D), ("average", layers.AveragePooling2D),
    ]:  # fmt: skip
        found += [
            Case(
                f"{operation}_pool_{name}", f"{layer.__name__}: {settings}.",
                lambda layer=layer, shape=shape, settings=settings: chain(shape, layer(**settings)),
                ((2, *shape),),
            )
            for name, shape, settings in POOLS
        ]  # fmt: skip
    for operation, layer in [
        ("maximum", layers.GlobalMaxPooling2D), ("average", layers.GlobalAveragePooling2D),
    ]:  # fmt: skip
        for suffix, keeps in [("", False), ("_keepdims", True)]:
            found.append(
                Case(
                    f"global_{operation}_pool{suffix}", f"{layer.__name__}: keepdims {keeps}.",
                    lambda layer=layer, keeps=keeps: chain((7, 6, 4), layer(keepdims=keeps)),
                    (IMAGE,),
                )
            )  # fmt: skip
    return found


def cases() -> list[Case]:
    normalizations = [
        Case(
            f"batch_normalization_{name}", f"BatchNormalization: {description}.",
            lambda shape=shape, settings=settings: chain(
                shape[1:], layers.BatchNormalization(**settings)
            ),
            (shape,), input_scale=1.5, input_offset=0.5,
        )
        for name, description, shape, settings in NORMALIZATIONS
    ]  # fmt: skip
    frozen = [
        Case("batch_normalization_frozen",
             "BatchNormalization, not trainable: moving statistics also in training.",
             frozen_normalization, (IMAGE,)),
        Case("convolution_frozen", "Conv2D, not trainable, before one that is.",
             frozen_convolution, ((3, 7, 6, 3),)),
    ]  # fmt: skip
    reshapes = [
        Case(name, f"{description}.", lambda shape=shape, make=make: chain(shape[1:], *make()), (shape,))
        for name, description, shape, make in RESHAPES
    ]  # fmt: skip
    noises = [
        Case(f"dropout_{name}", f"{description}: nothing in inference.",
             lambda shape=shape, make=make: chain(shape[1:], make()), (shape,), deterministic=False)
        for name, description, shape, make in NOISES
    ]  # fmt: skip
    noises.append(
        Case("dropout_rate_zero", "Dropout at rate 0: nothing in training either.",
             lambda: chain((5, 4, 3), layers.Dropout(0.0)), ((2, 5, 4, 3),))
    )  # fmt: skip
    return normalizations + frozen + pools() + reshapes + noises + joins()
