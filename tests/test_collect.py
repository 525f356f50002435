"""Collecting: every run that a study declares, or none; what is broken is named with a way out."""

import io
import json
import random

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from activarium import tables
from activarium.runtime.errors import open_log
from activarium.tables import collect
from activarium.tables.collect import CollectError

CELL = {"recipe": "adam", "network": "plain", "dataset": "digits", "activation": "gelu"}


def row(activation="gelu", seed=0, epochs=2, status="ok"):
    """A run's row; its numbers tell runs apart."""
    score = 0.5 + seed / 100
    cost = {"train_seconds": 1.0 + seed, "images": 96, "device": "cpu", "torch": "2.14.1"}
    counts = {"n_correct": 50 + seed, "n_test": 100, "correct": b"\xaa" * 13}
    result = {"test_accuracy": score, **counts}
    metrics = [{"epoch": e, "train_loss": 1 / e, "test_accuracy": score} for e in
               range(1, epochs + 1)]  # fmt: skip
    key = {**CELL, "activation": activation, "seed": seed, "status": status}
    return {**key, **(result if status == "ok" else {}), "epochs": metrics, "cost": cost}


def put(folder, run):
    """Write a run where it belongs; its path."""
    path = folder.joinpath("runs", *(run[n] for n in CELL), f"{run['seed']}.parquet")
    tables.write_run(tables.table([run], tables.RUN_FILE), path)
    return path


@pytest.fixture
def files(tmp_path):
    """Six runs: two activations, seeds 0, 1 and 10; relu's seed 1 diverged in its first epoch."""
    failed = row("relu", 1, epochs=0, status="diverged")
    runs = [row("relu", 10), row("relu", 0), failed, *(row("gelu", s) for s in (10, 0, 1))]
    return [put(tmp_path, run) for run in runs]


def refusal(files):
    with pytest.raises(CollectError) as error:
        collect.collect(files)
    message = str(error.value)
    file = message.split()[0]
    assert "\n" not in message and message.endswith(f"{file}, then start again")
    assert "rebuild it: rm " in message
    return message


# The three tables


def test_every_run_is_one_row_in_the_order_of_its_key(files):
    runs, epochs, costs = collect.collect(files)
    keys = [("gelu", 0), ("gelu", 1), ("gelu", 10), ("relu", 0), ("relu", 1), ("relu", 10)]
    for table in (runs, costs):
        assert [(r["activation"], r["seed"]) for r in table.to_pylist()] == keys
    assert runs.schema.equals(tables.RUNS, check_metadata=True)
    assert epochs.schema.equals(tables.EPOCHS, check_metadata=True)
    assert costs.schema.equals(tables.COSTS, check_metadata=True)


def test_no_value_of_a_run_is_lost_or_goes_to_another_run(files):
    runs, epochs, costs = (table.to_pylist() for table in collect.collect(files))
    for run, cost in zip(runs, costs, strict=True):
        ok = run["status"] == "ok"
        made = row(run["activation"], run["seed"], 2 if ok else 0, run["status"])
        assert {n: run[n] for n in tables.RUNS.names} == {n: made.get(n) for n in tables.RUNS.names}
        assert cost["train_seconds"] == 1.0 + run["seed"]
        mine = [e for e in epochs if all(e[n] == run[n] for n in tables.KEY)]
        assert [e["epoch"] for e in mine] == ([1, 2] if ok else [])
        assert all(e["test_accuracy"] == run["test_accuracy"] for e in mine)


def test_a_diverged_run_is_a_row_and_its_epochs_are_those_it_had(files):
    runs, epochs, _ = collect.collect(files)
    failed = [r for r in runs.to_pylist() if r["status"] == "diverged"]
    assert [(r["activation"], r["seed"], r["test_accuracy"]) for r in failed] == [("relu", 1, None)]
    assert len(epochs) == 10


def test_the_order_of_the_files_changes_no_byte(tmp_path, files):
    for i in range(2):
        random.Random(i).shuffle(files)
        for name, table in zip("rec", collect.collect(files), strict=True):
            tables.write_both(table, tmp_path / f"{name}{i}.parquet", tmp_path / f"{name}{i}.csv")
    for name in "rec":
        for ending in ("parquet", "csv"):
            first, second = (tmp_path / f"{name}{i}.{ending}" for i in range(2))
            assert first.read_bytes() == second.read_bytes()


def test_only_the_costs_change_with_the_machine(files):
    before = collect.collect(files)
    slower = row("gelu", 0)
    slower["cost"] |= {"train_seconds": 99.0, "host": "elsewhere", "torch": "2.11.0"}
    put(files[0].parents[5], slower)
    after = collect.collect(files)
    assert [a.equals(b) for a, b in zip(before, after, strict=True)] == [True, True, False]


