"""Reads external runs: tables made elsewhere, checked row by row and put in our columns.

Needed are the columns dataset, activation, seed, test_accuracy (a fraction) and status ("ok" or
"diverged"); recipe, network, n_correct, n_test and the other columns of `tables.RUNS` are used
where they are there, and every other column is ignored.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .. import activations, datasets, tables
from ..runtime.errors import first_line, suggest
from ..runtime.similar_names import find_lookalikes
from . import table_files
from .cell_values import decimal_number, is_missing, shorten, text_name, whole_number
from .collect import CollectError, in_order

NEEDED = ("dataset", "activation", "seed", "test_accuracy", "status")
NAMES = ("recipe", "network", "dataset", "activation")
UNNAMED = "unnamed"  # the one recipe or network of a table that has no such column
ACCURACIES = ("test_accuracy", "validation_accuracy")
COUNTS = ("n_correct", "n_test")
COMPANIONS = {"epochs": tables.EPOCHS, "costs": tables.COSTS, "learned": tables.LEARNED}
OTHER = "ignored: "  # prefix of the name of a column that is not used


def read(
    files: Sequence[str], control: str, chance: Collection[str] = ()
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """(runs, epochs, costs) as pyarrow tables in `tables.RUNS`, `EPOCHS`, `COSTS`.

    `files` are CSV or Parquet tables, joined; some row must be of the activation `control`, and
    of each data set whose `chance` is declared. Where a file is called runs.parquet, as those of a
    study are, the epochs.parquet and costs.parquet beside it are read as well. Raises CollectError
    naming the file, the rows (counted from 1) and what to do.
    """
    frames = [_checked_frame(table_files.read(file, tables.RUNS.names), file) for file in files]
    whole = pd.concat(frames, ignore_index=True)
    _check_lookalikes(whole)
    _check_duplicates(whole)
    _check_known("control", control, whole["activation"], files)
    for dataset in chance:
        _check_known("chance", dataset, whole["dataset"], files)
    columns = [c for c in tables.RUNS.names if c in whole]
    rows = whole[columns].astype(object).where(whole[columns].notna(), None)
    runs = in_order(pa.Table.from_pylist(rows.to_dict("records"), schema=tables.RUNS))
    keys = set(map(tuple, whole[tables.KEY].to_numpy().tolist()))
    epochs = _companion_table(files, "epochs", keys)
    return runs, epochs, _companion_table(files, "costs", keys)


def read_learned(files: Sequence[str], runs: pa.Table) -> pa.Table:
    """What the `runs` of a study have learned, in `tables.LEARNED`, from beside its files."""
    keys = set(zip(*(runs[c].to_pylist() for c in tables.KEY), strict=True))
    return _companion_table(files, "learned", keys)


def _checked_frame(sheet: table_files.Sheet, file: str) -> pd.DataFrame:
    """The cells in our types, with file and number of every row in `_place`.

    Columns that are not used come after them as text, under names that begin with `OTHER`.
    Raises CollectError for the first flaw.
    """
    frame = _rename_columns(sheet, file)
    if frame.empty:
        raise CollectError(f"runs: {file} holds no row")
    for column in NAMES:
        frame[column] = _names(frame, column, sheet.sure)
    frame["seed"] = _seeds(frame)
    for column in (*ACCURACIES, *COUNTS):
        if column in frame:
            frame[column] = _numbers(frame, column)
    if "correct" in frame and not all(isinstance(v, bytes | None) for v in frame["correct"]):
        frame = frame.drop(columns="correct")  # another column under that name
    _check_status(frame)
    _check_units(frame)
    if "correct" in frame:
        _check_bits(frame)
    return frame


def _names(frame: pd.DataFrame, column: str, sure: bool) -> list[str]:
    """A column of names as clean text, `UNNAMED` where the table has no such column.

    Without a `sure` encoding only ASCII names are accepted.
    """
    if column not in frame:
        return [UNNAMED] * len(frame)
    names = [text_name(value) for value in frame[column]]
    missing = [name is None for name in names]
    _raise_for_rows(frame, missing, f"no {column}, which must be text on one line", column)
    clean = [name for name in names if name is not None]
    unsure = [not (sure or name.isascii()) for name in clean]
    why = (
        f"a name ({column}) whose letters depend on the encoding, which is neither UTF-8 nor UTF-16"
    )
    _raise_for_rows(frame, unsure, f"{why}; save the table as UTF-8", column)
    return clean


def _rename_columns(sheet: table_files.Sheet, file: str) -> pd.DataFrame:
    """The cells of a Sheet under our names, as objects; CollectError for a name used twice."""
    ours = {table_files.key(name): name for name in tables.RUNS.names}
    found: dict[str | None, list[int]] = {}
    for i, name in enumerate(sheet.header):
        plain = re.sub(r"\.[0-9]+$", "", name)  # pandas writes seed.1 for a second seed
        used = ours.get(table_files.key(name)) or ours.get(table_files.key(plain))
        found.setdefault(used, []).append(i)
    others = found.pop(None, [])
    for used, places in found.items():
        if len(places) > 1:
            written = " and ".join(repr(shorten(sheet.header[i])) for i in places)
            raise CollectError(
                f"runs: {file} has the column '{used}' twice, as {written}; leave one"
            )
    _check_columns(found, [sheet.header[i] for i in others], sheet, file)
    columns = {used: sheet.columns[i] for used, (i,) in found.items()}
    columns |= {f"{OTHER}{sheet.header[i]}": list(map(str, sheet.columns[i])) for i in others}
    frame = pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})
    frame["_place"] = [f"{file} row {n}" for n in sheet.rows]
    return frame


def _check_columns(
    found: Collection[str | None], others: list[str], sheet: table_files.Sheet, file: str
) -> None:
    """Raise CollectError where a needed column is missing, or a name is probably misspelt."""
    for column in NEEDED:
        if column not in found:
            has = _listed([shorten(name) for name in sheet.header if name]) or "none"
            hint = suggest(column, [*map(shorten, others)])
            raise CollectError(
                f"runs: {file} has no column '{column}'{hint}; needed are {', '.join(NEEDED)}, and "
                f"it has {has} ({sheet.how})"
            )
    for column in tables.RUNS.names:
        close = get_close_matches(column, [shorten(n).lower() for n in others], 1, 0.85)
        if column not in found and close and column != "correct":
            raise CollectError(
                f"runs: {file} has a column '{close[0]}', which is not known; if it is "
                f"'{column}', call it so, else leave it out or call it less alike"
            )


def _seeds(frame: pd.DataFrame) -> pd.Series:
    """The seeds as integers of 64 bits, exact however large they are."""
    seeds = [whole_number(value) for value in frame["seed"]]
    wrong = [seed is None for seed in seeds]
    _raise_for_rows(
        frame, wrong, "a seed that is not a whole number of 64 bits, or not surely one", "seed"
    )
    return pd.Series(seeds, index=frame.index, dtype="int64")


def _numbers(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column of accuracies or counts as floats, NaN where it is missing."""
    missing = np.array([is_missing(value) for value in frame[column]])
    read = whole_number if column in COUNTS else decimal_number
    numbers = [None if gone else read(v) for v, gone in zip(frame[column], missing, strict=True)]
    wrong = np.array([number is None for number in numbers]) & ~missing
    if column in COUNTS:
        wrong |= [number is not None and number < 0 for number in numbers]
        _raise_for_rows(frame, wrong, f"{column} is not a whole number from 0 on", column)
    _raise_for_rows(frame, wrong, f"a {column} that is not a number", column)
    return pd.Series([None if n is None else float(n) for n in numbers], frame.index, float)


