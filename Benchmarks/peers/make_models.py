"""usage: make_models.py FOLDER [NAME...]   Writes the benchmark's networks as Keras .h5 files, with random weights.

VGG-16-BN and ResNet-20/56 for 32x32 (He et al. 2015, arXiv:1512.03385, section 4.2; shortcuts as 1x1 convolutions),
ResNet-56 pruned to odd widths, and Keras' own ResNet-50 and MobileNetV2 for 224x224."""

import pathlib
import random
import sys

import keras
from keras import layers


def normalized(x, filters, size=3, strides=1, activates=True):
    x = layers.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(epsilon=1e-5)(x)
    return layers.ReLU()(x) if activates else x


def vgg16bn():
    inputs = x = keras.Input((32, 32, 3))
    for block in ([64, 64], [128, 128], [256] * 3, [512] * 3, [512] * 3):
        for filters in block:
            x = normalized(x, filters)
        x = layers.MaxPooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(layers.Flatten()(x)))


def residual(depth, inner_width=lambda width: width):
    """A CIFAR ResNet; `inner_width` gives the width between the two convolutions of a block."""
    inputs = keras.Input((32, 32, 3))
    x = normalized(inputs, 16)
    for stage, width in enumerate((16, 32, 64)):
        for block in range((depth - 2) // 6):
            strides = 2 if stage and block == 0 else 1
            y = normalized(x, inner_width(width), strides=strides)
            y = normalized(y, width, activates=False)
            if strides == 2:
                x = layers.Conv2D(width, 1, 2, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def resnet56_pruned():
    """About half of the macs: widths between 0.35 and 0.65 of the original, odd where that is possible."""
    draw = random.Random(0)
    return residual(56, lambda width: round(width * draw.uniform(0.35, 0.65)) | 1)


MODELS = {
    "vgg16bn": vgg16bn,
    "resnet20": lambda: residual(20),
    "resnet56": lambda: residual(56),
    "resnet56-pruned": resnet56_pruned,
    "resnet50": lambda: keras.applications.ResNet50(weights=None),
    "mobilenetv2": lambda: keras.applications.MobileNetV2(weights=None),
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or MODELS:
        path = folder / f"{name}.h5"
        if path.exists():
            continue
        keras.utils.set_random_seed(0)
        MODELS[name]().save(path)


if __name__ == "__main__":
    main()
