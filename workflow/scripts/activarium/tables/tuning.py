"""Chooses the tuned numbers of a cell, and collects the runs that tune into tables.

A run that tunes is a file {candidate}/{recipe}/{network}/{dataset}/{activation}/{seed}.parquet. It
was never tested; its validation accuracy is on images that it was not trained on.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from .. import tables
from .collect import read_run

SAME = 1e-9  # two mean accuracies that differ by less are equal
CELL = tables.KEY[:-1]

Candidates = Mapping[str, Mapping[str, float]]  # {name: {key: value}}, smaller values first


def candidate_of(file: Path | str) -> str:
    """Which candidate a run tried, by the path of its file."""
    return Path(file).parts[-6]


def read_accuracies(files: Iterable[Path | str], chance: float) -> dict[str, list[float]]:
    """{candidate: validation accuracy of each run} of one cell; a diverged run has `chance`."""
    found: dict[str, list[float]] = {}
    for file in files:
        (run,) = read_run(file).select(["status", "validation_accuracy"]).to_pylist()
        accuracy = run["validation_accuracy"] if run["status"] == "ok" else chance
        found.setdefault(candidate_of(file), []).append(accuracy)
    return found


def choose(accuracies: Mapping[str, Sequence[float]], candidates: Candidates) -> dict[str, float]:
    """{key: value} of the candidate of highest mean accuracy; of equal ones the first, smallest."""
    means = {name: sum(accuracies[name]) / len(accuracies[name]) for name in candidates}
    best = max(means.values())
    return dict(next(candidates[name] for name in candidates if means[name] > best - SAME))


def tuning_tables(
    files: Iterable[Path | str],
    candidates: Candidates,
    chosen: Mapping[tuple[str, ...], Mapping[str, float]],
) -> tuple[pa.Table, pa.Table]:
    """The tables in `tables.TUNING` and `TUNING_COSTS`, a row each for each run that tunes.

    `chosen` maps (recipe, network, dataset, activation) to the values of `choose`.
    """
    rows, costs = [], []
    for file in files:
        (run,) = read_run(file).to_pylist()
        name, cell = candidate_of(file), tuple(run[axis] for axis in CELL)
        key = dict(zip(CELL, cell, strict=True)) | {"candidate": name, "seed": run["seed"]}
        about = {c: run[c] for c in ("status", "validation_accuracy")}
        is_chosen = candidates[name] == chosen[cell]
        rows.append(key | value_columns(candidates[name]) | about | {"chosen": is_chosen})
        costs.append(key | run["cost"])
    schemas = (tables.TUNING, tables.TUNING_COSTS)
    runs, prices = map(tables.table, (rows, costs), schemas)
    return in_order(runs), in_order(prices)


def value_columns(values: Mapping[str, float]) -> dict[str, Any]:
    """The columns of one tuned number or two."""
    columns: dict[str, Any] = {}
    for prefix, (key, value) in zip(("", "second_"), values.items(), strict=False):
        columns |= {f"{prefix}number": key, f"{prefix}value": float(value)}
    return columns


def in_order(table: pa.Table) -> pa.Table:
    """Runs that tune by cell, candidate and seed."""
    order = [(name, "ascending") for name in (*CELL, "candidate", "seed")]
    return table.sort_by(order).combine_chunks()
