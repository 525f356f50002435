"""What it takes to plan a study: CPU seconds, wall seconds and memory of `snakemake -n`.

    python benchmarks/plan.py

plans config/paper.yaml and studies of 1 000, 10 000 and 100 000 runs in packs of several sizes,
nothing of which is trained yet, each in an empty folder of its own, and prints a table.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


SIZES = {1_000: (10, 1), 10_000: (10, 5, 1), 100_000: (100, 10)}  # runs: sizes of a pack


def make_study(runs, pack):
    """So many runs of 50 activations on one data set, 10 seeds or more.

    With 1 recipe × 2 networks they are 100 cells, with 4 × 5 the 1 000 of the two larger ones.
    """
    cells = min(1000, runs // 10)
    recipes, widths = (4, 5) if cells == 1000 else (1, 2)
    names = sorted(
        p.stem for p in (ROOT / "workflow/scripts/activarium/activations").glob("[a-z]*.py")
    )
    recipe = {"optimizer": "adam", "batch_size": 128, "epochs": 20}
    return {
        "name": "large",
        "datasets": ["digits"],
        "activations": ["gelu", *[n for n in names if n != "gelu"][:49]],
        "networks": [
            {"name": f"plain_{w}", "file": "plain", "width": w} for w in range(1, widths + 1)
        ],
        "recipes": {f"lr{k}": recipe | {"learning_rate": 0.001 * k} for k in range(1, recipes + 1)},
        "seeds": runs // cells,
        "pack": pack,
    }


def plan_study(study):
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
    studies |= {
        f"{runs:_} runs, pack {pack}".replace("_", " "): make_study(runs, pack)
        for runs, packs in SIZES.items()
        for pack in packs
    }
    print("| study | jobs | CPU s | wall s | MiB |\n|---|---|---|---|---|")
    for name, study in studies.items():
        jobs, cpu, wall, memory = plan_study(study)
        print(f"| {name} | {jobs} | {cpu:.1f} | {wall:.1f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
