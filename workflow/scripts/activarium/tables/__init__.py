"""The tables: their columns, types and units, and how they are written and read.

Accuracies are fractions, missing is null and never NaN. What two correct executions may differ
in (durations, device, versions) stands in `COSTS` alone, so that the other tables can be
compared byte by byte.
"""

import hashlib
import json
import math

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ..runtime.files import atomic, unreadable


def _field(name, type_, unit=None, nullable=True):
    return pa.field(name, type_, nullable, {"unit": unit} if unit else None)


_CELL = [_field(n, pa.string(), nullable=False) for n in
         ("recipe", "network", "dataset", "activation")]  # fmt: skip
_KEY = [*_CELL, _field("seed", pa.int64(), nullable=False)]

_METRICS = [
    _field("epoch", pa.int32(), nullable=False),
    _field("learning_rate", pa.float64()),
    _field("train_loss", pa.float64(), "nat"),
    _field("train_accuracy", pa.float64(), "fraction"),
    _field("validation_loss", pa.float64(), "nat"),
    _field("validation_accuracy", pa.float64(), "fraction"),
    _field("test_loss", pa.float64(), "nat"),
    _field("test_accuracy", pa.float64(), "fraction"),
]

_RESULT = [
    _field("status", pa.string(), nullable=False),
    _field("test_accuracy", pa.float64(), "fraction"),
    _field("validation_accuracy", pa.float64(), "fraction"),
    _field("n_correct", pa.int64(), "images"),
    _field("n_test", pa.int64(), "images"),
    _field("correct", pa.binary(), "bit per test image, most significant first"),
]

_COST = [
    _field("train_seconds", pa.float64(), "s"),  # a CPU's own; of a GPU its share
    _field("evaluate_seconds", pa.float64(), "s"),
    _field("images", pa.int64(), "training images seen"),
    _field("images_per_second", pa.float64(), "1/s"),
    _field("saved_bytes_per_element", pa.float64(), "B"),  # cost.saved_bytes of the activation
    _field("device", pa.string()),
    _field("device_name", pa.string()),
    _field("instruction_set", pa.string()),
    _field("threads", pa.int32()),
    _field("host", pa.string()),
    _field("started", pa.string(), "UTC"),
    _field("python", pa.string()),
    _field("torch", pa.string()),
    _field("commit", pa.string()),
]

KEY = [field.name for field in _KEY]
RUNS = pa.schema([*_KEY, *_RESULT])
EPOCHS = pa.schema([*_KEY, *_METRICS])
COSTS = pa.schema([*_KEY, *_COST])
_EPOCHS = pa.list_(pa.field("element", pa.struct(_METRICS)))  # Parquet's own word for an item
RUN_FILE = pa.schema([*RUNS, _field("epochs", _EPOCHS), _field("cost", pa.struct(_COST))])

SUMMARIES = pa.schema(
    [
        *_CELL,
        _field("n_ok", pa.int64(), "runs"),
        _field("n_failed", pa.int64(), "runs"),
        *(_field(n, pa.float64(), "fraction") for n in ("mean", "sd", "median", "low", "high")),
        *(_field(n, pa.int64()) for n in ("rank_low", "rank_high")),
    ]
)
CONTRASTS = pa.schema(
    [
        *_CELL,
        _field("control", pa.string(), nullable=False),
        _field("failures", pa.string(), nullable=False),
        _field("n_pairs", pa.int64(), "pairs"),
        *(_field(n, pa.float64(), "fraction") for n in ("mean_diff", "sd_diff", "low", "high")),
        *(_field(f"{n}_simultaneous", pa.float64(), "fraction") for n in ("low", "high")),
        *(_field(f"p_{n}", pa.float64(), "probability") for n in ("t", "t_holm")),
        *(_field(f"p_max_t{n}", pa.float64(), "probability") for n in ("", "_study")),
        *(_field(f"p_wilcoxon{n}", pa.float64(), "probability") for n in ("", "_holm")),
        *(_field(f"p_{n}", pa.float64(), "probability") for n in ("signflip", "tost", "tost_holm")),
        _field("p_superior", pa.float64(), "probability"),
        _field("cliffs_delta", pa.float64()),
        *(_field(n, pa.int64(), "pairs") for n in ("wins", "ties", "losses")),
        _field("verdict", pa.string(), nullable=False),
    ]
)
PROFILES = pa.schema(
    [
        _field("activation", pa.string(), nullable=False),
        _field("property", pa.string(), nullable=False),
        *(_field(n, pa.float64(), "rounded outwards") for n in ("low", "high")),
        *(_field(n, pa.string(), "decimal") for n in ("low_decimal", "high_decimal")),
        _field("word", pa.string()),
        _field("refused", pa.string()),
    ]
)


def table(rows, schema):
    """A pyarrow table of `rows` (dicts) in `schema`; floats that are not finite become null.

    Raises KeyError for a column that the schema does not have: it would be lost unseen.
    """
    rows = list(rows)
    unknown = {name for row in rows for name in row}.difference(schema.names)
    if unknown:
        raise KeyError(f"no column {', '.join(sorted(unknown))}")
    return pa.Table.from_pylist(finite(rows), schema=schema)


def finite(value):
    """`value` with null for every float in it, at any depth, that is not finite."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write(table, path):
    """`table` into a Parquet file, atomically; the same table gives the same bytes."""
    with atomic(path) as temporary:
        pq.write_table(table.combine_chunks(), temporary, compression="zstd")


def write_run(table, path):
    """As `write`, with a checksum of the values: Parquet reads many a flipped bit as a number."""
    write(table.replace_schema_metadata({**_metadata(table), b"sha256": _sha256(table)}), path)


def read_run(path):
    """The table that `write_run` wrote, in RUN_FILE; one of DAMAGED where that cannot be had."""
    with pq.ParquetFile(path) as file:  # half of read_table's time, which counts in thousands
        table = file.read(use_threads=False)
    return checked(table.cast(RUN_FILE).replace_schema_metadata(table.schema.metadata))


def has_checksum(table):
    """Whether `write_run` wrote `table`."""
    return b"sha256" in _metadata(table)


def checked(table):
    """`table`, whose values are those that its checksum was made from; else a ValueError."""
    if _metadata(table).get(b"sha256") != _sha256(table):
        raise ValueError("its values do not match its checksum")
    return table


def read(path):
    """The DataFrame of a table of the study; UserError names the file where it is damaged."""
    try:
        checked(pq.read_table(path, partitioning=None))
        return pd.read_parquet(path)
    except DAMAGED as error:
        raise unreadable(path, error) from error


DAMAGED = (OSError, ValueError, KeyError, pa.ArrowException)  # what a broken file may end in


def _metadata(table):
    return dict(table.schema.metadata or {})


def _sha256(table):
    """Of the values as people would write them, whatever Arrow's version and layout."""
    text = json.dumps(table.to_pylist(), default=bytes.hex)
    return hashlib.sha256(text.encode()).hexdigest().encode()


def write_csv(table, path):
    """`table` into a CSV file without its binary columns, atomically."""
    plain = [f.name for f in table.schema if not pa.types.is_binary(f.type)]
    with atomic(path) as temporary:
        pyarrow.csv.write_csv(table.select(plain), temporary)


def write_both(table, parquet, csv):
    """The same table as Parquet, with a checksum of its values, and as CSV."""
    write_run(table, parquet)
    write_csv(table, csv)