def test_a_study_of_one_diverged_run_is_three_tables(tmp_path):
    runs, epochs, costs = collect.collect([put(tmp_path, row(epochs=0, status="diverged"))])
    assert (len(runs), len(epochs), len(costs)) == (1, 0, 1)


def test_guessing_is_the_largest_class_of_the_images_that_runs_were_tested_on(tmp_path):
    told, gone = tmp_path / "mine.json", tmp_path / "gone.json"
    told.write_text(json.dumps({"classes": 2, "majority": 0.9, "sha256": ""}))
    assert collect.chance([told, gone]) == {"mine": 0.9}


def test_provenance_counts_what_the_runs_were_trained_on(files):
    found = collect.provenance(collect.collect(files)[2])
    assert found["torch"] == {"2.14.1": 6} and found["device"] == {"cpu": 6}
    assert "host" not in found and "started" not in found


def test_the_tables_are_pandas_own_types(tmp_path, files):
    tables.write(collect.collect(files)[0], tmp_path / "runs.parquet")
    frame = pd.read_parquet(tmp_path / "runs.parquet")
    assert frame["test_accuracy"].dtype == "float64" and frame["seed"].dtype == "int64"
    assert frame["test_accuracy"].isna().sum() == 1


# All runs or no table


def test_a_run_that_is_gone_is_named_with_the_way_out(files):
    files[3].unlink()
    way_out = f"rebuild it: rm -f {files[3]}, then start again"
    assert refusal(files) == f"{files[3]} is gone; {way_out}"


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_run_that_was_cut_off_is_named(files, share):
    whole = files[2].read_bytes()
    files[2].write_bytes(whole[: int(share * len(whole))])
    assert refusal(files).startswith(f"{files[2]} cannot be read (")


def test_a_run_whose_values_were_changed_is_named(files):
    """A whole and readable file, in which one number is another one."""
    changed = tables.read_run(files[4]).to_pylist()
    changed[0]["n_correct"] += 1
    forged = tables.table(changed, tables.RUN_FILE)
    tables.write(forged.replace_schema_metadata(pq.read_schema(files[4]).metadata), files[4])
    assert refusal(files).startswith(f"{files[4]} cannot be read (its values do not match its ch")


def test_a_run_with_a_changed_byte_is_named_or_read_as_it_was(files):
    """200 bytes of the file in turn, each with one bit flipped."""
    whole, expected, refused = files[1].read_bytes(), collect.read_run(files[1]), 0
    for i in random.Random(0).sample(range(len(whole)), 200):
        files[1].write_bytes(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :])
        try:
            assert collect.read_run(files[1]).equals(expected), f"byte {i}"
        except CollectError as error:
            assert str(files[1]) in str(error)
            refused += 1
    assert refused > 50


def test_a_file_that_is_no_parquet_file_is_named(files):
    files[0].write_text("<html>")
    assert refusal(files).startswith(f"{files[0]} cannot be read (")


def test_a_folder_in_a_runs_place_is_named(files):
    files[0].unlink()
    files[0].mkdir()
    assert refusal(files).startswith(f"{files[0]} ")


def test_a_run_with_other_columns_is_named(files):
    tables.write_run(pa.table({"seed": [0]}), files[0])
    assert refusal(files).startswith(f"{files[0]} cannot be read (")


@pytest.mark.parametrize("foreign", [row("gelu", 7), row("relu", 0), {**row(), "recipe": "sgd"}])
def test_a_run_in_another_ones_place_is_named(files, foreign):
    tables.write_run(tables.table([foreign], tables.RUN_FILE), files[4])  # gelu, seed 0
    assert refusal(files).startswith(f"{files[4]} holds another run than its name says; ")


@pytest.mark.parametrize("n", [0, 2])
def test_a_file_of_no_run_or_of_two_is_named(files, n):
    tables.write_run(tables.table([row()] * n, tables.RUN_FILE), files[4])
    assert "holds another run than its name says" in refusal(files)


# What ends a job stands in its log


def test_a_refusal_ends_a_job_in_one_line_that_also_stands_in_the_log(tmp_path):
    with pytest.raises(SystemExit) as ended, open_log(tmp_path / "log") as log:
        print("an epoch", file=log)
        raise CollectError("a is gone")
    assert ended.value.code == "a is gone"
    assert (tmp_path / "log").read_text() == "an epoch\na is gone\n"


def test_any_other_error_ends_a_job_with_its_traceback_in_the_log(tmp_path):
    with pytest.raises(ZeroDivisionError), open_log(tmp_path / "log"):
        raise ZeroDivisionError("x")
    assert "Traceback" in (tmp_path / "log").read_text()


def test_a_job_that_ends_well_leaves_an_empty_log(tmp_path):
    with open_log(tmp_path / "log") as log:
        assert isinstance(log, io.TextIOBase)
    assert (tmp_path / "log").read_text() == ""
