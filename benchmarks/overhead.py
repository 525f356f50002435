"""What a run costs beside its training: a grid of 10 000 trivially short ones, end to end.

    python benchmarks/overhead.py                  10 000 runs in packs of 250
    python benchmarks/overhead.py 1000 --pack 10   another grid

4 activations, an MLP of one layer of 4 units on 50 digits for 1 epoch: a run's own work is some
milliseconds. Everything is executed in an empty folder, step by step, and a table is printed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

ROOT = Path(__file__).resolve().parents[1]
ACTIVATIONS = ["gelu", "relu", "silu", "tanh"]
FOLDER = "results/short"
STEPS = {
    "plan it (`-n`)": ["-n"],
    "prepare, train, certify": ["--omit-from", "collect", "profiles"],
    "collect": [f"{FOLDER}/runs.parquet"],
    "compare": [f"{FOLDER}/analysis.json"],
    "figures, report": [],
    "start again: nothing to do": [],
}


def make_study(runs, pack):
    """A study of so many runs that take milliseconds each."""
    return {
        "name": Path(FOLDER).name,
        "datasets": ["digits"],
        "activations": ACTIVATIONS,
        "networks": [{"name": "mlp_1", "file": "mlp", "depth": 1, "width": 4}],
        "recipes": {
            "one": {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 50, "epochs": 1}
        },
        "train_size": 50,
        "seeds": runs // len(ACTIVATIONS),
        "pack": pack,
    }


def run_snakemake(folder, arguments, cores):
    """(wall seconds, CPU seconds, MiB of the largest process) of one start of Snakemake."""
    command = [
        *(Path(sys.executable).parent / "snakemake", "--quiet", "all", "--cores", cores),
        *("--snakefile", ROOT / "Snakefile", "--directory", folder),
        *("--workflow-profile", ROOT / "profiles/default", *arguments),
        *("--configfile", folder / "study.yaml"),
    ]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    with (folder / "out").open("w") as out:
        start = time.perf_counter()
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=out, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    if status:
        sys.exit((folder / "out").read_text())
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def own_seconds(costs):
    """The CPU seconds that the runs themselves took, training and evaluation."""
    table = pq.read_table(costs, columns=["train_seconds", "evaluate_seconds"])
    return sum(pc.sum(table[name]).as_py() for name in table.column_names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="?", type=int, default=10_000)
    parser.add_argument("--pack", type=int, default=250)
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "study.yaml").write_text(yaml.safe_dump(make_study(asked.runs, asked.pack)))
        print("| step | wall s | CPU s | MiB |\n|---|---|---|---|", flush=True)
        wall = cpu = 0
        for step, arguments in STEPS.items():
            spent = run_snakemake(folder, arguments, asked.cores)
            print(f"| {step} | {spent[0]:.0f} | {spent[1]:.0f} | {spent[2]:.0f} |", flush=True)
            wall, cpu = wall + spent[0], cpu + spent[1]
        print(f"| all | {wall:.0f} | {cpu:.0f} | |")
        own = own_seconds(folder / FOLDER / "costs.parquet")
        print(
            f"\n{asked.runs} runs in packs of {asked.pack}, a run: {own / asked.runs * 1e3:.1f} ms"
        )
        print(
            f"of its own and {(cpu - own) / asked.runs * 1e3:.1f} ms of CPU beside it.",
            describe_size(folder),
        )


def describe_size(folder):
    """What the results take, in words."""
    files = [p.stat() for p in (folder / "results").rglob("*") if p.is_file()]
    size, blocks = sum(f.st_size for f in files) / 2**20, sum(f.st_blocks for f in files) / 2**11
    page = (folder / FOLDER / "report.html").stat().st_size / 2**20
    return f"{len(files)} files, {size:.0f} MiB ({blocks:.0f} on disk), report {page:.1f} MiB."


if __name__ == "__main__":
    main()
