"""Tables: the columns that were promised, the same values for every reader, whole or not at all."""

import csv
import json
import math
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activarium import tables
from activarium.runtime import files
from activarium.runtime.errors import UserError

CELL = {"recipe": "adam", "network": "plain", "dataset": "digits", "activation": "gelu"}
TABLES = {name: getattr(tables, name) for name in
          ("RUNS", "EPOCHS", "COSTS", "SUMMARIES", "CONTRASTS")}  # fmt: skip
AWKWARD = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 1.0, 0.30000000000000004]


def run(seed=0, **changed):
    """A row of the table of runs: 11 test images, of which 7 are right."""
    bits = np.array([1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1], np.uint8)
    row = {
        **CELL,
        "seed": seed,
        "status": "ok",
        "test_accuracy": 7 / 11,
        "validation_accuracy": None,
        "n_correct": 7,
        "n_test": 11,
        "correct": np.packbits(bits).tobytes(),
    }
    return row | changed


def diverged(seed):
    none = dict.fromkeys(("test_accuracy", "n_correct", "n_test", "correct"))
    return run(seed, status="diverged", **none)


@pytest.fixture
def runs():
    return tables.table([run(0), diverged(1), run(2, activation='a "b", c')], tables.RUNS)


@pytest.fixture
def parquet(tmp_path, runs):
    tables.write(runs, tmp_path / "runs.parquet")
    return tmp_path / "runs.parquet"


# The columns


def test_the_runs_have_the_columns_that_were_promised():
    key = "recipe network dataset activation seed "
    result = "status test_accuracy validation_accuracy n_correct n_test correct"
    assert " ".join(tables.RUNS.names) == key + result


def test_every_table_opens_with_what_it_is_about():
    for schema in TABLES.values():
        assert schema.names[:4] == ["recipe", "network", "dataset", "activation"]
        assert not any(schema.field(n).nullable for n in schema.names[:4])
    for name in ("RUNS", "EPOCHS", "COSTS"):
        assert TABLES[name].names[:5] == tables.KEY


@pytest.mark.parametrize("name", TABLES)
def test_types_say_what_a_column_is(name):
    for field in TABLES[name]:
        number = pa.types.is_floating(field.type)
        if field.name.endswith(("accuracy", "loss")) or field.name.startswith("p_"):
            assert field.type == pa.float64(), field.name
        if field.name.startswith("n_") or field.name in ("seed", "epoch", "wins", "ties"):
            assert pa.types.is_integer(field.type), field.name
        assert number or pa.types.is_integer(field.type) or field.type in (pa.string(), pa.binary())


@pytest.mark.parametrize("name", TABLES)
def test_accuracies_are_fractions_losses_nats_and_counts_say_of_what(name):
    for field in TABLES[name]:
        unit = (field.metadata or {}).get(b"unit", b"").decode()
        if field.name.endswith("accuracy"):
            assert unit == "fraction"
        if field.name.endswith("loss"):
            assert unit == "nat"
        if field.name.endswith("seconds"):
            assert unit == "s"
        if field.name.startswith("n_"):
            assert unit, field.name


def test_no_table_but_the_costs_holds_what_two_executions_may_differ_in():
    varying = set(tables.COSTS.names) - set(tables.KEY)
    assert {"train_seconds", "host", "started", "commit", "torch", "device"} <= varying
    for name, schema in TABLES.items():
        assert name == "COSTS" or not varying & set(schema.names)


@pytest.mark.parametrize("name", [*TABLES, "RUN_FILE"])
def test_types_units_and_what_may_be_missing_survive_the_file(tmp_path, name):
    schema = getattr(tables, name)
    tables.write(schema.empty_table(), tmp_path / "t.parquet")
    found = pq.read_schema(tmp_path / "t.parquet")
    assert found.equals(schema, check_metadata=False)
    flat = [(f, found.field(f.name)) for f in schema]
    if name == "RUN_FILE":
        flat += zip(schema.field("epochs").type.value_type, found.field("epochs").type.value_type,
                    strict=True)  # fmt: skip
        flat += zip(schema.field("cost").type, found.field("cost").type, strict=True)
    for expected, field in flat:
        unit = (expected.metadata or {}).get(b"unit")
        assert (field.metadata or {}).get(b"unit") == unit, field.name
        assert field.nullable == expected.nullable


