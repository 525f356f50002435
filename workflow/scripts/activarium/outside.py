"""Runs from outside: tables of results made elsewhere, checked row by row and put in our columns.

Needed are the columns dataset, activation, seed, test_accuracy (a fraction) and status ("ok" or
"diverged"); recipe, network, n_correct, n_test and the other columns of `tables.RUNS` are used
where they are there, and every other column is ignored.
"""

from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from . import tables
from .collect import CollectError, in_order
from .refusal import first_line

NEEDED = ("dataset", "activation", "seed", "test_accuracy", "status")
NAMES = ("recipe", "network", "dataset", "activation")
UNNAMED = "unnamed"  # the one recipe or network of a table that has no such column
NUMBERS = ("test_accuracy", "validation_accuracy", "n_correct", "n_test")


def read(files, control):
    """(runs, epochs, costs) as pyarrow tables in `tables.RUNS`, `EPOCHS`, `COSTS`.

    `files` are CSV or Parquet tables, joined; some row must be of the activation `control`.
    Beside a file that is called runs.parquet, as ours are, epochs.parquet and costs.parquet are
    read too where they are there. Raises CollectError naming the file, the rows (counted from 1)
    and what to do.
    """
    frames = [_checked(_frame(file), file) for file in files]
    whole = pd.concat(frames, ignore_index=True)
    _refuse(whole, whole.duplicated(tables.KEY, keep=False), "the same run twice")
    _check_control(whole, control, files)
    columns = [c for c in tables.RUNS.names if c in whole]
    rows = whole[columns].astype(object).where(whole[columns].notna(), None)
    runs = in_order(pa.Table.from_pylist(rows.to_dict("records"), schema=tables.RUNS))
    keys = set(map(tuple, whole[tables.KEY].to_numpy().tolist()))
    beside = (_beside(files, name, keys) for name in ("epochs", "costs"))
    return runs, *beside


def _frame(file):
    """The table in `file`; in CSV a name is any text, also "nan" or "None"."""
    try:
        if Path(file).suffix == ".csv":
            missing = dict.fromkeys(NUMBERS, ["", "NA", "NaN", "nan", "null"])
            frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=missing)
            return frame.drop(columns="correct", errors="ignore")
        return _parquet(file).to_pandas(integer_object_nulls=True)
    except CollectError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CollectError(
            f"runs: {file} cannot be read ({first_line(error)}); it must be a CSV or Parquet table"
        ) from error


def _parquet(file):
    """The table in a Parquet file; one of ours must be what its checksum was made from."""
    table = pq.read_table(file, partitioning=None)
    try:
        return tables.checked(table) if tables.has_checksum(table) else table
    except ValueError as error:
        raise CollectError(
            f"runs: {file} is damaged, or was edited: {error}; bring the original back, or write "
            "it without 'sha256' in its metadata"
        ) from error


def _checked(frame, file):
    """The frame in our types, with the place of every row in `_place`; the first flaw is raised."""
    for column in NEEDED:
        if column not in frame:
            raise CollectError(
                f"runs: {file} has no column '{column}'; needed are {', '.join(NEEDED)}"
            )
    if frame.empty:
        raise CollectError(f"runs: {file} holds no row")
    frame = frame.reset_index(drop=True)
    frame["_place"] = [f"{file} row {i + 1}" for i in range(len(frame))]
    for column in ("recipe", "network"):
        frame[column] = frame.get(column, UNNAMED)
    for column in (*NAMES, "status"):
        frame[column] = frame[column].astype(object)  # also what Parquet holds as categories
    for column in NAMES:
        nameless = [not isinstance(v, str) or not v.strip() for v in frame[column]]
        _refuse(frame, nameless, f"no {column}, which must be text")
    frame["seed"] = _seeds(frame)
    for column in NUMBERS:
        if column in frame:
            frame[column] = _numbers(frame, column)
    if "correct" in frame and not all(isinstance(v, bytes | None) for v in frame["correct"]):
        frame = frame.drop(columns="correct")  # a column of theirs that is called like ours
    _check_status(frame)
    _check_units(frame)
    return frame


