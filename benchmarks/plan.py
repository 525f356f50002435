"""What it takes to plan a study: CPU seconds, wall seconds and memory of `snakemake -n`.

    python benchmarks/plan.py

plans config/paper.yaml and a study of 10 000 runs in packs of 10, 5 and 1, nothing of which is
trained yet, each in an empty folder of its own, and prints a table.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def large(pack):
    """10 000 runs: 50 activations × 4 recipes × 5 networks × 1 data set × 10 seeds."""
    names = sorted(
        p.stem for p in (ROOT / "workflow/scripts/activarium/activations").glob("[a-z]*.py")
    )
    recipe = {"optimizer": "adam", "batch_size": 128, "epochs": 20}
    return {
        "name": "large",
        "datasets": ["digits"],
        "activations": ["gelu", *[n for n in names if n != "gelu"][:49]],
        "networks": [{"name": f"plain_{w}", "file": "plain", "width": w} for w in range(1, 6)],
        "recipes": {f"lr{k}": recipe | {"learning_rate": 0.001 * k} for k in range(1, 5)},
        "seeds": 10,
        "pack": pack,
    }


def planned(study):
    """(jobs, CPU seconds, wall seconds, MiB) of planning a study where nothing is done yet."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.yaml"
        file.write_text(yaml.safe_dump(study))
        command = [
            *(Path(sys.executable).parent / "snakemake", "-n", "--quiet", "rules"),
            *("--snakefile", ROOT / "Snakefile", "--directory", folder, "--configfile", file),
            *("--workflow-profile", ROOT / "profiles/default"),
        ]
        with (Path(folder) / "out").open("w+") as out:
            start = time.perf_counter()
            process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=out)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            out.seek(0)
            text = out.read()
        if status:
            sys.exit(text)
    jobs = next(x.split()[1] for x in text.splitlines() if x.startswith("total "))
    return int(jobs), used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


def main():
    studies = {"paper.yaml": yaml.safe_load((ROOT / "config/paper.yaml").read_text())}
    studies |= {f"10 000 runs, pack {pack}": large(pack) for pack in (10, 5, 1)}
    print("| study | jobs | CPU s | wall s | MiB |\n|---|---|---|---|---|")
    for name, study in studies.items():
        jobs, cpu, wall, memory = planned(study)
        print(f"| {name} | {jobs} | {cpu:.1f} | {wall:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
