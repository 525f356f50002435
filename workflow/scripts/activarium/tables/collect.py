"""Collects the files of many runs into the tables runs, epochs and costs."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from .. import tables
from ..data import prepare
from ..runtime.errors import UserError, first_line


class CollectError(UserError):
    """Runs that cannot be made a table; the message names the files and the way out."""


def collect(files: Iterable[Path | str]) -> tuple[pa.Table, pa.Table, pa.Table]:
    """`split_tables` of the runs' own `files`, every one that the study declares."""
    return split_tables(read_runs(files))


def read_runs(files: Iterable[Path | str]) -> pa.Table:
    """The runs' own files as one table in `tables.RUN_FILE`.

    Raises CollectError naming the first one that is missing or cannot be read.
    """
    return pa.concat_tables([read_run(file) for file in files])


def learned_table(whole: pa.Table) -> pa.Table:
    """What the runs in a table of `tables.RUN_FILE` have learned, in `tables.LEARNED`."""
    keys = whole.select(tables.KEY)
    return in_order(_unnested(keys, whole["learned"].combine_chunks(), tables.LEARNED))


def split_tables(whole: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """(runs, epochs, costs) in `tables.RUNS`, `EPOCHS` and `COSTS` of one in `tables.RUN_FILE`."""
    keys = whole.select(tables.KEY)
    epochs = _unnested(keys, whole["epochs"].combine_chunks(), tables.EPOCHS)
    cost = whole["cost"].combine_chunks()
    taken = pa.nulls(len(whole), pa.string())
    costs = pa.table([*keys.columns, *cost.flatten(), taken], schema=tables.COSTS)
    return in_order(whole.select(tables.RUNS.names)), in_order(epochs), in_order(costs)


def read_run(file: Path | str) -> pa.Table:
    """One run's file as a one-row table in `tables.RUN_FILE`.

    Raises CollectError where it cannot be read, or holds another run than its path names.
    """
    try:
        table = tables.read_run(file).replace_schema_metadata()
    except tables.DAMAGED as error:
        reason = "is gone" if not Path(file).exists() else f"cannot be read ({first_line(error)})"
        raise CollectError(
            f"{file} {reason}; rebuild it: rm -f {file}, then start again"
        ) from error
    row = table.select(tables.KEY).to_pylist()
    from_path = [*Path(file).parts[-5:-1], Path(file).stem]
    if len(row) != 1 or [str(v) for v in row[0].values()] != from_path:
        raise CollectError(
            f"{file} holds another run than its name says; rebuild it: rm {file}, then start again"
        )
    return table


def _unnested(keys: pa.Table, lists: pa.ListArray, schema: pa.Schema) -> pa.Table:
    """The rows of a list column, each with the key of the row that it came from."""
    parents = keys.take(pc.list_parent_indices(lists))
    return pa.table([*parents.columns, *lists.flatten().flatten()], schema=schema)


def in_order(table: pa.Table) -> pa.Table:
    """The rows by key, and by epoch or layer where there are such."""
    order = [(name, "ascending") for name in tables.KEY]
    order += [(n, "ascending") for n in ("epoch", "layer") if n in table.schema.names]
    return table.sort_by(order).combine_chunks()


def chance(descriptions: Iterable[Path | str]) -> dict[str, float]:
    """{data set: the accuracy of guessing}, from those of the description files that exist."""
    found = (Path(file) for file in descriptions)
    return {p.stem: prepare.chance(prepare.description(p)) for p in found if p.exists()}


def image_checksums(descriptions: Iterable[Path | str]) -> dict[str, str]:
    """{data set: the checksum of its images}, from those of the description files that exist."""
    found = (Path(file) for file in descriptions)
    return {p.stem: prepare.description(p)["sha256"] for p in found if p.exists()}


def provenance(costs: pa.Table) -> dict[str, dict[str, int]]:
    """What the runs were trained on, as {column: {value: number of runs}}, for people to read."""
    columns = ("device", "device_name", "instruction_set", "threads", "python", "torch", "commit")
    counted = {c: Counter(map(str, costs[c].to_pylist())) for c in columns}
    return {c: dict(sorted(n.items())) for c, n in counted.items()}
