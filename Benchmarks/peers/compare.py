"""Runs Espalier and its peers in turn on the same networks and prints medians, spreads and ratios as Markdown tables.

Every figure is the median over rounds; in each round every side runs once, in a process of its own, on the same
threads. A ratio divides the fastest peer's median by ours: above 1 we are faster."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NETWORKS = [
    ("vgg16bn", 128),
    ("resnet20", 128),
    ("resnet56", 128),
    ("resnet56-pruned", 128),
    ("resnet50", 8),
    ("mobilenetv2", 8),
]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--espalier", default=ROOT / ".build/release/espalier", help="the program")
    parser.add_argument("--models", default=ROOT / ".build/benchmark-models", help="where the networks are kept")
    parser.add_argument("--results", default=ROOT / ".build/benchmark-results.json", help="where figures are kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of measuring, for each side and round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--network", action="append", help="only this network; may be given more than once")
    parser.add_argument("--mode", action="append", choices=["forward", "train"])
    parser.add_argument("--no-keras", action="store_true")
    parser.add_argument("--append", action="store_true", help="add rounds to those measured before")
    parser.add_argument("--table", action="store_true", help="only print what was measured before")
    return parser.parse_args()


def measured(command, environment):
    """The last line of a program's output, which is JSON; nothing where the program failed."""
    done = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"failed: {command}\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    text = done.stdout.strip()
    return json.loads(text[text.index("{"):])


def environment(threads):
    own = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow")
    own["OMP_NUM_THREADS"] = str(threads)
    return own


def commands(given, network, batch, mode):
    model = pathlib.Path(given.models) / f"{network}.h5"
    common = [mode, batch, given.threads, given.seconds]
    ours = [given.espalier, "bench", model, "--batch", batch, "--threads", given.threads, "--json"]
    ours += ["--seconds", given.seconds] + (["--train"] if mode == "train" else [])
    sides = {"espalier": ours}
    for layout in ("channels_last", "contiguous"):
        sides[f"torch {layout}"] = [sys.executable, HERE / "torch_speed.py", network, *common, layout]
    if not given.no_keras:
        sides["keras"] = [sys.executable, HERE / "keras_speed.py", model, *common]
    return sides


def compare(given, network, batch, mode):
    """For each side, its rounds."""
    sides = commands(given, network, batch, mode)
    rounds = {side: [] for side in sides}
    for _ in range(given.rounds):
        for side, command in sides.items():
            answer = measured(command, environment(given.threads))
            if answer:
                rounds[side].append([answer["median_milliseconds"], answer["peak_megabytes"]])
    return rounds


def joined(rows, row):
    """The rounds of a row after those that were measured before."""
    before = [r["rounds"] for r in rows if (r["network"], r["mode"]) == (row["network"], row["mode"])]
    own = dict(before[0]) if before else {}
    return {side: own.get(side, []) + rounds for side, rounds in {**dict.fromkeys(own, []), **row["rounds"]}.items()}


def table(results, peak):
    """Markdown lines of all results; `peak` is sgemm's GFLOP/s, or nothing."""
    lines = ["| network, batch | mode | Espalier ms | PyTorch ms | Keras ms | ratio | GFLOP/s | of sgemm | MB | peers' MB |"]
    lines.append("|---|---|---|---|---|---|---|---|---|---|")
    for row in results["rows"]:
        times = {side: [r[0] for r in rounds] for side, rounds in row["rounds"].items() if rounds}
        memory = {side: max(r[1] for r in rounds) for side, rounds in row["rounds"].items() if rounds}
        median = {side: statistics.median(own) for side, own in times.items()}
        torch = min((s for s in median if s.startswith("torch")), key=median.get, default=None)

        def shown(side):
            if side not in median:
                return "-"
            return f"{median[side]:.0f} ({min(times[side]):.0f} to {max(times[side]):.0f})"

        peers = [value for side, value in median.items() if side != "espalier"]
        ratio = f"{min(peers) / median['espalier']:.2f}" if peers else "-"
        flops = row["flops"] / median["espalier"] / 1e6
        share = f"{100 * flops / peak:.0f} %" if peak else "-"
        others = ", ".join(f"{memory[side]:.0f}" for side in (torch, "keras") if side in memory) or "-"
        lines.append(
            f"| {row['network']}, {row['batch']} | {row['mode']} | {shown('espalier')} | {shown(torch)} | "
            f"{shown('keras')} | {ratio} | {flops:.0f} | {share} | {memory['espalier']:.0f} | {others} |"
        )
    return lines


def flops(given, network, batch, mode):
    """Floating-point operations of one batch by a direct count: two for each multiply-accumulate."""
    model = pathlib.Path(given.models) / f"{network}.h5"
    answer = measured([given.espalier, "inspect", model, "--json"], environment(given.threads))
    return 2 * answer["cost"]["macs"] * batch * (3 if mode == "train" else 1)


def main():
    given = options()
    path = pathlib.Path(given.results)
    results = json.loads(path.read_text()) if path.exists() else {"rows": []}
    if not given.table:
        if not all((pathlib.Path(given.models) / f"{name}.h5").exists() for name, _ in NETWORKS):
            subprocess.run([sys.executable, HERE / "make_models.py", given.models], check=True, env=environment(2))
        if "sgemm" not in results or not given.append:
            results["sgemm"] = measured([sys.executable, HERE / "sgemm_peak.py", given.threads], environment(given.threads))
        for network, batch in NETWORKS:
            for mode in given.mode or ["forward", "train"]:
                if given.network and network not in given.network:
                    continue
                row = {"network": network, "batch": batch, "mode": mode}
                row["flops"] = flops(given, network, batch, mode)
                row["rounds"] = compare(given, network, batch, mode)
                if given.append:
                    row["rounds"] = joined(results["rows"], row)
                results["rows"] = [r for r in results["rows"] if (r["network"], r["mode"]) != (network, mode)] + [row]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(results, indent=1))
    peak = max(results.get("sgemm", {}).values(), default=None)
    if peak:
        print(f"sgemm, 2048 cubed, {', '.join(f'{k} {v:.0f}' for k, v in results['sgemm'].items())} GFLOP/s\n")
    print("\n".join(table(results, peak)))


if __name__ == "__main__":
    main()
