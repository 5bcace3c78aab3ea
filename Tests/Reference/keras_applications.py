"""Compares espalier with Keras on every network of keras.applications, and prints a table in Markdown.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0 h5py==3.14.0 numpy==2.4.6    # Python 3.11
    make build
    python Tests/Reference/keras_applications.py                  # all, about an hour on two cores
    python Tests/Reference/keras_applications.py MobileNet        # constructors whose names contain the word
    python Tests/Reference/keras_applications.py --h5-only        # skip the .keras files

Each network gets seeded random weights and statistics, an input as small as it allows, and three images. It is saved
by Keras as `.h5` and as `.keras`; `espalier predict` must answer as Keras does. `espalier cut` then takes it to at
most 0.7 of its macs (the norms of weights say what goes; nothing is trained), Keras opens the result, and both must
again answer alike. Last, it is written with nothing pruned and compared bit by bit.
"""

import argparse
import gc
import inspect
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import reference
from reference import answers, cut, error, is_round_trip, randomize

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.src.applications.convnext import LayerScale  # noqa: E402

LARGEST = 100_000_000
SIZES = {"NASNetMobile": 64, "InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}
CLASSES = 10


def constructors() -> dict:
    """Every function of keras.applications that makes a network, by name."""
    found = {}
    for name, value in vars(keras.applications).items():
        if inspect.isfunction(value) and name[0].isupper():
            found[name] = value
    return dict(sorted(found.items()))


def build(name: str, function) -> keras.Model:
    """The network without its softmax, which would flatten the differences of ten random classes."""
    keras.backend.clear_session()
    size = SIZES.get(name, 32)
    return function(
        weights=None, classes=CLASSES, input_shape=(size, size, 3), classifier_activation=None
    )


def keras_answers(path: Path, images: np.ndarray) -> np.ndarray | None:
    """What Keras answers with the file, or None where it cannot open it."""
    # The legacy format finds ConvNeXt's own layer only where it is handed over, also for files that Keras just wrote.
    known = {"LayerScale": LayerScale} if path.suffix == ".h5" else None
    try:
        model = keras.models.load_model(path, compile=False, custom_objects=known)
    except (ValueError, TypeError) as fault:
        print(f"{path.name}: {str(fault).splitlines()[0][:150]}", file=sys.stderr)
        return None
    return model(images, training=False).numpy()


def row(name: str, function, suffixes: list[str], folder: Path) -> list[str]:
    model = build(name, function)
    count = model.count_params()
    if count > LARGEST:
        return [name, f"{count:,}", "skipped: over 100 M parameters"]
    randomize(model, zlib.crc32(name.encode()))
    images = np.random.default_rng(zlib.crc32(name.encode()) + 1).uniform(
        0, 255, (3, *model.input_shape[1:])
    ).astype(np.float32)
    if not any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in model.layers):
        images = images / 127.5 - 1
    expected = model(images, training=False).numpy()
    cells = [name, f"{count:,}", str(model.input_shape[1])]
    first = True
    for suffix in suffixes:
        path = folder / f"{name}{suffix}"
        model.save(path)
        if not first:
            del model
            gc.collect()
        cells.append(f"{error(answers(path, images, folder), expected):.1e}")
        out = folder / f"{name}-cut{suffix}"
        result = cut(path, 0.7, out)
        if first:
            cells.append(str(result["groups"]))
            cells.append(f"{result['before']['macs']:,}")
            cells.append(f"{result['after']['macs'] / result['before']['macs']:.3f}")
        theirs = keras_answers(out, images)
        if theirs is None:
            own = keras_answers(path, images)
            cells.append("Keras refuses its own" if own is None else "NOT REOPENED")
        else:
            cells.append(f"{error(answers(out, images, folder), theirs):.1e}")
        cells.append("yes" if is_round_trip(path, folder) else "NO")
        for file in folder.iterdir():
            file.unlink()
        first = False
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only constructors whose names contain one of these")
    parser.add_argument("--h5-only", action="store_true")
    parser.add_argument("--skip", nargs="*", default=[], help="constructors to leave out")
    arguments = parser.parse_args()
    suffixes = [".h5"] if arguments.h5_only else [".h5", ".keras"]
    head = ["network", "parameters", "input", "`.h5` error", "groups", "macs", "macs after 0.7",
            "cut error", "round trip"]  # fmt: skip
    if not arguments.h5_only:
        head += ["`.keras` error", "cut error", "round trip"]
    print(f"Keras {keras.__version__}, three images each; errors are the largest difference over the largest output.\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head), flush=True)
    for name, function in constructors().items():
        if arguments.words and not any(word in name for word in arguments.words):
            continue
        if name in arguments.skip:
            continue
        folder = Path(tempfile.mkdtemp(prefix="espalier-reference-"))
        try:
            cells = row(name, function, suffixes, folder)
        except reference.Refused as refusal:
            cells = [name, f"refused: {refusal}"]
        finally:
            shutil.rmtree(folder)
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
