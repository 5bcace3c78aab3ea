"""Convolutions and dense layers with their awkward settings."""

from keras import layers

from golden_case import Case, chain

# name, description, input shape with the batch, settings of Conv2D
CONVOLUTIONS = [
    ("valid", "valid padding", (3, 7, 6, 3), dict(filters=4, kernel_size=3)),
    ("same", "same padding, odd height and even width", (3, 7, 6, 3),
     dict(filters=4, kernel_size=3, padding="same")),
    ("same_even_kernel", "an even kernel: more padding below and right", (2, 7, 6, 3),
     dict(filters=4, kernel_size=4, padding="same")),
    ("same_stride_2_even", "stride 2 on even sizes: padding only below and right", (3, 8, 6, 3),
     dict(filters=4, kernel_size=3, strides=2, padding="same")),
    ("same_stride_2_odd", "stride 2 on odd sizes: padding on all sides", (3, 9, 7, 3),
     dict(filters=4, kernel_size=3, strides=2, padding="same")),
    ("valid_stride_2_even", "stride 2, the last row and column unused", (3, 8, 6, 3),
     dict(filters=4, kernel_size=3, strides=2)),
    ("valid_stride_2_odd", "stride 2 that ends on the border", (3, 9, 7, 3),
     dict(filters=4, kernel_size=3, strides=2)),
    ("valid_stride_3_kernel_2", "stride above the kernel: pixels between windows", (3, 8, 7, 3),
     dict(filters=4, kernel_size=2, strides=3)),
    ("same_stride_3_kernel_2", "stride above the kernel, same padding", (3, 7, 9, 3),
     dict(filters=4, kernel_size=2, strides=3, padding="same")),
    ("stride_2_by_1", "different strides of the axes", (2, 8, 7, 3),
     dict(filters=4, kernel_size=3, strides=(2, 1), padding="same")),
    ("valid_dilation_2", "dilation 2", (2, 9, 8, 3),
     dict(filters=4, kernel_size=3, dilation_rate=2)),
    ("same_dilation_2", "dilation 2, same padding", (2, 7, 8, 3),
     dict(filters=4, kernel_size=3, dilation_rate=2, padding="same")),
    ("same_dilation_1_by_3", "different dilations of the axes", (2, 7, 8, 3),
     dict(filters=4, kernel_size=(3, 2), dilation_rate=(1, 3), padding="same")),
    ("groups_2", "two groups", (3, 7, 6, 4), dict(filters=6, kernel_size=3, groups=2)),
    ("groups_2_same_stride_2", "two groups, stride 2, same padding", (2, 8, 7, 4),
     dict(filters=6, kernel_size=3, groups=2, strides=2, padding="same")),
    ("groups_channels", "as many groups as channels", (3, 7, 6, 4),
     dict(filters=4, kernel_size=3, groups=4, padding="same")),
    ("groups_channels_multiplier_2", "groups of one channel, two filters each", (3, 7, 6, 3),
     dict(filters=6, kernel_size=3, groups=3, padding="same", use_bias=False)),
    ("1x1", "one pixel", (3, 7, 6, 5), dict(filters=4, kernel_size=1)),
    ("1x1_stride_2", "one pixel, stride 2, as in residual projections", (3, 7, 6, 5),
     dict(filters=4, kernel_size=1, strides=2)),
    ("1x1_same_stride_2", "one pixel, stride 2, same padding", (3, 8, 7, 5),
     dict(filters=4, kernel_size=1, strides=2, padding="same")),
    ("5x3", "a kernel that is not square", (2, 8, 7, 3), dict(filters=4, kernel_size=(5, 3))),
    ("5x3_same", "a kernel that is not square, same padding", (2, 8, 7, 3),
     dict(filters=4, kernel_size=(5, 3), padding="same")),
    ("7x7_same_stride_2", "a wide stem on a small image", (2, 9, 8, 3),
     dict(filters=4, kernel_size=7, strides=2, padding="same")),
    ("kernel_above_image", "a kernel larger than the image", (2, 3, 2, 3),
     dict(filters=4, kernel_size=5, padding="same")),
    ("no_bias", "without bias", (3, 7, 6, 3),
     dict(filters=4, kernel_size=3, padding="same", use_bias=False)),
    ("one_image_one_channel", "one image, one channel, one filter", (1, 6, 5, 1),
     dict(filters=1, kernel_size=3, padding="same")),
    ("3x3_16_channels", "whole tiles and whole vectors", (2, 8, 8, 16),
     dict(filters=16, kernel_size=3, padding="same")),
    ("3x3_5_to_19_channels", "tiles and vectors that do not come out even", (2, 9, 11, 5),
     dict(filters=19, kernel_size=3, padding="same")),
    ("3x3_valid_17_to_6_channels", "valid padding, uneven vectors", (2, 11, 7, 17),
     dict(filters=6, kernel_size=3)),
    ("3x3_4x4_image", "one tile an image", (4, 4, 4, 18),
     dict(filters=12, kernel_size=3, padding="same")),
    ("3x3_2x2_image", "an image smaller than a tile", (4, 2, 2, 6),
     dict(filters=8, kernel_size=3, padding="same")),
    ("3x3_1x1_image", "an image of one pixel: eight taps see only padding", (4, 1, 1, 6),
     dict(filters=5, kernel_size=3, padding="same")),
]

