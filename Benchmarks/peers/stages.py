"""usage: stages.py MODEL SPEC [ESPALIER]   Runs one compression and prints the seconds of its stages as a Markdown table."""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
model, spec, *rest = sys.argv[1:]
program = rest[0] if rest else ROOT / ".build/release/espalier"
with tempfile.TemporaryDirectory() as folder:
    out = pathlib.Path(folder) / "out"
    subprocess.run([program, "run", model, spec, "--out", out], check=True, stdout=sys.stderr)
    metrics = json.loads(next(out.rglob("metrics.json")).read_text())
print("| stage | seconds | of all threads | steps |\n|---|---|---|---|")
for stage in metrics["run"]["stage_times"]:
    print(f"| {stage['stage']} | {stage['wall_seconds']:.1f} | {stage['cpu_seconds']:.1f} | {stage['steps']} |")
