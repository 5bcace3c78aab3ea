"""Activations: by name, fused into a convolution, and as layers of their own."""

import keras
from keras import layers

from golden_case import Case, chain

NAMES = [
    "linear", "relu", "softmax", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign",
    "exponential", "silu", "hard_sigmoid", "hard_silu", "gelu", "relu6", "leaky_relu",
]  # fmt: skip

# The less common ones, by themselves only. Keras 3.15's sparsemax does not sum to one and is not executed.
CURVES = [
    "celu", "mish", "squareplus", "soft_shrink", "hard_shrink", "tanh_shrink", "sparse_plus",
    "sparse_sigmoid", "hard_tanh", "log_sigmoid", "log_softmax",
]  # fmt: skip

# The inputs are three times a normal number, so that every straight piece is reached.
LAYERS = [
    ("relu_plain", "ReLU: no options", lambda: layers.ReLU()),
    ("relu_maximum", "ReLU: capped at 2.5", lambda: layers.ReLU(max_value=2.5)),
    ("relu_slope", "ReLU: slope 0.1 below", lambda: layers.ReLU(negative_slope=0.1)),
    ("relu_threshold", "ReLU: threshold 0.7, zero below", lambda: layers.ReLU(threshold=0.7)),
    ("relu_maximum_slope_threshold", "ReLU: all options",
     lambda: layers.ReLU(max_value=3.0, negative_slope=0.2, threshold=0.5)),
    ("leaky_relu_default", "LeakyReLU: Keras' default slope", lambda: layers.LeakyReLU()),
    ("leaky_relu_slope", "LeakyReLU: slope 0.05", lambda: layers.LeakyReLU(negative_slope=0.05)),
    ("elu_alpha", "ELU: alpha 0.7", lambda: layers.ELU(alpha=0.7)),
    ("softmax_layer", "Softmax: the layer, over the channels", lambda: layers.Softmax()),
]  # fmt: skip


def cases() -> list[Case]:
    named = [
        Case(
            name=f"activation_{name}",
            description=f"Activation: {name} by itself.",
            build=lambda name=name: chain((5, 4, 3), layers.Activation(name)),
            shapes=((2, 5, 4, 3),),
            input_scale=1.0 if name == "exponential" else 3.0,
        )
        for name in NAMES + CURVES
    ]
    fused = [
        Case(
            name=f"convolution_fused_{name}",
            description=f"Conv2D: {name} fused.",
            build=lambda name=name: chain(
                (7, 6, 3), layers.Conv2D(4, 3, padding="same", activation=name)
            ),
            shapes=((2, 7, 6, 3),),
            input_scale=1.0 if name == "exponential" else 2.0,
        )
        for name in NAMES
    ]
    separate = [
        Case(
            name=f"activation_{name}",
            description=f"{description}.",
            build=lambda make=make: chain((5, 4, 3), make()),
            shapes=((2, 5, 4, 3),),
            input_scale=3.0,
        )
        for name, description, make in LAYERS
    ]
    gated = Case(
        name="activation_glu",
        description="Activation: glu, which halves the channels.",
        build=lambda: chain((5, 4, 6), layers.Activation("glu")),
        shapes=((2, 5, 4, 6),),
        input_scale=3.0,
    )
    return named + fused + separate + [gated] + heads()


def heads() -> list[Case]:
    """Softmax heads under cross-entropy, written the ways models write them."""
    return [
        Case(
            "head_dense_softmax", "Dense: softmax fused, cross-entropy.",
            lambda: chain((7,), layers.Dense(5, activation="softmax")),
            ((4, 7),), target="one_hot",
        ),
        Case(
            "head_dense_activation", "Dense, then Activation softmax, cross-entropy.",
            lambda: chain((7,), layers.Dense(5), layers.Activation("softmax")),
            ((4, 7),), target="one_hot",
        ),
        Case(
            "head_dense_softmax_layer", "Dense, then the Softmax layer, cross-entropy.",
            lambda: chain((7,), layers.Dense(5), layers.Softmax()),
            ((4, 7),), target="one_hot",
        ),
        Case(
            "head_softmax_squared_error", "Dense: softmax fused under mean squared error.",
            lambda: chain((7,), layers.Dense(5, activation="softmax")), ((4, 7),),
        ),
        Case(
            "head_convolution_reshape_softmax",
            "MobileNet's head: 1x1 convolution on (1,1,C), Reshape, softmax.",
            lambda: chain(
                (5, 4, 3), layers.GlobalAveragePooling2D(keepdims=True), layers.Conv2D(5, 1),
                layers.Reshape((5,)), keras.layers.Activation("softmax"),
            ),
            ((4, 5, 4, 3),), target="one_hot",
        ),
    ]  # fmt: skip