DEPTHWISE = [
    ("valid", "valid padding", (3, 7, 6, 4), dict(kernel_size=3)),
    ("same", "same padding", (3, 7, 6, 4), dict(kernel_size=3, padding="same")),
    ("same_stride_2_even", "stride 2 on even sizes", (3, 8, 6, 4),
     dict(kernel_size=3, strides=2, padding="same")),
    ("same_stride_2_odd", "stride 2 on odd sizes", (3, 9, 7, 4),
     dict(kernel_size=3, strides=2, padding="same")),
    ("valid_stride_2", "stride 2, valid padding", (3, 8, 7, 4), dict(kernel_size=3, strides=2)),
    ("multiplier_2", "two outputs a channel", (3, 7, 6, 3),
     dict(kernel_size=3, depth_multiplier=2, padding="same")),
    ("multiplier_2_stride_2", "two outputs a channel, stride 2, no bias", (3, 8, 7, 3),
     dict(kernel_size=3, depth_multiplier=2, strides=2, padding="same", use_bias=False)),
    ("dilation_2", "dilation 2", (2, 9, 8, 4),
     dict(kernel_size=3, dilation_rate=2, padding="same")),
    ("5x5_relu", "5x5 with a fused activation", (2, 8, 7, 4),
     dict(kernel_size=5, padding="same", activation="relu")),
    ("19_channels", "an odd number of channels above a vector", (2, 7, 6, 19),
     dict(kernel_size=3, padding="same", use_bias=False)),
]

SEPARABLE = [
    ("valid", "valid padding", (3, 7, 6, 4), dict(filters=5, kernel_size=3)),
    ("multiplier_2", "two outputs a channel between the halves", (3, 7, 6, 3),
     dict(filters=4, kernel_size=3, depth_multiplier=2, padding="same")),
    ("same_stride_2", "stride 2, no bias", (3, 8, 7, 4),
     dict(filters=5, kernel_size=3, strides=2, padding="same", use_bias=False)),
    ("relu", "a fused activation, after the pointwise half", (2, 7, 6, 4),
     dict(filters=5, kernel_size=3, padding="same", activation="relu")),
]

DENSE = [
    ("rank_2", "a matrix", (4, 7), dict(units=5)),
    ("no_bias", "without bias", (4, 7), dict(units=5, use_bias=False)),
    ("one_unit", "one unit", (4, 7), dict(units=1)),
    ("rank_3", "over the last of two axes", (3, 5, 6), dict(units=4)),
    ("rank_4", "over the channels of an image, as a 1x1 convolution", (3, 4, 5, 6),
     dict(units=4, activation="relu")),
    ("33_to_18", "above a vector, uneven", (5, 33), dict(units=18, activation="tanh")),
]

KINDS = [
    ("convolution", "Conv2D", layers.Conv2D, CONVOLUTIONS),
    ("depthwise", "DepthwiseConv2D", layers.DepthwiseConv2D, DEPTHWISE),
    ("separable", "SeparableConv2D", layers.SeparableConv2D, SEPARABLE),
    ("dense", "Dense", layers.Dense, DENSE),
]


def cases() -> list[Case]:
    return [
        Case(
            name=f"{prefix}_{name}",
            description=f"{kind}: {description}.",
            build=lambda layer=layer, shape=shape, settings=settings: chain(
                shape[1:], layer(**settings)
            ),
            shapes=(shape,),
        )
        for prefix, kind, layer, rows in KINDS
        for name, description, shape, settings in rows
    ]