def _seeds(frame):
    """The seeds as integers of 64 bits, exact however large they are."""
    seeds = [_whole(value) for value in frame["seed"]]
    wrong = [seed is None for seed in seeds]
    _refuse(frame, wrong, "a seed that is no whole number of 64 bits", "seed")
    return pd.Series(seeds, index=frame.index, dtype="int64")


def _whole(value):
    """The whole number of 64 bits that a cell holds, or None; "3.0" is 3."""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or not -(2**63) <= number < 2**63:
        return None
    return int(number) if number == number.to_integral_value() else None


def _numbers(frame, column):
    numbers = pd.to_numeric(frame[column], errors="coerce").astype(float)
    wrong = numbers.isna() & frame[column].notna() & (frame[column].astype(str) != "nan")
    _refuse(frame, wrong | np.isinf(numbers), f"a {column} that is no number", column)
    if column.startswith("n_"):
        part = numbers.notna() & ((numbers < 0) | (numbers % 1 != 0))
        _refuse(frame, part, f"{column} is no whole number from 0 on", column)
    return numbers


def _check_control(frame, control, files):
    """Nothing can be compared with an activation that no row is of."""
    known = sorted(set(frame["activation"]))
    if control not in known:
        close = get_close_matches(control, known, 1)
        guess = f" (did you mean {close[0]!r}?)" if close else ""
        raise CollectError(
            f"control: no row of {', '.join(files)} is of {control!r}{guess}; there are "
            f"{', '.join(known[:20])}{' and more' * (len(known) > 20)}"
        )


def _check_status(frame):
    known = frame["status"].isin(["ok", "diverged"])
    _refuse(frame, ~known, "a status that is neither 'ok' nor 'diverged'", "status")
    scored = frame["test_accuracy"].notna()
    ok = frame["status"] == "ok"
    _refuse(frame, ok & ~scored, "'ok' without a test_accuracy; a failed run is 'diverged'")
    _refuse(frame, ~ok & scored, "'diverged' with a test_accuracy; leave it empty there")


def _check_units(frame):
    """Fractions only; percent is refused, alone and beside fractions."""
    score = frame["test_accuracy"]
    _refuse(frame, score < 0, "a test_accuracy below 0", "test_accuracy")
    percent = score > 1
    mixed = percent.any() and not percent[score.notna()].all()
    why = "a test_accuracy above 1 beside fractions" if mixed else "percent"
    _refuse(frame, percent, f"{why}; write fractions, 0.93 and not 93", "test_accuracy")
    if {"n_correct", "n_test"} <= set(frame):
        off = (frame["n_correct"] / frame["n_test"] - score).abs() > 0.005
        _refuse(frame, off, "a test_accuracy that is not n_correct / n_test")


def _refuse(frame, wrong, text, shown=None):
    """Raise CollectError that names the first of the rows where `wrong`, with the value there."""
    rows = frame[np.asarray(wrong, bool)]
    if rows.empty:
        return
    value = f" ('{rows[shown].iloc[0]}')" if shown else ""
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    key = [str(rows[c].iloc[0]) for c in ("dataset", "activation", "seed")]
    raise CollectError(
        f"runs: {', '.join(rows['_place'].iloc[:3])}{more}: {text}{value}; "
        f"the first is {key[0]}, {key[1]}, seed {key[2]}"
    )


def _beside(files, name, keys):
    """The table `name` that stands beside our own runs.parquet, for the runs of `keys` only."""
    schema = {"epochs": tables.EPOCHS, "costs": tables.COSTS}[name]
    found = [schema.empty_table()]
    for file in files:
        path = Path(file).with_name(f"{name}.parquet")
        if Path(file).name == "runs.parquet" and path.exists():
            try:
                found.append(_parquet(path).select(schema.names).cast(schema))
            except CollectError:
                raise
            except (OSError, KeyError, ValueError) as error:
                raise CollectError(
                    f"runs: {path} is not a table of {name} ({first_line(error)})"
                ) from error
    table = pa.concat_tables(found)
    rows = zip(*(table[c].to_pylist() for c in tables.KEY), strict=True)
    return in_order(table.filter(pa.array([row in keys for row in rows], pa.bool_())))
