"""Checks of what a submitted study measured: is it all there, and do its sums follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from .. import measures, tables
from ..compare.measured_accuracy import compare_measures
from ..tables.measured import CELL, read_measure, summary_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from ..study import Study

SUMS = {"measures": tables.MEASURES, "measure_contrasts": tables.MEASURE_CONTRASTS}


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
    for name, table in found.items():
        if fault := _find_fault(name, table.to_pandas(), runs):
            yield f"{folder / f'{name}.parquet'}: {fault}"
    plan = (said.control, chance, said.confidence, said.margin)
    contrasts = compare_measures(found, runs, *plan)
    made = {"measures": summary_table(found, contrasts)}
    made["measure_contrasts"] = tables.table(contrasts, SUMS["measure_contrasts"])
    for name, expected in made.items():
        tables.read(folder / f"{name}.parquet")  # with its checksum
        stored = pq.read_table(folder / f"{name}.parquet").replace_schema_metadata()
        if not expected.replace_schema_metadata().equals(stored):
            yield f"{folder / f'{name}.parquet'} does not follow from the tables of the measures"


def _find_fault(name: str, table: pd.DataFrame, runs: pd.DataFrame) -> str | None:
    """Which cell of the runs was not measured, or what was that is no finished run; else None."""
    finished = runs[runs["status"] == "ok"]
    asked = finished if measures.declaration(name).needs_weights else runs
    cells = {tuple(cell) for cell in asked[CELL].to_numpy()}
    there = {tuple(cell) for cell in table[CELL].to_numpy()}
    if lacking := sorted(cells - there):
        return f"{'/'.join(lacking[0])} was not measured"
    key = [*CELL, "seed"] if "seed" in table else CELL
    known = {tuple(run) for run in asked[key].to_numpy()}
    more = sorted(run for run in map(tuple, table[key].to_numpy()) if run not in known)
    return f"{'/'.join(map(str, more[0]))} is no finished run of the study" if more else None
