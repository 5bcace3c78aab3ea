"""What the reference scripts share: random models, running espalier, comparing."""

import json
import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
sys.dont_write_bytecode = True

import h5py  # noqa: E402
import numpy as np  # noqa: E402

PACKAGE = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("ESPALIER", str(PACKAGE / ".build/release/espalier"))


class Refused(Exception):
    """espalier ended with another status than 0."""


def espalier(*arguments) -> str:
    """Runs the program and gives what it printed."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(done.stderr.strip() or f"status {done.returncode}")
    return done.stdout


def answers(model: Path, images: np.ndarray, folder: Path) -> np.ndarray:
    """The outputs of `espalier predict`."""
    with h5py.File(folder / "in.h5", "w") as file:
        file["x"] = images.astype(np.float32)
    espalier("predict", model, "--data", f"{folder}/in.h5:x", "--out", f"{folder}/out.h5:y",
             "--batch", 4)  # fmt: skip
    with h5py.File(folder / "out.h5") as file:
        return file["y"][()]


def cut(model: Path, macs: float, out: Path) -> dict:
    """A model cut by the norms of its weights, through the same analysis, surgery and writing as a job's."""
    return json.loads(espalier("cut", model, "--macs", macs, "--out", out, "--json"))


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest expected number; infinite where one is not finite."""
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-30))


def randomize(model, seed: int) -> None:
    """Seeded weights that keep signals alive through any depth, and statistics that are not those of a fresh layer."""
    random = np.random.default_rng(seed)
    for layer in model._flatten_layers(include_self=False, recursive=True):
        if getattr(layer, "layers", None) or not layer.weights:
            continue
        layer.set_weights([draw(layer, weight, random) for weight in layer.weights])


def draw(layer, weight, random: np.random.Generator) -> np.ndarray:
    shape, name = tuple(weight.shape), weight.name.split("/")[-1].split(":")[0]
    if type(layer).__name__ == "Normalization":
        return {"mean": random.uniform(0.3, 0.6, shape), "variance": random.uniform(0.03, 0.1, shape)}.get(
            name, np.zeros(shape)
        )
    if name == "gamma" and type(layer).__name__ == "LayerScale":
        return random.uniform(0.1, 0.5, shape)
    if name == "gamma":
        return random.uniform(0.5, 1.5, shape)
    if name == "moving_variance":
        return random.uniform(0.5, 2.0, shape)
    if name in ("beta", "bias", "moving_mean"):
        return random.standard_normal(shape) * 0.1
    summed = shape[:2] if "depthwise" in name else shape[:-1]
    return random.standard_normal(shape) * np.sqrt(1.5 / np.prod(summed))


def same_configuration(first: Path, second: Path) -> bool:
    return configuration(first) == configuration(second)


def configuration(path: Path) -> str:
    """The text of the model's configuration."""
    if path.suffix == ".keras":
        import zipfile

        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json").decode()
    with h5py.File(path) as file:
        text = file.attrs["model_config"]
        return text.decode() if isinstance(text, bytes) else text


def stored_weights(path: Path) -> dict[str, bytes]:
    """The bytes of every dataset but the optimizer's, by path."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
            found[name] = np.asarray(item[()]).tobytes()

    if path.suffix == ".keras":
        import io
        import zipfile

        with zipfile.ZipFile(path) as archive:
            with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
                file.visititems(visit)
    else:
        with h5py.File(path) as file:
            file.visititems(visit)
    return found


def is_round_trip(model: Path, folder: Path) -> bool:
    """Whether writing the model with nothing pruned keeps every weight's bits and the whole configuration."""
    out = folder / f"same{model.suffix}"
    cut(model, 1, out)
    return stored_weights(model) == stored_weights(out) and same_configuration(model, out)