def _listed(names: Sequence[str], most: int = 20) -> str:
    """The first names, and whether there are more."""
    text = ", ".join(names[:most])
    return f"{text} and more" if len(names) > most else text


def _check_known(what: str, name: str, column: pd.Series, files: Sequence[str]) -> None:
    """Raise CollectError for a control or a data set that no row is of."""
    known = sorted(set(column))
    if name not in known:
        close = get_close_matches(name, known, 1) or [
            k for k in known if find_lookalikes([name, k])
        ]
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise CollectError(
            f"{what}: no row of {', '.join(files)} is of {name!r}{hint}; there are {_listed(known)}"
        )


def _check_lookalikes(frame: pd.DataFrame) -> None:
    """Raise CollectError for two names that a reader of a report would take for one."""
    printed: dict[str, Callable[[str], str]] = {
        "activation": activations.label,
        "dataset": datasets.label,
    }
    for column in NAMES:
        if two := find_lookalikes(frame[column], printed.get(column, str)):
            places = [frame.loc[frame[column] == name, "_place"].iloc[0] for name in two]
            raise CollectError(
                f"runs: {places[0]} has the {column} {two[0]!r} and {places[1]} {two[1]!r}, which "
                "look alike; if they are one, write one name, else call them otherwise"
            )


def _check_duplicates(frame: pd.DataFrame) -> None:
    """Raise CollectError for a run that stands in two rows, with what else differs there."""
    counts = Counter(map(tuple, frame[tables.KEY].to_numpy().tolist()))
    repeated = [key for key, n in counts.items() if n > 1]
    if not repeated:
        return
    rows = frame[(frame[tables.KEY] == list(repeated[0])).all(axis=1)]
    differ = [c for c in rows if c != "_place" and rows[c].astype(str).nunique() > 1]
    ignored = [repr(shorten(c.removeprefix(OTHER))) for c in differ if c.startswith(OTHER)]
    used = [c for c in differ if not c.startswith(OTHER)]
    way = "leave one out"
    if ignored:
        way = f"they differ in {', '.join(ignored[:8])}, of which nothing is used; say it in the "
        way += "recipe or the network"
    elif used:
        way = f"they differ in {' and '.join(used)} only"
    others = f" (and {len(repeated) - 1} more such)" if len(repeated) > 1 else ""
    _raise_for_rows(
        frame, frame.index.isin(rows.index), f"the same run twice{others}; {way}", whole=True
    )


