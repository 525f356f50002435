"""What it takes to analyse and show many activations, and how that grows.

    python benchmarks/analysis.py                the sizes below, and how CPU seconds grow
    python benchmarks/analysis.py 60 6 30        so many activations, settings and seeds

The runs are made up: 4 epochs each, 10 000 test images, scores from 90 to 95 %, which seeds move
by 0.6 pp. Every size has a process of its own.
CPU seconds are user and system of the analysis, the figures and the page.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZES = [(25, 3, 30), (100, 10, 30), (200, 10, 30), (500, 2, 5), (1000, 2, 5)]
STEPS = ["analyse", "figures", "page"]
COLUMNS = ["import", *STEPS, "MB", "page MB"]


class Clock:
    """CPU seconds of this process by step, each since the one before."""

    def __init__(self):
        self.spent, self._since = {}, time.process_time()

    def lap(self, step):
        now = time.process_time()
        self.spent[step], self._since = now - self._since, now


def measure(activations, settings, seeds):
    """{step: CPU seconds}, "MB", the peak of memory, and the page as "html" and in "page MB"."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as Snakemake has it for a job of one thread
    sys.path[:0] = [str(ROOT / "workflow/scripts"), str(ROOT / "tests")]
    clock = Clock()
    from activarium import figures, tables
    from activarium.compare.analysis import analyse
    from activarium.report.build import external_study
    from activarium.report.page import render_page
    from activarium.tables.collect import provenance

    for name in figures.names():
        figures.load(name)  # which imports matplotlib
    clock.lap("import")
    made = make_up(activations, settings, seeds)
    ran = provenance(tables.table(made.costs.to_dict("records"), tables.COSTS))
    clock.lap("make up")
    found = analyse(*vars(made).values(), "gelu", 0.95, 0.005, {"digits": 0.1})
    clock.lap("analyse")
    read = as_read(made, found)
    drawn = {name: figures.draw_figure(name, read) for name in figures.names()}
    clock.lap("figures")
    page = render_page(read, drawn, ran, external_study("large", ["runs.csv"]))
    clock.lap("page")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return clock.spent | {"MB": memory, "page MB": len(page.encode()) / 1e6, "html": page}


def make_up(activations, settings, seeds):
    """The tables runs, epochs and costs of such a study."""
    from synthetic import study

    names = ["gelu", *(f"a{k:04}" for k in range(activations - 1))]
    networks = [f"n{k}" for k in range(settings)]
    return study(names, networks=networks, seeds=seeds, step=0.05 / activations)


def as_read(made, found):
    """The tables and the analysis as a report reads them from their files."""
    from activarium import tables
    from activarium.report.study_tables import StudyTables

    described = (
        tables.table(found[name], getattr(tables, name.upper())).to_pandas()
        for name in ("summaries", "contrasts")
    )
    return StudyTables(*vars(made).values(), *described, json.loads(json.dumps(found)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("size", nargs="*", type=int, help="activations, settings, seeds")
    parser.add_argument("--page", help="write the page into this file")
    asked = parser.parse_args()
    if asked.size:
        found = measure(*asked.size)
        if asked.page:
            Path(asked.page).write_text(found["html"], encoding="utf-8")
        print(json.dumps({name: value for name, value in found.items() if name != "html"}))
        return
    print("| activations | settings | seeds | " + " | ".join(COLUMNS) + " |")
    print("|" + "---:|" * (3 + len(COLUMNS)), flush=True)
    found = {}
    for size in SIZES:
        found[size] = measure_apart(size)
        cells = [f"{found[size][name]:.1f}" for name in COLUMNS]
        print("| " + " | ".join([*map(str, size), *cells]) + " |", flush=True)
    print_growth(found)


def measure_apart(size):
    """`measure` in a process of its own, without the page."""
    command = [sys.executable, __file__, *map(str, size)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def print_growth(found):
    """How many times as long twice as many activations take, where both sizes were measured."""
    for (n, *rest), more in found.items():
        fewer = found.get((n // 2, *rest))
        if fewer:
            times = [f"{name} {more[name] / fewer[name]:.1f}" for name in STEPS]
            total = sum(more[name] for name in STEPS) / sum(fewer[name] for name in STEPS)
            print(f"{n // 2} to {n} activations: {total:.1f} times as long ({', '.join(times)})")


if __name__ == "__main__":
    main()
