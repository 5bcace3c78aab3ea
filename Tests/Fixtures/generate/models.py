"""Writes the small Keras models of Tests/Fixtures/keras with Keras 3 and, where installed, tf_keras (Keras 2).

Each file holds, beside what Keras saves, a group `golden` with inputs and the model's outputs (float32), and the
attributes `golden_library`, `golden_seed` and `golden_comment`. Keras ignores them; so must a rewritten file keep them.

    python models.py [OUTPUT_DIRECTORY]
"""
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import h5py
import numpy as np
import keras

try:
    import tf_keras
except ImportError:
    tf_keras = None

SEED = 20240607
HERE = pathlib.Path(__file__).resolve().parent


def randomize(model, generator):
    """Gives every weight a value that shows when it is mixed up; variances stay positive."""
    values = []
    for weight in model.weights:
        shape = tuple(weight.shape)
        name = getattr(weight, "path", weight.name)
        if "variance" in name:
            value = generator.uniform(0.5, 2.0, shape)
        elif "gamma" in name:
            value = generator.uniform(0.5, 1.5, shape)
        elif "count" in name:
            value = np.full(shape, 7)
        elif len(shape) < 2:
            value = generator.normal(0, 0.2, shape)
        else:
            value = generator.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape)
        values.append(value.astype(np.float64))
    model.set_weights(values)


def sequential(k):
    """A plain chain with fused activations, and an input given to the first layer."""
    return k.Sequential([
        k.layers.Input((12, 12, 3)) if k is keras else k.layers.InputLayer((12, 12, 3)),
        k.layers.Conv2D(8, 3, activation="relu", name="first"),
        k.layers.MaxPooling2D(),
        k.layers.Dropout(0.25),
        k.layers.Conv2D(6, (3, 2), strides=(2, 1), padding="same", activation="tanh"),
        k.layers.Flatten(),
        k.layers.Dense(10, activation="elu"),
        k.layers.Dense(4, activation="softmax", name="predictions"),
    ], name="sequential_model")


def residual(k):
    """Two residual blocks, one with a projection; a frozen layer; batch normalizations without scale or center."""
    x = image = k.layers.Input((16, 16, 3), name="image")
    x = k.layers.ZeroPadding2D(((1, 0), (0, 1)))(x)
    x = stem = k.layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(x)
    stem = k.layers.BatchNormalization(epsilon=1e-5, name="stem_bn")(stem)
    x = stem = k.layers.ReLU()(stem)
    x = k.layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    x = k.layers.BatchNormalization(scale=False)(x)
    x = k.layers.Activation("relu")(x)
    x = k.layers.Conv2D(8, 3, padding="same", trainable=False, name="frozen")(x)
    x = k.layers.BatchNormalization(center=False)(x)
    x = first = k.layers.ReLU()(k.layers.Add(name="sum_1")([x, stem]))
    x = k.layers.Conv2D(12, 3, strides=2, padding="same", name="down")(x)
    x = k.layers.BatchNormalization()(x)
    shortcut = k.layers.Conv2D(12, 1, strides=2, name="projection")(first)
    x = k.layers.Activation("relu")(k.layers.Add(name="sum_2")([x, shortcut]))
    x = k.layers.GlobalAveragePooling2D()(x)
    return k.Model(image, k.layers.Dense(5, activation="softmax", name="head")(x), name="residual")


def mobile(k):
    """Depthwise and separable convolutions, squeeze and excite, concatenation, capped and smooth activations."""
    x = image = k.layers.Input((14, 14, 3))
    x = k.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = k.layers.BatchNormalization()(x)
    x = k.layers.ReLU(6.0)(x)
    x = k.layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = k.layers.BatchNormalization()(x)
    x = k.layers.Activation("swish")(x)
    gate = k.layers.GlobalAveragePooling2D()(x)
    gate = k.layers.Reshape((1, 1, 8), name="se_reshape")(gate)
    gate = k.layers.Conv2D(4, 1, activation="relu", name="se_reduce")(gate)
    gate = k.layers.Conv2D(8, 1, activation="hard_sigmoid", name="se_expand")(gate)
    x = k.layers.Multiply()([x, gate])
    y = k.layers.SeparableConv2D(10, 3, padding="same", depth_multiplier=2, activation="relu", name="separable")(x)
    z = k.layers.Conv2D(6, 1, activation="gelu" if k is keras else "selu", name="branch")(x)
    x = k.layers.Concatenate(name="join")([y, z])
    x = k.layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, name="wide_depthwise")(x)
    x = k.layers.GlobalMaxPooling2D(keepdims=True)(x)
    x = k.layers.Flatten()(x)
    return k.Model(image, k.layers.Dense(3, name="logits")(x), name="mobile")