def _check_status(frame: pd.DataFrame) -> None:
    """The column `status` as one of our two words, held against the score."""
    said = [v.strip().casefold() if isinstance(v, str) else v for v in frame["status"]]
    known = pd.Series(said, frame.index, object).isin(["ok", "diverged"])
    _raise_for_rows(frame, ~known, "a status that is neither 'ok' nor 'diverged'", "status")
    frame["status"] = said
    scored = frame["test_accuracy"].notna()
    ok = frame["status"] == "ok"
    _raise_for_rows(frame, ok & ~scored, "'ok' without a test_accuracy; a failed run is 'diverged'")
    _raise_for_rows(frame, ~ok & scored, "'diverged' with a test_accuracy; leave it empty there")


def _check_units(frame: pd.DataFrame) -> None:
    """Raise CollectError for percent, alone or together with fractions."""
    for column in frame.columns.intersection(ACCURACIES):
        score = frame[column]
        _raise_for_rows(frame, score < 0, f"a {column} below 0", column)
        percent = score > 1
        mixed = percent.any() and not percent[score.notna()].all()
        why = f"a {column} above 1 beside fractions" if mixed else "percent"
        why = why if mixed or column == "test_accuracy" else f"a {column} in percent"
        _raise_for_rows(frame, percent, f"{why}; write fractions, 0.93 and not 93", column)
    if set(COUNTS) <= set(frame):
        _raise_for_rows(frame, frame["n_test"] == 0, "an n_test of 0")
        off = (frame["n_correct"] / frame["n_test"] - frame["test_accuracy"]).abs() > 0.005
        _raise_for_rows(frame, off, "a test_accuracy that is not n_correct / n_test")


def _check_bits(frame: pd.DataFrame) -> None:
    """Raise CollectError for bits of test images that n_correct and n_test contradict."""
    counts = zip(*(frame.get(c, [math.nan] * len(frame)) for c in COUNTS), strict=True)
    wrong = [
        bits is not None and (len(bits) != -(-n // 8) or int.from_bytes(bits).bit_count() != ones)
        for bits, (ones, n) in zip(frame["correct"], counts, strict=True)
    ]
    why = "the bits of 'correct' are not those of n_correct and n_test; leave that column out"
    _raise_for_rows(frame, wrong, why)


def _raise_for_rows(
    frame: pd.DataFrame, wrong: Any, text: str, shown: str | None = None, whole: bool = False
) -> None:
    """Raise CollectError that names the first of the rows where `wrong`, with the value there.

    With `whole` the recipe and the network of the first one are named, too.
    """
    rows = frame[np.asarray(wrong, bool)]
    if rows.empty:
        return
    value = f" ('{shorten(rows[shown].iloc[0])}')" if shown else ""
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    of = {name: shorten(rows[name].iloc[0]) for name in (*NAMES, "seed") if name in rows}
    where = f", recipe {of['recipe']}, network {of['network']}" if whole else ""
    raise CollectError(
        f"runs: {', '.join(rows['_place'].iloc[:3])}{more}: {text}{value}; "
        f"the first is {of['dataset']}, {of['activation']}, seed {of['seed']}{where}"
    )


def _companion_table(files: Sequence[str], name: str, keys: set[tuple]) -> pa.Table:
    """The table `name` beside each runs.parquet of a study, for the runs of `keys` only."""
    schema = COMPANIONS[name]
    found = [schema.empty_table()]
    for file in files:
        path = Path(file).with_name(f"{name}.parquet")
        if Path(file).name == "runs.parquet" and path.exists():
            try:
                found.append(tables.fit_schema(table_files.parquet(path), schema))
            except CollectError:
                raise
            except (OSError, KeyError, ValueError) as error:
                raise CollectError(
                    f"runs: {path} is not a table of {name} ({first_line(error)})"
                ) from error
    table = pa.concat_tables(found)
    rows = zip(*(table[c].to_pylist() for c in tables.KEY), strict=True)
    return in_order(table.filter(pa.array([row in keys for row in rows], pa.bool_())))
