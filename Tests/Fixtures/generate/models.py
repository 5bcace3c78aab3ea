"""Writes the small Keras models of Tests/Fixtures/keras with Keras 3 and, where installed, tf_keras (Keras 2).

Each file holds, beside what Keras saves, a group `golden` with inputs and the model's outputs (float32), and the
attributes `golden_library`, `golden_seed` and `golden_comment`. Keras ignores them; so must a rewritten file keep them.
Keras 3 writes some of the models as `.keras` too: the same weights, and so the same answers as the `.h5` beside it.

    python models.py [NAME ...] [--out DIRECTORY]    all models, or those of these names
    python models.py check DIRECTORY     opens with Keras what SurgeryTests wrote (ESPALIER_KERAS_EXPORT=DIRECTORY)
"""
import argparse
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


def arithmetic(k):
    """Operators on tensors and numbers, on either side."""
    image = k.layers.Input((8, 8, 3))
    x = (image / 255.0 - 0.5) * 2.0
    x = y = k.layers.Conv2D(6, 3, name="conv")(x)
    gate = k.layers.ReLU(6.0)(y + 3.0) * (1 / 6)
    x = 1.0 - x * gate
    x = 0.5 + (x + y)
    x = k.layers.Conv2D(6, 3, name="last")(x)
    x = k.layers.GlobalAveragePooling2D()(x)
    return k.Model(image, k.layers.Dense(3, name="head")(x), name="arithmetic")


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


def mixed(k):
    """Computed in float16, weights stored as float32."""
    k.mixed_precision.set_global_policy("mixed_float16")
    try:
        x = image = k.layers.Input((10, 10, 3))
        x = k.layers.Conv2D(6, 3, use_bias=False, name="conv")(x)
        x = k.layers.ReLU()(k.layers.BatchNormalization(name="bn")(x))
        x = k.layers.GlobalAveragePooling2D()(k.layers.Conv2D(5, 3, activation="relu", name="last")(x))
        return k.Model(image, k.layers.Dense(3, activation="softmax", dtype="float32", name="head")(x), name="mixed")
    finally:
        k.mixed_precision.set_global_policy("float32")


def nested(k):
    """A model in a model in a model, one of them called twice, and a Sequential with layers behind it."""
    inner_input = k.layers.Input((None, None, 6))
    x = k.layers.Conv2D(6, 3, padding="same", use_bias=False, name="inner_conv")(inner_input)
    x = k.layers.ReLU()(k.layers.BatchNormalization(name="inner_bn")(x))
    inner = k.Model(inner_input, k.layers.Add()([x, inner_input]), name="inner")
    backbone_input = k.layers.Input((12, 12, 3))
    x = k.layers.Conv2D(6, 3, strides=2, padding="same", name="stem")(backbone_input)
    x = inner(inner(x))
    backbone = k.Model(backbone_input, k.layers.Conv2D(8, 3, activation="relu", name="wide")(x), name="backbone")
    image = k.layers.Input((12, 12, 3))
    x = k.layers.GlobalAveragePooling2D(name="pool")(backbone(image))
    head_input = k.layers.Input((8,)) if k is keras else k.layers.InputLayer((8,))
    head = k.Sequential([head_input, k.layers.Dense(7, activation="relu", name="hidden"),
                         k.layers.Dense(3, name="logits")], name="head")
    return k.Model(image, head(x), name="nested")


def first(k):
    """Channels first, with a gate, a Concatenate, and a Flatten that must be turned round."""
    here = dict(data_format="channels_first")
    x = image = k.layers.Input((3, 9, 8))
    x = k.layers.Conv2D(6, 3, padding="same", name="conv", **here)(x)
    x = left = k.layers.ReLU()(k.layers.BatchNormalization(axis=1)(x))
    gate = k.layers.GlobalAveragePooling2D(keepdims=True, **here)(x)
    gate = k.layers.Conv2D(6, 1, activation="sigmoid", name="gate", **here)(gate)
    x = k.layers.Multiply()([x, gate])
    x = k.layers.Concatenate(axis=1)([x, k.layers.Conv2D(4, 1, name="side", **here)(left)])
    x = k.layers.MaxPooling2D(2, **here)(x)
    x = k.layers.Flatten(**here)(x)
    return k.Model(image, k.layers.Dense(3, name="head")(x), name="first")


