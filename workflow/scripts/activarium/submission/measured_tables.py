"""Checks of what a submitted study measured: is it all there, and do its sums follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq

from .. import measures, tables
from ..compare.measured_accuracy import compare_measures
from ..tables.measured import CELL, read_measure, read_measure_costs, summary_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from ..study import Study

SUMS = {"measures": tables.MEASURES, "measure_contrasts": tables.MEASURE_CONTRASTS}
FIRST_RUN = ("onnx",)  # measures of the first finished run of each cell alone


class Rows(NamedTuple):
    """The rows that a measure has of a run, or of a cell where it measures no runs.

    `parts` are the columns that tell them apart. Where the columns `alike` are the same, all have
    the same parts. `result` is null only in a row that says why it was refused.
    """

    parts: list[str]
    alike: list[str]
    result: str


SIZE = len(CELL)
SETTING = CELL[:-1]
ROWS = {
    "sparsity": Rows(["layer"], ["network"], "zeros"),
    "latency": Rows(["subject", "device", "batch", "mode"], SETTING, "ratio"),
    "int8": Rows(["condition"], SETTING, "accuracy"),
    "onnx": Rows(["subject"], SETTING, "exports"),
    "corruptions": Rows(["condition"], SETTING, "accuracy"),
}
CONDITIONS = {  # of every run; said here since corruptions are made with torch
    "int8": ("float32", "int8"),
    "corruptions": (
        "clean", "gaussian noise", "salt and pepper", "speckle noise", "gaussian blur",
        "motion blur", "contrast", "brightness", "gamma", "pixelate", "occlusion", "all ten",
    ),
}  # fmt: skip


def find_measure_problems(folder: Path, said: Study, chance: Mapping[str, float]) -> Iterator[str]:
    """A line for each fault in the tables of measures of the study `said`; none if fine.

    `chance` is {data set: accuracy of guessing}. Raises UserError for a table that is damaged.
    """
    names = [*said.measures, *SUMS] if said.measures else []
    missing = [name for name in names if not (folder / f"{name}.parquet").is_file()]
    yield from (f"{folder / f'{name}.parquet'} is missing" for name in missing)
    if missing or not names:
        return
    runs = tables.read(folder / "runs.parquet")
    found = {name: read_measure(name, folder / f"{name}.parquet") for name in said.measures}
    faults = [
        f"{folder / f'{name}.parquet'}: {fault}"
        for name, table in found.items()
        for fault in _find_faults(name, table.to_pandas(), runs)
    ]
    costs = folder / "measure_costs.parquet"
    if costs.is_file():  # measures of older versions kept none
        there = _tuples(read_measure_costs([costs]).to_pandas(), [*CELL, "measure"])
        expected = [(*cell, name) for cell in _distinct(runs, CELL) for name in said.measures]
        if sorted(there) != sorted(expected):
            yield f"{costs} does not have each cell of each measure once"
    yield from faults
    if faults:
        return  # what sums these tables up would not follow either
    plan = (said.control, chance, said.confidence, said.margin)
    contrasts = compare_measures(found, runs, *plan)
    made = {"measures": summary_table(found, contrasts)}
    made["measure_contrasts"] = tables.table(contrasts, SUMS["measure_contrasts"])
    for name, expected in made.items():
        tables.read(folder / f"{name}.parquet")  # with its checksum
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        if not expected.replace_schema_metadata().equals(stored):
            yield f"{folder / f'{name}.parquet'} does not follow from the tables of the measures"


def _find_faults(name: str, table: pd.DataFrame, runs: pd.DataFrame) -> Iterator[str]:
    """What measure `name` left out of the study's runs or their cells, and what is none of them."""
    finished = runs[runs["status"] == "ok"]
    asked = finished if measures.declaration(name).needs_weights else runs
    key = [*CELL, "seed"] if "seed" in table else CELL
    known, there = _distinct(asked, key), _distinct(table, key)
    first = asked.sort_values("seed").drop_duplicates(CELL)
    needed = _distinct(first, key) if name in FIRST_RUN else known
    cells = {run[:SIZE] for run in there}
    lacking = {run if run[:SIZE] in cells else run[:SIZE] for run in needed - there}
    yield from (f"{_name_run(run)} was not measured" for run in sorted(lacking))
    more = sorted(there - known)
    yield from (f"{_name_run(run)} is no finished run of the study" for run in more)
    if rows := ROWS.get(name):
        own = [run in known for run in _tuples(table, key)]
        yield from _find_row_faults(name, rows, table[own])


def _find_row_faults(name: str, rows: Rows, table: pd.DataFrame) -> Iterator[str]:
    """Which runs or cells of the table lack a row, or have one twice."""
    key = [*CELL, "seed"] if "seed" in table else CELL
    always = {(condition,) for condition in CONDITIONS.get(name, ())}
    for _, group in table.groupby(rows.alike):
        expected = _distinct(group, rows.parts) | always
        for run, own in group.groupby(key):
            result = own[rows.result].notna()
            if "refused" in own:
                result |= own["refused"].notna()
            if lacking := sorted(expected - _distinct(own[result], rows.parts)):
                yield f"{_name_run(run)} has no result of {_list_parts(rows.parts, lacking)}"
            if twice := sorted(_distinct(own[own.duplicated(rows.parts)], rows.parts)):
                yield f"{_name_run(run)} has two results of {_list_parts(rows.parts, twice)}"


def _tuples(table: pd.DataFrame, columns: list[str]) -> list[tuple]:
    """The rows of some columns."""
    return list(table[columns].itertuples(index=False, name=None))


def _distinct(table: pd.DataFrame, columns: list[str]) -> set[tuple]:
    """The distinct rows of some columns."""
    return set(_tuples(table, columns))


def _name_run(run: tuple) -> str:
    """A run or a cell as messages name it: recipe/network/dataset/activation/seed."""
    return "/".join(map(str, run))


def _list_parts(columns: list[str], parts: list[tuple]) -> str:
    """ "layer 2; layer 5" of columns and rows in these."""
    named = [zip(columns, part, strict=True) for part in parts]
    return "; ".join(", ".join(f"{column} {value}" for column, value in part) for part in named)