# Missing is null


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_what_is_not_finite_becomes_null_at_any_depth(bad):
    metrics = {"epoch": 1, "train_loss": bad, "test_loss": 0.5}
    row = run(test_accuracy=bad, epochs=[metrics], cost={"images_per_second": bad})
    table = tables.table([row], tables.RUN_FILE).to_pylist()[0]
    assert table["test_accuracy"] is None
    assert table["epochs"][0]["train_loss"] is None and table["epochs"][0]["test_loss"] == 0.5
    assert table["cost"]["images_per_second"] is None


def test_a_row_without_its_key_is_never_written(tmp_path):
    row = run()
    del row["seed"]
    with pytest.raises((ValueError, pa.ArrowException)):
        tables.write(tables.table([row], tables.RUNS), tmp_path / "runs.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_column_that_the_table_does_not_have_is_not_dropped_in_silence():
    with pytest.raises(KeyError, match="acuracy"):
        tables.table([run(acuracy=0.5)], tables.RUNS)


# The same table, the same bytes


def test_the_same_table_gives_the_same_bytes(tmp_path, runs):
    for i, rows in enumerate((runs, tables.table(runs.to_pylist(), tables.RUNS))):
        tables.write_both(rows, tmp_path / f"{i}.parquet", tmp_path / f"{i}.csv")
    for ending in ("parquet", "csv"):
        assert (tmp_path / f"0.{ending}").read_bytes() == (tmp_path / f"1.{ending}").read_bytes()


def test_the_bytes_do_not_depend_on_the_pieces_that_a_table_was_made_of(tmp_path):
    bits = np.random.default_rng(0).integers(0, 256, (2000, 1250), np.uint8)
    whole = tables.table((run(i, correct=row.tobytes()) for i, row in enumerate(bits)), tables.RUNS)
    pieces = pa.concat_tables([whole.slice(i, 7) for i in range(0, 2000, 7)])
    assert pieces["seed"].num_chunks == 286
    tables.write(whole, tmp_path / "whole")
    tables.write(pieces, tmp_path / "pieces")
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "pieces").read_bytes()


def test_tables_are_compressed_with_zstd(parquet):
    group = pq.ParquetFile(parquet).metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"ZSTD"}


def test_no_changed_byte_is_ever_read_as_another_value(tmp_path):
    """Every byte of a run's file in turn, one bit of it flipped: refused, or harmless."""
    epochs = [{"epoch": e, "train_loss": 1 / e, "test_loss": None} for e in (1, 2, 3)]
    made = run(epochs=epochs, cost={"train_seconds": 1.5, "device": "cpu"})
    path, refused = tmp_path / "0.parquet", 0
    tables.write_run(tables.table([made], tables.RUN_FILE), path)
    whole, expected = path.read_bytes(), tables.read_run(path)
    for i in range(0, len(whole), 5):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :])
        try:
            found = tables.read_run(path)
            assert found.equals(expected), f"byte {i} of {len(whole)}"
        except tables.DAMAGED:
            refused += 1
    assert refused > len(whole) / 20


# Every reader sees the same


def values(rows):
    """Rows as plain tuples, whatever library read them."""
    missing = lambda v: v is None or v is pd.NA or (isinstance(v, float) and math.isnan(v))  # noqa: E731
    return [tuple(None if missing(v) else v for v in row) for row in rows]


def test_pandas_polars_and_duckdb_read_the_same_values(parquet, runs):
    expected = values(tuple(row.values()) for row in runs.to_pylist())
    frame = pd.read_parquet(parquet)
    assert values(frame.itertuples(index=False, name=None)) == expected
    assert values(pl.read_parquet(parquet).rows()) == expected
    assert values(duckdb.sql(f"select * from '{parquet}'").fetchall()) == expected
    for names in (list(frame), pl.read_parquet(parquet).columns):
        assert names == tables.RUNS.names


def test_the_nested_epochs_of_a_runs_file_are_read_by_all_three(tmp_path):
    epochs = [{"epoch": e, "train_loss": 1 / e, "test_loss": None} for e in (1, 2, 3)]
    path = tmp_path / "0.parquet"
    row = run(epochs=epochs, cost={"train_seconds": 1.5})
    tables.write(tables.table([row], tables.RUN_FILE), path)
    losses = [1.0, 0.5, 1 / 3]
    assert [e["train_loss"] for e in pd.read_parquet(path)["epochs"][0]] == losses
    polars = pl.read_parquet(path)["epochs"].explode().struct.field("train_loss")
    assert polars.to_list() == losses
    sql = f"select unnest(epochs, recursive := true) from '{path}'"
    assert duckdb.sql(sql).to_df()["train_loss"].tolist() == losses


def test_the_packed_bits_unpack_to_the_number_that_is_correct(parquet):
    row = pd.read_parquet(parquet).iloc[0]
    bits = np.unpackbits(np.frombuffer(row["correct"], np.uint8), count=int(row["n_test"]))
    assert bits.tolist() == [1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1]
    assert bits.sum() == row["n_correct"]


