"""Whole small networks of the families people drop.

Convolutions before BatchNormalization carry no bias: its gradient is zero in exact arithmetic, and Adam would turn
the rounding that is left into steps of the full size.
"""

import keras
from keras import layers
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

from golden_case import Case


def convolution(x, filters, size=3, strides=1, activation="relu"):
    x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation(activation)(x) if activation else x


def vgg() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(6, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="relu"),
            layers.Dense(5, activation="softmax"),
        ]
    )


def residual() -> keras.Model:
    inputs = keras.Input((9, 8, 3))
    x = convolution(inputs, 6)
    y = convolution(x, 6)
    y = convolution(y, 6, activation=None)
    x = layers.ReLU()(layers.Add()([x, y]))
    y = convolution(x, 8, strides=2)
    y = convolution(y, 8, activation=None)
    projected = convolution(x, 8, size=1, strides=2, activation=None)
    x = layers.ReLU()(layers.Add()([y, projected]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(x))


def preactivation() -> keras.Model:
    inputs = keras.Input((8, 7, 3))
    x = layers.Conv2D(6, 3, padding="same", use_bias=False)(inputs)
    for _ in range(2):
        y = layers.Activation("relu")(layers.BatchNormalization()(x))
        y = layers.Conv2D(6, 3, padding="same", use_bias=False)(y)
        x = layers.Add()([x, y])
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def squeeze_excitation() -> keras.Model:
    inputs = keras.Input((8, 7, 3))
    x = convolution(inputs, 8, activation="silu")
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.Reshape((1, 1, 8))(gate)
    gate = layers.Conv2D(3, 1, activation="silu")(gate)
    gate = layers.Conv2D(8, 1, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def squeeze_excitation_dense() -> keras.Model:
    inputs = keras.Input((7, 8, 3))
    x = convolution(inputs, 6)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Dense(3, activation="relu")(gate)
    gate = layers.Dense(6, activation="hard_sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def depthwise_separable() -> keras.Model:
    """MobileNetV1 and V2: padding before a valid stride 2, an inverted residual, ReLU capped at 6."""
    inputs = keras.Input((10, 8, 3))
    x = layers.ZeroPadding2D(((0, 1), (0, 1)))(inputs)
    x = layers.Conv2D(6, 3, strides=2, use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    y = layers.Conv2D(12, 1, use_bias=False)(x)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    y = layers.Conv2D(6, 1, use_bias=False)(y)
    x = layers.Add()([x, layers.BatchNormalization()(y)])
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(5, 1)(x)
    x = layers.Reshape((5,))(x)
    return keras.Model(inputs, layers.Activation("softmax")(x))


def xception() -> keras.Model:
    inputs = keras.Input((9, 8, 3))
    x = convolution(inputs, 6)
    for filters in [8, 10]:
        projected = layers.Conv2D(filters, 1, strides=2, padding="same", use_bias=False)(x)
        projected = layers.BatchNormalization()(projected)
        y = layers.Activation("relu")(x)
        y = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(y)
        y = layers.BatchNormalization()(y)
        y = layers.MaxPooling2D(3, strides=2, padding="same")(y)
        x = layers.Add()([y, projected])
    x = layers.GlobalAveragePooling2D()(layers.Activation("relu")(x))
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def inception() -> keras.Model:
    inputs = keras.Input((8, 7, 4))
    first = convolution(inputs, 5, size=1)
    second = convolution(convolution(inputs, 3, size=1), 4, size=(1, 3))
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(inputs)
    x = layers.Concatenate()([first, second, convolution(pooled, 3, size=1)])
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def two_branches() -> keras.Model:
    inputs = keras.Input((8, 7, 3))
    left = layers.Conv2D(5, 3, padding="same", activation="relu")(inputs)
    right = layers.Conv2D(4, 5, padding="same", activation="tanh")(inputs)
    x = layers.Concatenate()([left, right])
    x = layers.Conv2D(6, 3, activation="relu")(x)
    x = layers.GlobalMaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def densely_connected() -> keras.Model:
    inputs = keras.Input((8, 7, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    for _ in range(2):
        y = layers.Activation("relu")(layers.BatchNormalization(epsilon=1.001e-5)(x))
        y = layers.Conv2D(3, 3, padding="same", use_bias=False)(y)
        x = layers.Concatenate(axis=3)([x, y])
    x = layers.Activation("relu")(layers.BatchNormalization(epsilon=1.001e-5)(x))
    x = layers.Conv2D(5, 1, use_bias=False)(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def shared_convolution() -> keras.Model:
    inputs = keras.Input((7, 6, 4))
    shared = layers.Conv2D(4, 3, padding="same", activation="tanh")
    x = shared(shared(inputs))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def siamese() -> keras.Model:
    """Two inputs through one convolution and one BatchNormalization, whose moving statistics then move twice a step."""
    inputs = [keras.Input((7, 6, 3)), keras.Input((7, 6, 3))]
    shared = layers.Conv2D(5, 3, padding="same", use_bias=False)
    normalized = layers.BatchNormalization(momentum=0.9)
    activated = [layers.ReLU()(normalized(shared(x))) for x in inputs]
    x = layers.Add()([layers.GlobalAveragePooling2D()(y) for y in activated])
    return keras.Model(inputs, layers.Dense(3)(x))


def autoencoder() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(7, activation="relu"),
            layers.Dense(3, activation="tanh"),
            layers.Dense(7, activation="relu"),
            layers.Dense(12),
        ]
    )


def regression() -> keras.Model:
    """Channels of one tile and above, so that the fast convolutions carry the whole network."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(18, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(3, 3, padding="same", activation="tanh"),
        ]
    )


def scaled_residual() -> keras.Model:
    """InceptionResNetV2's blocks: branches side by side, widened, and added at a fraction."""
    x = inputs = keras.Input((7, 6, 3))
    x = convolution(x, 6)
    for scale in (0.17, 1.0):
        mixed = layers.Concatenate()([convolution(x, 3, size=1), convolution(convolution(x, 2, size=1), 4)])
        up = layers.Conv2D(6, 1)(mixed)
        x = layers.Activation("relu")(CustomScaleLayer(scale)([x, up]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


NETWORKS = [
    ("vgg", "sequential, BatchNormalization, dense head", vgg, (6, 8, 8, 3), "one_hot"),
    ("residual", "basic blocks, one with projection", residual, (4, 9, 8, 3), "one_hot"),
    ("preactivation", "ResNetV2's order", preactivation, (4, 8, 7, 3), "one_hot"),
    ("squeeze_excitation", "EfficientNet's gate", squeeze_excitation, (4, 8, 7, 3), "one_hot"),
    ("squeeze_excitation_dense", "a gate of dense layers", squeeze_excitation_dense, (4, 7, 8, 3),
     "one_hot"),
    ("depthwise_separable", "MobileNet's blocks", depthwise_separable, (4, 10, 8, 3), "one_hot"),
    ("xception", "separable convolutions and projections", xception, (4, 9, 8, 3), "one_hot"),
    ("inception", "parallel branches", inception, (4, 8, 7, 4), "one_hot"),
    ("two_branches", "two branches concatenated", two_branches, (4, 8, 7, 3), "one_hot"),
    ("densely_connected", "DenseNet's growth", densely_connected, (4, 8, 7, 3), "one_hot"),
    ("shared_convolution", "one layer called twice in a row", shared_convolution, (4, 7, 6, 4),
     "normal"),
    ("scaled_residual", "InceptionResNetV2's sums at a fraction", scaled_residual, (4, 7, 6, 3), "one_hot"),
    ("autoencoder", "dense, no labels", autoencoder, (5, 12), "input"),
    ("regression", "16 and 18 channels, image to image", regression, (2, 8, 8, 3), "normal"),
]  # fmt: skip


def cases() -> list[Case]:
    found = [
        Case(f"network_{name}", f"Network: {description}.", build, (shape,), target=target)
        for name, description, build, shape, target in NETWORKS
    ]
    found.append(
        Case("network_siamese", "Network: two inputs through shared layers.", siamese,
             ((3, 7, 6, 3), (3, 7, 6, 3)))
    )  # fmt: skip
    return found
