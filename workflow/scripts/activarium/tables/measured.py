"""The tables of measurements: each measure's own, and what all of them sum up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from .. import measures, tables
from ..runtime.files import unreadable_error

CELL = tables.KEY[:-1]


def measure_schema(name: str) -> pa.Schema:
    """The schema of the table of measure `name`: the cell, then the file's own columns."""
    own = [
        pa.field(column, getattr(pa, kind)(), metadata={"unit": unit} if unit else None)
        for column, (kind, unit) in measures.declaration(name).columns.items()
    ]
    return pa.schema([*(tables.RUNS.field(column) for column in CELL), *own])


def cell_table(name: str, cell: Mapping[str, str], rows: Iterable[Mapping]) -> pa.Table:
    """What measure `name` found of a cell, {recipe, network, dataset, activation}, as a table."""
    return tables.table([{**cell, **row} for row in rows], measure_schema(name))


def read_measure(name: str, file: Path | str) -> pa.Table:
    """The table of measure `name`, of one cell or of a whole study.

    Raises UserError that names a file that is damaged, or has other columns.
    """
    return _read(file, measure_schema(name))


def read_measure_costs(files: Iterable[Path | str]) -> pa.Table:
    """The rows of `tables.MEASURE_COSTS` in these files, in their order.

    Raises UserError that names a damaged file.
    """
    found = [_read(file, tables.MEASURE_COSTS) for file in files]
    return pa.concat_tables([tables.MEASURE_COSTS.empty_table(), *found]).combine_chunks()


def _read(file: Path | str, schema: pa.Schema) -> pa.Table:
    try:
        table = tables.verify_checksum(pa.parquet.read_table(file, partitioning=None))
        return tables.fit_schema(table, schema)
    except tables.DAMAGED as error:
        raise unreadable_error(file, error) from error


def read_measures(files: Iterable[Path | str]) -> dict[str, pa.Table]:
    """{measure: its table} of the files of cells, {measure}/{cell}.parquet, in their order.

    Raises UserError that names a damaged file.
    """
    found = defaultdict(list)
    for file in files:
        name = Path(file).parts[-5]
        found[name].append(read_measure(name, file))
    return {name: pa.concat_tables(parts).combine_chunks() for name, parts in found.items()}


def summary_table(found: Mapping[str, pa.Table], contrasts: Iterable[Mapping]) -> pa.Table:
    """What each measure's file sums up of its table, with the contrasts, in `tables.MEASURES`.

    `contrasts` are rows of `compare.measured_accuracy`. A failed run scores the accuracy of
    guessing there.
    """
    compared = {
        (*(row[c] for c in CELL), row["measure"], row["quantity"], row["condition"]): row
        for row in contrasts
        if row["failures"] == "chance"
    }
    rows = []
    for name, table in found.items():
        summarise = measures.load(name).summarise
        for cell, group in table.to_pandas().groupby(CELL, sort=True):
            for row in summarise(group):
                key = (*cell, name, row["quantity"], row.get("part"))
                rows.append(dict(zip(CELL, cell, strict=True)) | {"measure": name} | row)
                rows[-1] |= _differences(compared.get(key))
    return tables.table(rows, tables.MEASURES)


def _differences(contrast):
    """The columns of a contrast that the summary shows."""
    columns = ("mean_diff", "low", "high", "verdict")
    return {column: contrast[column] for column in columns} if contrast else {}


def summarise_accuracies(table: pd.DataFrame, baseline: str) -> list[dict]:
    """The quantities accuracy and change of one cell's rows with seed, condition and accuracy.

    The change is from the condition `baseline`, of the same run.
    """
    by_seed = table.pivot(index="seed", columns="condition", values="accuracy")
    changes = by_seed.sub(by_seed[baseline], axis=0).drop(columns=baseline)
    shown = {"accuracy": by_seed, "change": changes}
    return [
        {"quantity": quantity, "part": condition} | describe_values(frame[condition])
        for quantity, frame in shown.items()
        for condition in dict.fromkeys(table["condition"])
        if condition in frame
    ]


def describe_values(values: pd.Series) -> dict:
    """{value, spread, n}: mean and standard deviation of what is there, one number a seed."""
    there = values.dropna()
    return {"value": there.mean(), "spread": there.std(), "n": len(there)}
