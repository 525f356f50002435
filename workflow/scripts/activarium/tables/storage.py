"""How tables are made, written and read: whole files, with a checksum of their values."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ..runtime.files import atomic, unreadable_error
from .schemas import ADDED, RUN_FILE

DAMAGED = (OSError, ValueError, KeyError, pa.ArrowException)  # what a broken file may raise


def table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """A pyarrow table of `rows` (dicts) in `schema`; floats that are not finite become null.

    Raises KeyError for a column that the schema does not have: it would be lost unseen.
    """
    rows = list(rows)
    unknown = {name for row in rows for name in row}.difference(schema.names)
    if unknown:
        raise KeyError(f"no column {', '.join(sorted(unknown))}")
    return pa.Table.from_pylist(finite(rows), schema=schema)


def finite(value: Any) -> Any:
    """`value` with null for every float in it, at any depth, that is not finite."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write(table: pa.Table, path: Path | str) -> None:
    """`table` into a Parquet file, atomically; the same table gives the same bytes."""
    with atomic(path) as temporary:
        pq.write_table(table.combine_chunks(), temporary, compression="zstd")


def write_run(table: pa.Table, path: Path | str) -> None:
    """As `write`, with a checksum of the values: Parquet reads many flipped bits as numbers."""
    write(table.replace_schema_metadata({**_metadata(table), b"sha256": _sha256(table)}), path)


def read_run(path: Path | str) -> pa.Table:
    """The table that `write_run` wrote, in RUN_FILE; raises one of DAMAGED where it is broken.

    What was learned is null in a file of an older version, which had no such column.
    """
    with pq.ParquetFile(path) as file:  # half of read_table's time, which counts in thousands
        table = verify_checksum(file.read(use_threads=False))
    return fit_schema(table, RUN_FILE).replace_schema_metadata(table.schema.metadata)


def has_checksum(table: pa.Table) -> bool:
    """Whether `write_run` wrote `table`."""
    return b"sha256" in _metadata(table)


def verify_checksum(table: pa.Table) -> pa.Table:
    """`table` itself; ValueError where its values do not match its checksum."""
    if _metadata(table).get(b"sha256") != _sha256(table):
        raise ValueError("its values do not match its checksum")
    return table


def fit_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`, without metadata; null in those that older versions did not have.

    Raises KeyError for any other column that is missing.
    """
    for name in ADDED:
        if name in schema.names and name not in table.column_names:
            field = schema.field(name)
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.replace_schema_metadata().select(schema.names).cast(schema)


def read(path: Path | str) -> pd.DataFrame:
    """The DataFrame of a table of the study; UserError names the file where it is damaged."""
    try:
        verify_checksum(pq.read_table(path, partitioning=None))
        return pd.read_parquet(path)
    except DAMAGED as error:
        raise unreadable_error(path, error) from error


def _metadata(table: pa.Table) -> dict[bytes, bytes]:
    return dict(table.schema.metadata or {})


def _sha256(table: pa.Table) -> bytes:
    """Of the values as people would write them, whatever Arrow's version and layout."""
    text = json.dumps(table.to_pylist(), default=bytes.hex)
    return hashlib.sha256(text.encode()).hexdigest().encode()


def write_csv(table: pa.Table, path: Path | str) -> None:
    """`table` into a CSV file without its binary columns, atomically."""
    plain = [f.name for f in table.schema if not pa.types.is_binary(f.type)]
    with atomic(path) as temporary:
        pyarrow.csv.write_csv(table.select(plain), temporary)


def write_both(table: pa.Table, parquet: Path | str, csv: Path | str) -> None:
    """The same table as Parquet, with a checksum of its values, and as CSV."""
    write_run(table, parquet)
    write_csv(table, csv)