MODELS = [sequential, residual, mobile, shared, assorted, arithmetic, optimized, half, double, mixed, nested, first]


def write(k, name, make, folder):
    k.backend.clear_session()
    k.utils.set_random_seed(SEED)
    model = make(k)
    generator = np.random.default_rng(SEED)
    randomize(model, generator)
    path = folder / f"{make.__name__}-{name}.h5"
    model.save(path)
    scale = 255 if make in (assorted, arithmetic) else 1
    inputs = [generator.random((2, *t.shape[1:])).astype("float32") * scale for t in model.inputs]
    # Not the model at hand: Keras 3's Normalization takes weights into account only when it is loaded.
    outputs = answers(k, k.models.load_model(path, compile=False), inputs)
    if k is keras:
        model.save(path.with_suffix(".keras"))
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


def answers(k, model, inputs):
    """TensorFlow on a processor convolves channels-first images only when compiled."""
    import tensorflow as tf

    argument = inputs if len(inputs) > 1 else inputs[0]
    if model.name == "first":
        return [np.asarray(tf.function(lambda x: model(x, training=False), jit_compile=True)(argument))]
    outputs = model.predict(argument, verbose=0)
    return outputs if isinstance(outputs, list) else [outputs]


def load(path):
    """The model as plain load_model gives it, and the library that could."""
    faults = []
    for library in [keras, tf_keras]:
        if library is None:
            continue
        library.backend.clear_session()
        try:
            return library, library.models.load_model(path)
        except Exception as fault:  # The other library may know the file.
            faults.append(f"{library.__name__}: {type(fault).__name__}")
    print(f"{path.name}: not loaded by {', '.join(faults)}")
    return None, None


def predict(model, inputs):
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(value, "float64") for value in outputs]


def distance(left, right):
    return max(float(np.abs(a - b).max()) for a, b in zip(left, right))


def check(folder):
    """For each exported model: what Keras says of the rewritten file and of the cut one."""
    generator = np.random.default_rng(SEED)
    failures = 0
    for original in sorted(folder.glob("*.original.h5")):
        name = original.name.removesuffix(".original.h5")
        library, model = load(original)
        if model is None:
            continue
        inputs = [generator.random((4, *t.shape[1:])).astype("float32") for t in model.inputs]
        if "cifar10-mlperf" in name or name.startswith("resnet20"):
            inputs = [value * 255 for value in inputs]
        expected = predict(model, inputs)
        variants = {}
        for kind in ["same", "silenced", "cut"]:
            other = library.models.load_model(folder / f"{name}.{kind}.h5")
            variants[kind] = (other.count_params(), predict(other, inputs))
        same = distance(variants["same"][1], expected)
        cut = distance(variants["cut"][1], variants["silenced"][1])
        size = max(float(np.abs(value).max()) for value in variants["cut"][1])
        ok = same == 0 and cut <= 2e-3 * max(size, 1) if "half" in name else same == 0 and cut <= 1e-5 * max(size, 1)
        failures += not ok
        print(
            f"{'ok  ' if ok else 'FAIL'} {name}: {library.__name__}, rewritten differs {same:g}, "
            f"parameters {model.count_params()} -> {variants['cut'][0]}, cut against silenced {cut:.2g} of {size:.3g}")
    sys.exit(failures > 0)


def main():
    if sys.argv[1:2] == ["check"]:
        check(pathlib.Path(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these models")
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "keras")
    arguments = parser.parse_args()
    folder = arguments.out
    folder.mkdir(parents=True, exist_ok=True)
    for make in MODELS:
        if arguments.names and make.__name__ not in arguments.names:
            continue
        write(keras, "keras3", make, folder)
        if tf_keras is not None:
            write(tf_keras, "keras2", make, folder)


if __name__ == "__main__":
    main()
