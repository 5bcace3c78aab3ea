"""How far Keras' float32 is from its float64, per quantity: the least a tolerance must allow."""

import keras
import numpy as np

from golden_case import Case
from golden_record import measure


def quantity(path: str) -> str:
    return path.split("/")[0].removesuffix("_1").removesuffix("_2")


def difference(path: str, single: dict, double: dict, initial: dict) -> float:
    """The largest difference over the tensor's largest magnitude.

    Weights after the steps are compared by how far they moved, over the largest move.
    """
    expected = double[path].astype(np.float64)
    start = initial.get(path.partition("/")[2], 0.0) if path.startswith("after_") else 0.0
    scale = np.max(np.abs(expected - start), initial=0.0)
    error = np.max(np.abs(single[path] - expected), initial=0.0)
    return float(error / scale) if scale > 0 else float(error)


def verify(case: Case, single: dict) -> dict[str, tuple[float, str]]:
    """The worst difference per quantity, and where."""
    keras.config.set_floatx("float64")
    try:
        model = case.model()
        initial = {
            f"{layer.name}/{index}": np.asarray(weight, np.float64)
            for layer in model.layers
            for index, weight in enumerate(layer.weights)
        }
        double = measure(case, model)
    finally:
        keras.config.set_floatx("float32")
    worst: dict[str, tuple[float, str]] = {}
    for path in single:
        found = (difference(path, single, double, initial), f"{case.name}:{path}")
        worst[quantity(path)] = max(worst.get(quantity(path), (0.0, "")), found)
    return worst
