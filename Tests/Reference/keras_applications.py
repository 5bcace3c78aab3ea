"""Compares espalier with Keras on every network of keras.applications, and writes a table in Markdown.

    pip install keras==3.15.1 tensorflow-cpu==2.21.0 h5py==3.14.0 numpy==2.4.6    # Python 3.11
    make build
    python Tests/Reference/keras_applications.py                  # all, about an hour on two cores
    python Tests/Reference/keras_applications.py MobileNet        # constructors whose names contain the word
    python Tests/Reference/keras_applications.py --results FILE   # keeps each result in FILE, and goes on from there
    python Tests/Reference/keras_applications.py --document Docs/keras-applications.md

Each network gets seeded random weights and statistics, a small input, and three images. It is saved by Keras as `.h5`
and as `.keras`; `espalier predict` must answer as Keras does. `espalier cut` then takes it to at most 0.7 of its macs
(the norms of weights say what goes; nothing is trained), Keras opens the result, and both must again answer alike.
Last, it is written with nothing pruned and compared bit by bit. Each network has a process of its own.
"""

import argparse
import inspect
import json
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import reference
from reference import answers, cut, error, is_round_trip, randomize

LARGEST = 100_000_000
SUFFIXES = [".h5", ".keras"]
SIZES = {"InceptionV3": 75, "InceptionResNetV2": 75, "Xception": 71}
SIZE = 64
CLASSES = 10
GOAL = 1e-4


def constructors() -> dict:
    """Every function of keras.applications that makes a network, by name."""
    import keras

    found = {}
    for name, value in vars(keras.applications).items():
        if inspect.isfunction(value) and name[0].isupper():
            found[name] = value
    return dict(sorted(found.items()))


def build(name: str):
    """The network without its softmax, which would flatten the differences of ten random classes."""
    size = SIZES.get(name, SIZE)
    return constructors()[name](
        weights=None, classes=CLASSES, input_shape=(size, size, 3), classifier_activation=None
    )


def opened(path: Path):
    """The model as Keras opens it."""
    import keras
    from keras.src.applications.convnext import LayerScale
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    # The legacy format finds Keras' own unexported layers only where they are handed over, also in files Keras wrote.
    own = {"LayerScale": LayerScale, "CustomScaleLayer": CustomScaleLayer}
    known = own if path.suffix == ".h5" else None
    return keras.models.load_model(path, compile=False, custom_objects=known)


def reopened(out: Path, path: Path):
    """The cut model as Keras opens it, and a mark where that took a detour.

    Keras 3 cannot open its own `.h5` of some networks whose layers take bare numbers. Where it refuses the file it
    wrote itself, the cut weights are loaded into the model that it opens from the cut `.keras` beside it.
    """
    try:
        return opened(out), ""
    except (ValueError, TypeError):
        try:
            opened(path)
        except (ValueError, TypeError):
            model = opened(out.with_suffix(".keras"))
            model.load_weights(out)
            return model, " by weights"
        raise


def measure(name: str) -> dict:
    """Everything one row of the table says."""
    import keras
    import numpy as np

    start = time.monotonic()
    model = build(name)
    found = {"network": name, "keras": keras.__version__, "parameters": model.count_params()}
    if found["parameters"] > LARGEST:
        return found | {"skipped": True}
    seed = zlib.crc32(name.encode())
    randomize(model, seed)
    found["input"] = model.input_shape[1]
    images = np.random.default_rng(seed + 1).uniform(0, 255, (3, *model.input_shape[1:]))
    images = images.astype(np.float32)
    if not any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in model.layers):
        images = images / 127.5 - 1
    expected = model(images, training=False).numpy()
    with tempfile.TemporaryDirectory(prefix="espalier-reference-") as place:
        folder = Path(place)
        for suffix in reversed(SUFFIXES):
            model.save(folder / f"{name}{suffix}")
        del model
        for suffix in reversed(SUFFIXES):
            found[suffix] = measure_file(folder / f"{name}{suffix}", images, expected)
    return found | {"seconds": round(time.monotonic() - start)}


def measure_file(path: Path, images, expected) -> dict:
    """What one file shows: parity as it is, cut and opened again, and written with nothing pruned."""
    folder, out = path.parent, path.with_stem(f"{path.stem}-cut")
    found = {"error": error(answers(path, images, folder), expected)}
    result = cut(path, 0.7, out)
    found |= {key: result[key] for key in ("groups", "before", "after")}
    try:
        model, found["how"] = reopened(out, path)
        found["cut"] = error(answers(out, images, folder), model(images, training=False).numpy())
    except (ValueError, TypeError) as fault:
        found["refused"] = str(fault).splitlines()[0]
    found["roundtrip"] = is_round_trip(path, folder)
    return found