def shared(k):
    """Two inputs through the same layers, one layer called twice in a row, two outputs."""
    left = k.layers.Input((8, 8, 2), name="left")
    right = k.layers.Input((8, 8, 2), name="right")
    conv = k.layers.Conv2D(6, 3, padding="same", activation="relu", name="shared_conv")
    again = k.layers.Conv2D(6, 3, padding="same", name="again")
    pool = k.layers.GlobalAveragePooling2D(name="pool")
    a = pool(again(again(conv(left))))
    b = pool(again(conv(right)))
    x = k.layers.Concatenate(axis=1)([a, b])
    classes = k.layers.Dense(4, activation="softmax", name="classes")(x)
    value = k.layers.Dense(1, activation="sigmoid", name="value")(k.layers.Multiply()([a, b]))
    return k.Model([left, right], [classes, value], name="shared")


def assorted(k):
    """Preprocessing inside, groups, dilation, noise, and the activations that are layers."""
    x = image = k.layers.Input((12, 12, 4))
    x = k.layers.Rescaling(1 / 127.5, offset=[-1.0, -0.9, -0.8, -0.7] if k is keras else -1)(x)
    x = k.layers.Normalization(axis=-1, name="adapted")(x)
    x = k.layers.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0], name="given")(x)
    x = k.layers.Conv2D(8, 3, groups=2, name="grouped")(x)
    x = k.layers.LeakyReLU()(x)
    x = k.layers.SpatialDropout2D(0.1)(x)
    x = k.layers.GaussianNoise(0.1)(x)
    x = k.layers.Conv2D(8, 3, dilation_rate=2, padding="same", name="dilated")(x)
    x = k.layers.ELU(alpha=0.7)(x)
    x = k.layers.Dropout(0.2, noise_shape=(None, 1, 1, 8))(x)
    x = k.layers.AveragePooling2D(3, strides=2, padding="same")(x)
    x = k.layers.Conv2D(5, 1, activation="softplus", name="pointwise")(x)
    x = k.layers.Reshape((-1, 5))(x)
    x = k.layers.Dense(6, activation="relu", name="per_pixel")(x)
    x = k.layers.Flatten()(x)
    x = k.layers.Dense(3, name="head")(x)
    return k.Model(image, k.layers.Softmax()(x), name="assorted")


def optimized(k):
    """Compiled and trained for one step, so that the file has a training configuration and an optimizer's state."""
    model = sequential(k)
    model.compile(k.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    generator = np.random.default_rng(SEED)
    model.fit(generator.random((8, 12, 12, 3)), np.eye(4)[[0, 1, 2, 3] * 2], verbose=0)
    return model


def half(k):
    """Weights stored as float16."""
    k.backend.set_floatx("float16")
    try:
        return sequential(k)
    finally:
        k.backend.set_floatx("float32")


def double(k):
    """Weights stored as float64."""
    k.backend.set_floatx("float64")
    try:
        return sequential(k)
    finally:
        k.backend.set_floatx("float32")


MODELS = [sequential, residual, mobile, shared, assorted, optimized, half, double]


def write(k, name, make, folder):
    k.backend.clear_session()
    k.utils.set_random_seed(SEED)
    model = make(k)
    generator = np.random.default_rng(SEED)
    randomize(model, generator)
    path = folder / f"{make.__name__}-{name}.h5"
    model.save(path)
    scale = 255 if make is assorted else 1
    inputs = [generator.random((2, *t.shape[1:])).astype("float32") * scale for t in model.inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    with h5py.File(path, "a") as file:
        golden = file.create_group("golden")
        for index, value in enumerate(inputs):
            golden.create_dataset(f"input_{index}", data=value)
        for index, value in enumerate(outputs):
            golden.create_dataset(f"output_{index}", data=np.asarray(value, "float32"))
        file.attrs["golden_library"] = f"{k.__name__} {k.__version__}"
        file.attrs["golden_seed"] = SEED
        file.attrs["golden_comment"] = make.__doc__
    print(path.name, path.stat().st_size)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "keras"
    folder.mkdir(parents=True, exist_ok=True)
    for make in MODELS:
        write(keras, "keras3", make, folder)
        if tf_keras is not None:
            write(tf_keras, "keras2", make, folder)


if __name__ == "__main__":
    main()
