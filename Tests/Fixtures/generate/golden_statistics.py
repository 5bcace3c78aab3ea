"""Layers that normalize each sample, scale channels or learn a slope; nested models."""

import keras
from keras import layers
from keras.src.applications.convnext import LayerScale

from golden_case import Case, chain

IMAGE = (3, 5, 4, 6)

ROWS = [
    ("layer_normalization", "LayerNormalization: over the channels", IMAGE,
     lambda: [layers.LayerNormalization(epsilon=1e-6)]),
    ("layer_normalization_rank_2", "LayerNormalization: over features", (4, 7),
     lambda: [layers.LayerNormalization()]),
    ("layer_normalization_no_center", "LayerNormalization: without beta", IMAGE,
     lambda: [layers.LayerNormalization(center=False)]),
    ("layer_normalization_bare", "LayerNormalization: without gamma and beta, before a Dense", IMAGE,
     lambda: [layers.LayerNormalization(center=False, scale=False), layers.Dense(3)]),
    ("root_mean_square_normalization", "RMSNormalization", IMAGE, lambda: [layers.RMSNormalization()]),
    ("group_normalization", "GroupNormalization: three groups", IMAGE,
     lambda: [layers.GroupNormalization(3)]),
    ("group_normalization_all", "GroupNormalization: one group", IMAGE,
     lambda: [layers.GroupNormalization(1)]),
    ("group_normalization_instance", "GroupNormalization: as many groups as channels, no gamma", IMAGE,
     lambda: [layers.GroupNormalization(-1, scale=False)]),
    ("parametric_relu", "PReLU: one slope a value", IMAGE, lambda: [layers.PReLU()]),
    ("parametric_relu_shared", "PReLU: one slope a channel", IMAGE,
     lambda: [layers.PReLU(shared_axes=[1, 2])]),
    ("parametric_relu_shared_channels", "PReLU: one slope a pixel", IMAGE,
     lambda: [layers.PReLU(shared_axes=[3])]),
]  # fmt: skip

SHAPES = [
    ("cropping_uneven", "Cropping2D: four different borders, then a convolution", (2, 8, 7, 3),
     lambda: [layers.Cropping2D(((1, 2), (0, 3))), layers.Conv2D(4, 3)]),
    ("permute", "Permute: rows and columns change places", (2, 5, 4, 3), lambda: [layers.Permute((2, 1, 3))]),
    ("permute_channels", "Permute: channels to the front, then Dense", (2, 5, 4, 3),
     lambda: [layers.Permute((3, 1, 2)), layers.Dense(2)]),
    ("upsampling_nearest", "UpSampling2D: nearest, different factors", (2, 3, 4, 3),
     lambda: [layers.UpSampling2D((2, 3))]),
    ("upsampling_bilinear", "UpSampling2D: bilinear", (2, 3, 4, 3),
     lambda: [layers.UpSampling2D((3, 2), interpolation="bilinear")]),
    ("transposed_valid", "Conv2DTranspose: valid padding, stride 2", (2, 4, 3, 3),
     lambda: [layers.Conv2DTranspose(4, 3, strides=2)]),
    ("transposed_same", "Conv2DTranspose: same padding, stride 2", (2, 4, 3, 3),
     lambda: [layers.Conv2DTranspose(4, 3, strides=2, padding="same")]),
    ("transposed_same_4", "Conv2DTranspose: an even kernel, as in decoders", (2, 4, 3, 3),
     lambda: [layers.Conv2DTranspose(4, 4, strides=2, padding="same", use_bias=False)]),
    ("transposed_kernel_below_stride", "Conv2DTranspose: pixels no kernel reaches", (2, 3, 4, 3),
     lambda: [layers.Conv2DTranspose(4, 2, strides=3)]),
    ("transposed_stride_1", "Conv2DTranspose: stride 1, same padding, relu", (2, 5, 4, 3),
     lambda: [layers.Conv2DTranspose(4, 3, padding="same", activation="relu")]),
    ("transposed_output_padding", "Conv2DTranspose: output padding", (2, 4, 3, 3),
     lambda: [layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1)]),
]  # fmt: skip


def join(layer: keras.layers.Layer, *shapes: tuple[int, ...]) -> keras.Model:
    inputs = [keras.Input(shape) for shape in shapes]
    return keras.Model(inputs, layer(inputs))


def merges() -> list[Case]:
    image, gate = (5, 4, 3), (1, 1, 3)
    found = []
    for layer, shapes in [
        (layers.Subtract, [image, image]),
        (layers.Average, [image, image, image]),
        (layers.Maximum, [image, image, image]),
        (layers.Minimum, [image, gate]),
    ]:
        name = layer.__name__.lower()
        found.append(
            Case(
                f"merge_{name}", f"{layer.__name__} of {len(shapes)} inputs.",
                lambda layer=layer, shapes=shapes: join(layer(), *shapes),
                tuple((2, *shape) for shape in shapes),
            )
        )  # fmt: skip
    found.append(
        Case("merge_ties", "Maximum and Minimum of equal values: the first takes the gradient.",
             ties, ((2, 5, 4, 3),))
    )  # fmt: skip
    return found


def ties() -> keras.Model:
    x = inputs = keras.Input((5, 4, 3))
    left, right = layers.ReLU()(x), layers.ReLU(negative_slope=0.5)(x)
    return keras.Model(inputs, layers.Maximum()([left, layers.Minimum()([right, left]), right]))


def block(x, width: int, nested: str):
    """A block of ConvNeXt, its halves in models of their own."""
    inner = keras.Sequential(
        [layers.LayerNormalization(epsilon=1e-6), layers.Dense(2 * width), layers.Activation("gelu"),
         layers.Dense(width)],
        name=nested,
    )  # fmt: skip
    y = layers.DepthwiseConv2D(3, padding="same")(x)
    return layers.Add()([x, inner(y)])


def nested() -> keras.Model:
    """A Sequential with statistics in the middle, frozen in part, and a model called twice."""
    inputs = keras.Input((6, 6, 3))
    stem = keras.Sequential(
        [layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(),
         layers.Conv2D(4, 1, trainable=False), layers.BatchNormalization()],
        name="stem",
    )  # fmt: skip
    y = inner = keras.Input((4, 4, 4))
    y = layers.Conv2D(4, 3, padding="same", activation="tanh")(y)
    y = layers.Add()([y, inner])
    twice = keras.Model(inner, y, name="twice")
    x = block(twice(twice(stem(inputs))), 4, "mix")
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))


def cases() -> list[Case]:
    found = [
        Case(name, f"{description}.",
             lambda shape=shape, make=make: chain(shape[1:], *make()), (shape,), input_scale=1.5)
        for name, description, shape, make in ROWS + SHAPES
    ]  # fmt: skip
    return found + merges() + [
        Case("channel_scale", "LayerScale of ConvNeXt.",
             lambda: chain((5, 4, 6), LayerScale(1e-6, 6), layers.Conv2D(2, 1)), (IMAGE,)),
        Case("nested_models", "Models inside a model, one of them called twice.", nested,
             ((3, 6, 6, 3),)),
    ]  # fmt: skip