# CSV


def test_the_csv_has_every_column_but_the_bits(tmp_path, runs):
    tables.write_csv(runs, tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [n for n in tables.RUNS.names if n != "correct"]
    assert [row[3] for row in rows] == ["gelu", "gelu", 'a "b", c']
    assert rows[1][5:] == ["diverged", "", "", "", ""], "missing is empty"


def test_the_csv_says_every_number_exactly(tmp_path):
    rows = [run(i, test_accuracy=v) for i, v in enumerate(AWKWARD)]
    rows.append(run(2**63 - 1))
    tables.write_csv(tables.table(rows, tables.RUNS), tmp_path / "runs.csv")
    lines = list(csv.DictReader((tmp_path / "runs.csv").open(encoding="utf-8")))
    found = [float(line["test_accuracy"]) for line in lines[:-1]]
    assert list(map(repr, found)) == list(map(repr, AWKWARD))
    assert int(lines[-1]["seed"]) == 2**63 - 1


def test_pandas_polars_and_duckdb_read_the_csv_alike(tmp_path, runs):
    path = tmp_path / "runs.csv"
    tables.write_csv(runs, path)
    frames = [pd.read_csv(path), pl.read_csv(path).to_pandas(), duckdb.read_csv(str(path)).to_df()]
    for column in ("activation", "seed", "status", "test_accuracy", "n_correct"):
        read = [values(zip(frame[column].tolist(), strict=True)) for frame in frames]
        assert read[0] == read[1] == read[2], column


# Whole or not at all


class Interrupted(BaseException):
    """As a keyboard interrupt."""


@pytest.mark.parametrize("error", [OSError, ValueError, Interrupted])
def test_a_write_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path, error):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(error), files.atomic(path) as temporary:
        temporary.write_text("half of the n")
        assert temporary.parent == path.parent and temporary.name.startswith(".")
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ["a"] and path.read_text() == "old"


def test_a_file_that_was_never_written_is_an_error_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), files.atomic(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch, runs):
    def full(table, path, **_):
        Path(path).write_bytes(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="space"):
        tables.write(runs, tmp_path / "runs.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_written_file_replaces_the_old_one_at_once(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    files.write_text(path, "eins\n")
    old = path.open(encoding="utf-8")
    files.write_text(path, "zwei ✓\n")
    with old:
        assert old.read() == "eins\n", "who reads the old file reads it to its end"
    assert path.read_text(encoding="utf-8") == "zwei ✓\n"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


# JSON


def test_json_is_read_as_it_was_written_and_its_checksum_stands_last(tmp_path):
    path, value = tmp_path / "a.json", {"b": [1 / 3, None, "ü"], "a": {"x": math.inf, "y": -0.0}}
    files.write_json(path, value)
    assert files.read_json(path) == value and list(files.read_json(path)) == ["b", "a"]
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["b", "a", "sha256"]


def test_no_changed_byte_of_json_is_ever_read_as_another_value(tmp_path):
    """Every bit of a file in turn flipped, and every byte cut off: refused, or harmless."""
    path, value = tmp_path / "a.json", {"low": 0.125, "n": 10, "none": None, "word": "gelü"}
    files.write_json(path, value)
    whole, refused = path.read_bytes(), 0
    flips = [
        whole[:i] + bytes([whole[i] ^ 1 << bit]) + whole[i + 1 :]
        for i in range(len(whole))
        for bit in range(8)
    ]
    for changed in [*flips, *(whole[:i] for i in range(len(whole)))]:
        path.write_bytes(changed)
        try:
            assert files.read_json(path) == value, changed
        except UserError as refusal:
            assert f"rm -f {path}" in str(refusal) and "\n" not in str(refusal)
            refused += 1
    assert refused > 0.9 * len(flips)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"a": 1}', "null"])
def test_json_without_a_checksum_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError, match=r"a\.json cannot be read .*; rebuild it: rm -f"):
        files.read_json(tmp_path / "a.json")


def test_what_older_versions_did_not_have_is_null_and_all_else_must_be_there():
    older = pa.table({name: pa.array([], tables.COSTS.field(name).type) for name in
                      tables.COSTS.names if name not in ("code", "reused_from")})  # fmt: skip
    assert tables.fit_schema(older, tables.COSTS).schema.names == tables.COSTS.names
    with pytest.raises(KeyError, match="torch"):
        tables.fit_schema(older.drop_columns("torch"), tables.COSTS)