def is_good(row: dict) -> bool:
    """Whether a row shows what issue 3 asks."""
    if row.get("skipped"):
        return True
    if "fault" in row:
        return False
    files = [row[suffix] for suffix in SUFFIXES]
    return all(
        file["error"] <= GOAL and file.get("cut", float("inf")) <= GOAL and file["roundtrip"]
        and file["after"]["macs"] <= 0.7 * file["before"]["macs"]
        for file in files
    )  # fmt: skip


def cells(row: dict) -> list[str]:
    """A row in Markdown."""
    start = [row["network"], f"{row['parameters']:,}" if "parameters" in row else "?"]
    if row.get("skipped"):
        return start + ["skipped: over 100 M parameters"]
    if "fault" in row:
        return start + [f"FAILED: {row['fault']}"]
    first = row[SUFFIXES[0]]
    share = first["after"]["macs"] / first["before"]["macs"]
    middle = [str(row["input"]), str(first["groups"]), f"{first['before']['macs']:,}", f"{share:.3f}"]
    ends = []
    for suffix in SUFFIXES:
        file = row[suffix]
        if "cut" in file:
            again = f"{file['cut']:.1e}{file['how']}"
        else:
            again = f"NOT REOPENED: {file['refused']}"
        ends += [f"{file['error']:.1e}", again, "yes" if file["roundtrip"] else "NO"]
    return start + middle + ends


def table(rows: list[dict]) -> str:
    """The rows in order of name, and how many hold."""
    head = ["network", "parameters", "input", "groups", "macs", "macs after 0.7"]
    for suffix in SUFFIXES:
        head += [f"`{suffix}` error", "cut error", "round trip"]
    rows = sorted(rows, key=lambda row: row["network"])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows]
    run = [row for row in rows if not row.get("skipped")]
    skipped = [row["network"] for row in rows if row.get("skipped")]
    lines += ["", f"{sum(map(is_good, run))} of {len(run)} networks hold all of the above."]
    if skipped:
        lines += [f"Skipped, over 100 M parameters: {', '.join(skipped)}."]
    return "\n".join(lines) + "\n"


def document(rows: list[dict]) -> str:
    version = next((row["keras"] for row in rows if "keras" in row), "?")
    return f"""# Every network of keras.applications, against Keras {version}

Made by `Tests/Reference/keras_applications.py --document Docs/keras-applications.md`; not written by hand.

Each constructor with `weights=None`, seeded random weights and statistics, {CLASSES} classes, no softmax, and three random
images. Errors are the largest difference over the largest output; the goal is {GOAL:.0e} each.

- **groups**: coupled groups found. **macs after 0.7**: the share left after asking `espalier cut` for 0.7, no training.
- **error**: `espalier predict` against Keras, for the file Keras wrote.
- **cut error**: the cut file opened again by Keras, its answers against those of `espalier predict`. *By weights*: Keras
  {version} cannot open the `.h5` that it writes of this network ("Only input tensors may be passed as positional
  arguments"), so the cut `.h5` was loaded with `load_weights` into the cut `.keras` model.
- **round trip**: written with nothing pruned, every weight has the same bits and the configuration the same text.

{table(rows)}"""


def ask(name: str) -> dict:
    """One network measured by a process of its own, which gives its memory back and can fail alone."""
    done = subprocess.run(
        [sys.executable, __file__, "--one", name], capture_output=True, text=True
    )
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    return {"network": name, "fault": lines[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only constructors whose names contain one of these")
    parser.add_argument("--results", type=Path, help="JSON lines: kept, and not measured again where good")
    parser.add_argument("--document", type=Path, help="where the table goes, instead of the output")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    known = {}
    if arguments.results and arguments.results.exists():
        for line in arguments.results.read_text().splitlines():
            row = json.loads(line)
            known[row["network"]] = row
    for name in constructors():
        if arguments.words and not any(word in name for word in arguments.words):
            continue
        if name not in known or not is_good(known[name]):
            known[name] = ask(name)
            if arguments.results:
                with arguments.results.open("a") as file:
                    file.write(json.dumps(known[name]) + "\n")
        print("| " + " | ".join(cells(known[name])) + " |", file=sys.stderr, flush=True)
    rows = list(known.values())
    if arguments.document:
        arguments.document.write_text(document(rows))
    else:
        print(table(rows))
    sys.exit(0 if all(map(is_good, rows)) else 1)


if __name__ == "__main__":
    main()
