"""Compares espalier with Keras on a folder of strangers' models, and prints a table in Markdown.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0 tf_keras h5py==3.14.0 numpy==2.4.6    # Python 3.11
    make build
    python Tests/Reference/shared_models.py FOLDER     # every .h5, .hdf5 and .keras file in it and below

Its output is Docs/keras-models.md. Each model answers for 256 random inputs. Keras 3 answers where it opens the file,
tf_keras (Keras 2) where it does not. Both models then are cut to 0.7 of their macs, and opened again by the Keras that
opened them before.
"""

import argparse
import os
import shutil
import tempfile
import zlib
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "0")

import reference  # noqa: E402
from reference import answers, cut, error, is_round_trip  # noqa: E402

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tf_keras  # noqa: E402

COUNT = 256
TITLE = f"""# Models of strangers, against the Keras that opens them

Made by `Tests/Reference/shared_models.py FOLDER`; not written by hand. Written by Keras 2.0.5 to 3.15; {COUNT} random inputs
each. *relative* is the largest difference over the largest output; *cut error* compares `espalier predict` with Keras on the
model cut to 0.7 of its macs without training; *round trip* says whether weights and configuration come back bit for bit.
"""


def opened(path: Path):
    """The model, and the library that opened it."""
    for name, library in [("Keras " + keras.__version__, keras), ("tf_keras " + tf_keras.__version__, tf_keras)]:
        try:
            return library.models.load_model(str(path), compile=False), name
        except Exception as fault:  # noqa: BLE001: each generation fails in ways of its own
            reason = str(fault).splitlines()[0][:120]
    raise reference.Refused(f"no Keras opens it: {reason}")


def inputs(model, seed: int) -> np.ndarray:
    """Numbers between 0 and 1, or pixels where the model scales its input itself."""
    random = np.random.default_rng(seed)
    images = random.uniform(0, 1, (COUNT, *model.input_shape[1:])).astype(np.float32)
    scales = any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in model.layers)
    return images * 255 if scales else images


def predicted(model, images: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(images, batch_size=32, verbose=0))


def row(path: Path, folder: Path) -> list[str]:
    model, library = opened(path)
    images = inputs(model, zlib.crc32(path.name.encode()))
    expected = predicted(model, images)
    found = answers(path, images, folder)
    difference = np.abs(found - expected).max()
    out = folder / f"cut{path.suffix}"
    result = cut(path, 0.7, out)
    smaller, _ = opened(out)
    return [
        path.name, library, f"{model.count_params():,}", f"{np.abs(expected).max():.3g}",
        f"{difference:.1e}", f"{error(found, expected):.1e}", str(result["groups"]),
        f"{result['after']['macs'] / result['before']['macs']:.3f}",
        f"{error(answers(out, images, folder), predicted(smaller, images)):.1e}",
        "yes" if is_round_trip(path, folder) else "NO",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*", help="only files whose names contain one of these")
    arguments = parser.parse_args()
    head = ["model", "reference", "parameters", "largest output", "largest difference", "relative",
            "groups", "macs after 0.7", "cut error", "round trip"]  # fmt: skip
    print(TITLE)
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head), flush=True)
    for path in sorted(arguments.folder.rglob("*")):
        if path.suffix not in (".h5", ".hdf5", ".keras"):
            continue
        if arguments.words and not any(word in path.name for word in arguments.words):
            continue
        folder = Path(tempfile.mkdtemp(prefix="espalier-reference-"))
        try:
            cells = row(path, folder)
        except reference.Refused as refusal:
            cells = [path.name, f"refused: {refusal}"]
        finally:
            shutil.rmtree(folder)
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
