"""Writes Tests/Fixtures/golden: what Keras computes for every layer kind and some whole networks.

    python layers.py                  all cases
    python layers.py residual pool    only cases whose names contain one of the words
    python layers.py --verify         also compares with Keras in float64, and prints the worst differences
"""

import argparse
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
sys.dont_write_bytecode = True

import absl.logging  # noqa: E402
import tensorflow as tf  # noqa: E402

absl.logging.set_verbosity(absl.logging.ERROR)
tf.get_logger().setLevel("ERROR")
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()

import golden_activations  # noqa: E402
import golden_convolutions  # noqa: E402
import golden_networks  # noqa: E402
import golden_sequences  # noqa: E402
import golden_shapes  # noqa: E402
import golden_statistics  # noqa: E402
from golden_record import check_reload, measure, write  # noqa: E402
from golden_verify import verify  # noqa: E402

FOLDER = Path(__file__).resolve().parent.parent / "golden"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only cases whose names contain one of these")
    parser.add_argument("--verify", action="store_true", help="compare with Keras in float64")
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to write to")
    arguments = parser.parse_args()

    modules = [
        golden_convolutions, golden_activations, golden_shapes, golden_networks, golden_sequences,
        golden_statistics,
    ]  # fmt: skip
    cases = [case for module in modules for case in module.cases()]
    if len({case.name for case in cases}) != len(cases):
        raise ValueError("two cases of one name")
    arguments.out.mkdir(parents=True, exist_ok=True)
    stale = {path.stem for path in arguments.out.glob("*.h5")} - {case.name for case in cases}
    for name in sorted(stale):
        print(f"{name}.h5 is not made by this script")

    worst: dict[str, list[tuple[float, str]]] = {}
    total = 0
    for case in cases:
        if arguments.words and not any(word in case.name for word in arguments.words):
            continue
        model = case.model()
        found = measure(case, model)
        check_reload(case, model, found)
        path = arguments.out / f"{case.name}.h5"
        write(case, model, found, path)
        total += path.stat().st_size
        print(f"{case.name:42} {path.stat().st_size:7} bytes  {len(found):3} tensors", flush=True)
        if arguments.verify:
            for key, value in verify(case, found).items():
                worst.setdefault(key, []).append(value)
    print(f"{total} bytes")
    for key in sorted(worst):
        for value, place in sorted(worst[key], reverse=True)[:3]:
            print(f"{key:18} {value:.1e}  {place}")


if __name__ == "__main__":
    main()
