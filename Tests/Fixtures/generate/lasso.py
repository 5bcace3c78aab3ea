"""Writes Tests/Fixtures/lasso.json: what scikit-learn's Lasso says for a layer's contributions.

    pip install scikit-learn==1.9.1 numpy==2.4.6
    python Tests/Fixtures/generate/lasso.py

Letters: t samples, c channels of k taps each, n outputs; a channel's columns are tap * c + channel. Channel 3 is almost
channel 1, channel 5 is constant. Z has rows (t, o), o fastest, and one column per channel: its contribution to output o.
"""

import json
import pathlib

import numpy
from sklearn.linear_model import Lasso

T, C, K, N = 24, 7, 2, 3
PENALTIES = [0.002, 0.02, 0.05, 0.1, 0.3]


def main():
    random = numpy.random.default_rng(9)
    inputs = random.normal(0.5, 1.0, (T, K, C))
    inputs[:, :, 3] = inputs[:, :, 1] + 0.05 * inputs[:, :, 3]
    inputs[:, :, 5] = 0.25
    weights = random.normal(0.0, 0.4, (K, C, N))
    weights *= numpy.array([1.0, 0.5, 2.0, 0.5, 0.3, 1.0, 1.5])[:, None]
    weights[:, 5, :] = weights[:, 5, :].mean()
    errors = random.normal(0.0, 0.3, (T, N))
    inputs, weights, errors = (array.round(4) for array in (inputs, weights, errors))
    contributions = numpy.einsum("tkc,kcn->tnc", inputs, weights).reshape(T * N, C)
    target = contributions.sum(axis=1) + errors.reshape(-1)
    solutions = []
    for penalty in PENALTIES:
        model = Lasso(alpha=penalty, tol=1e-15, max_iter=10_000_000).fit(contributions, target)
        solutions.append({"penalty": penalty, "coefficients": model.coef_.tolist()})
    fixture = {
        "samples": T,
        "channels": C,
        "taps": K,
        "outputs": N,
        "inputs": inputs.reshape(-1).tolist(),
        "weights": weights.reshape(-1).tolist(),
        "target": target.tolist(),
        "solutions": solutions,
    }
    path = pathlib.Path(__file__).parent.parent / "lasso.json"
    path.write_text(json.dumps(fixture) + "\n")


if __name__ == "__main__":
    main()
