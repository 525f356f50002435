"""Runs from outside: tables of results made elsewhere, checked row by row and put in our columns.

Needed are the columns dataset, activation, seed, test_accuracy (a fraction) and status ("ok" or
"diverged"); recipe, network, n_correct, n_test and the other columns of `tables.RUNS` are used
where they are there, and every other column is ignored.
"""

import math
import re
import unicodedata
from collections import Counter
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from .. import activations, datasets, tables
from ..runtime.errors import first_line, suggest
from ..runtime.lookalikes import find_lookalikes
from . import exported
from .collect import CollectError, in_order

NEEDED = ("dataset", "activation", "seed", "test_accuracy", "status")
NAMES = ("recipe", "network", "dataset", "activation")
UNNAMED = "unnamed"  # the one recipe or network of a table that has no such column
ACCURACIES = ("test_accuracy", "validation_accuracy")
COUNTS = ("n_correct", "n_test")
MISSING = ("", "na", "n/a", "#n/a", "nan", "none", "null", "<na>", "-")
OTHER = "ignored: "  # stands before the name of a column that is not used
NUMBER = re.compile(r"[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]{1,3})?")
GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,][0-9]{3})+")  # of a whole number: a thousand, or one?
EXACT = 2**53  # from here on a float is a rounded whole number


def read(files, control, chance=()):
    """(runs, epochs, costs) as pyarrow tables in `tables.RUNS`, `EPOCHS`, `COSTS`.

    `files` are CSV or Parquet tables, joined; some row must be of the activation `control`, and
    of each data set whose `chance` is stated. Beside a file that is called runs.parquet, as ours
    are, epochs.parquet and costs.parquet are read too where they are there. Raises CollectError
    naming the file, the rows (counted from 1) and what to do.
    """
    frames = [_checked(exported.read(file, tables.RUNS.names), file) for file in files]
    whole = pd.concat(frames, ignore_index=True)
    _check_alike(whole)
    _check_twice(whole)
    _check_known("control", control, whole["activation"], files)
    for dataset in chance:
        _check_known("chance", dataset, whole["dataset"], files)
    columns = [c for c in tables.RUNS.names if c in whole]
    rows = whole[columns].astype(object).where(whole[columns].notna(), None)
    runs = in_order(pa.Table.from_pylist(rows.to_dict("records"), schema=tables.RUNS))
    keys = set(map(tuple, whole[tables.KEY].to_numpy().tolist()))
    beside = (_beside(files, name, keys) for name in ("epochs", "costs"))
    return runs, *beside


def _checked(sheet, file):
    """The cells in our types, with the place of every row in `_place`; the first flaw is raised.

    What is not used stands behind it as text, under names that begin with `OTHER`.
    """
    frame = _named(sheet, file)
    if frame.empty:
        raise CollectError(f"runs: {file} holds no row")
    for column in NAMES:
        if column not in frame:
            frame[column] = UNNAMED
        names = [_name(value) for value in frame[column]]
        _refuse(frame, [name is None for name in names], f"no {column}, which must be text on one "
                "line", column)  # fmt: skip
        frame[column] = names
        unsure = [not (sheet.sure or name.isascii()) for name in frame[column]]
        _refuse(frame, unsure, f"a name ({column}) whose letters depend on the encoding, which is "
                "neither UTF-8 nor UTF-16; save the table as UTF-8", column)  # fmt: skip
    frame["seed"] = _seeds(frame)
    for column in (*ACCURACIES, *COUNTS):
        if column in frame:
            frame[column] = _numbers(frame, column)
    if "correct" in frame and not all(isinstance(v, bytes | None) for v in frame["correct"]):
        frame = frame.drop(columns="correct")  # a column of theirs that is called like ours
    _check_status(frame)
    _check_units(frame)
    if "correct" in frame:
        _check_bits(frame)
    return frame


def _named(sheet, file):
    """The cells of a Sheet under our names, as objects; one used column each, or a refusal."""
    ours = {exported.key(name): name for name in tables.RUNS.names}
    found = {}
    for i, name in enumerate(sheet.header):
        plain = re.sub(r"\.[0-9]+$", "", name)  # pandas writes seed.1 for a second seed
        used = ours.get(exported.key(name)) or ours.get(exported.key(plain))
        found.setdefault(used, []).append(i)
    others = found.pop(None, [])
    for used, places in found.items():
        if len(places) > 1:
            written = " and ".join(repr(_short(sheet.header[i])) for i in places)
            raise CollectError(
                f"runs: {file} has the column '{used}' twice, as {written}; leave one"
            )
    _check_columns(found, [sheet.header[i] for i in others], sheet, file)
    columns = {used: sheet.columns[i] for used, (i,) in found.items()}
    columns |= {f"{OTHER}{sheet.header[i]}": list(map(str, sheet.columns[i])) for i in others}
    frame = pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})
    frame["_place"] = [f"{file} row {n}" for n in sheet.rows]
    return frame


def _check_columns(found, others, sheet, file):
    """Refuse a table without a needed column, and one whose column is misspelt, not left out."""
    for column in NEEDED:
        if column not in found:
            written = [_short(name) for name in sheet.header if name]
            has = ", ".join(written[:20]) + " and more" * (len(written) > 20) or "none"
            hint = suggest(column, [*map(_short, others)])
            raise CollectError(
                f"runs: {file} has no column '{column}'{hint}; needed are {', '.join(NEEDED)}, and "
                f"it has {has} ({sheet.how})"
            )
    for column in tables.RUNS.names:
        close = get_close_matches(column, [_short(n).lower() for n in others], 1, 0.85)
        if column not in found and close and column != "correct":
            raise CollectError(
                f"runs: {file} has a column '{close[0]}', which is not known; if it is "
                f"'{column}', call it so, else leave it out or call it less alike"
            )


def _name(value):
    """A name without blanks around it, its letters composed; None where it is no text or empty."""
    if not isinstance(value, str) or any(unicodedata.category(c) == "Cc" for c in value.strip()):
        return None
    return unicodedata.normalize("NFC", value.strip()) or None


def _seeds(frame):
    """The seeds as integers of 64 bits, exact however large they are."""
    seeds = [_whole(value) for value in frame["seed"]]
    wrong = [seed is None for seed in seeds]
    _refuse(frame, wrong, "a seed that is no whole number of 64 bits, or not surely one", "seed")
    return pd.Series(seeds, index=frame.index, dtype="int64")


def _whole(value):
    """The whole number of 64 bits that a cell surely holds, or None; "3.0" is 3.

    None for "1.000", which may be a thousand, and for what has been rounded: a float beyond
    2^53, or 1.2E+11, which is how Excel shortens what is long.
    """
    number, text = _decimal(value), str(value).strip()
    if number is None or not -(2**63) <= number < 2**63 or number != number.to_integral_value():
        return None
    if isinstance(value, str) and (GROUPED.fullmatch(text) or re.search("[.,].*[eE]", text)):
        return None
    rounded = isinstance(value, float | np.floating) or re.search("[.,]", text)
    return None if rounded and abs(number) >= EXACT else int(number)


def _decimal(value):
    """The exact number that a cell holds, with "." or "," before its decimals; None for no number.

    Not what Python alone would take for one: 1_000, digits of other scripts, True.
    """
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
    kinds = int | float | Decimal | np.number
    if isinstance(value, bool | np.bool_) or not isinstance(value, kinds):
        return None
    number = Decimal(value) if isinstance(value, int | Decimal) else Decimal(float(value))
    return number if number.is_finite() else None


def _missing(value):
    """Whether a cell says that nothing is known."""
    if isinstance(value, str):
        return value.strip().casefold() in MISSING
    if isinstance(value, float | np.floating | Decimal):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def _numbers(frame, column):
    """A column of accuracies or counts as floats, NaN where it is missing."""
    missing = np.array([_missing(value) for value in frame[column]])
    read = _whole if column in COUNTS else _decimal
    numbers = [None if gone else read(v) for v, gone in zip(frame[column], missing, strict=True)]
    wrong = np.array([number is None for number in numbers]) & ~missing
    if column in COUNTS:
        wrong |= [number is not None and number < 0 for number in numbers]
        _refuse(frame, wrong, f"{column} is no whole number from 0 on", column)
    _refuse(frame, wrong, f"a {column} that is no number", column)
    return pd.Series([None if n is None else float(n) for n in numbers], frame.index, float)


def _check_known(what, name, column, files):
    """Nothing can be compared with an activation that no row is of, or said of such a data set."""
    known = sorted(set(column))
    if name not in known:
        close = get_close_matches(name, known, 1) or [
            k for k in known if find_lookalikes([name, k])
        ]
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise CollectError(
            f"{what}: no row of {', '.join(files)} is of {name!r}{hint}; there are "
            f"{', '.join(known[:20])}{' and more' * (len(known) > 20)}"
        )


def _check_alike(frame):
    """Two names that a reader takes for one would be two lines of one name in every table."""
    printed = {"activation": activations.label, "dataset": datasets.label}
    for column in NAMES:
        if two := find_lookalikes(frame[column], printed.get(column, str)):
            places = [frame.loc[frame[column] == name, "_place"].iloc[0] for name in two]
            raise CollectError(
                f"runs: {places[0]} has the {column} {two[0]!r} and {places[1]} {two[1]!r}, which "
                "look alike; if they are one, write one name, else call them otherwise"
            )


def _check_twice(frame):
    """Refuse a run that stands in two rows, with what else tells these rows apart."""
    counts = Counter(map(tuple, frame[tables.KEY].to_numpy().tolist()))
    key, n = next(((k, n) for k, n in counts.items() if n > 1), (None, 0))
    if not n:
        return
    rows = frame[(frame[tables.KEY] == list(key)).all(axis=1)]
    differ = [c for c in rows if c != "_place" and rows[c].astype(str).nunique() > 1]
    ignored = [repr(_short(c.removeprefix(OTHER))) for c in differ if c.startswith(OTHER)]
    used = [c for c in differ if not c.startswith(OTHER)]
    if ignored:
        way = f"they differ in {', '.join(ignored[:8])}, of which nothing is used; say it in the "
        way += "recipe or the network"
    else:
        way = f"they differ in {' and '.join(used)} only" if used else "leave one out"
    more = sum(n > 1 for n in counts.values()) - 1
    others = f" (and {more} more such)" * (more > 0)
    _refuse(frame, frame.index.isin(rows.index), f"the same run twice{others}; {way}", whole=True)


def _check_status(frame):
    """The column `status` as one of our two words, held against the score."""
    said = [v.strip().casefold() if isinstance(v, str) else v for v in frame["status"]]
    known = pd.Series(said, frame.index, object).isin(["ok", "diverged"])
    _refuse(frame, ~known, "a status that is neither 'ok' nor 'diverged'", "status")
    frame["status"] = said
    scored = frame["test_accuracy"].notna()
    ok = frame["status"] == "ok"
    _refuse(frame, ok & ~scored, "'ok' without a test_accuracy; a failed run is 'diverged'")
    _refuse(frame, ~ok & scored, "'diverged' with a test_accuracy; leave it empty there")


def _check_units(frame):
    """Fractions only; percent is refused, alone and beside fractions."""
    for column in frame.columns.intersection(ACCURACIES):
        score = frame[column]
        _refuse(frame, score < 0, f"a {column} below 0", column)
        percent = score > 1
        mixed = percent.any() and not percent[score.notna()].all()
        why = f"a {column} above 1 beside fractions" if mixed else "percent"
        why = why if mixed or column == "test_accuracy" else f"a {column} in percent"
        _refuse(frame, percent, f"{why}; write fractions, 0.93 and not 93", column)
    if set(COUNTS) <= set(frame):
        _refuse(frame, frame["n_test"] == 0, "an n_test of 0")
        off = (frame["n_correct"] / frame["n_test"] - frame["test_accuracy"]).abs() > 0.005
        _refuse(frame, off, "a test_accuracy that is not n_correct / n_test")


def _check_bits(frame):
    """Refuse bits of the test images that are not those which n_correct and n_test count."""
    counts = zip(*(frame.get(c, [math.nan] * len(frame)) for c in COUNTS), strict=True)
    wrong = [
        bits is not None and (len(bits) != -(-n // 8) or int.from_bytes(bits).bit_count() != ones)
        for bits, (ones, n) in zip(frame["correct"], counts, strict=True)
    ]
    why = "the bits of 'correct' are not those of n_correct and n_test; leave that column out"
    _refuse(frame, wrong, why)


def _refuse(frame, wrong, text, shown=None, whole=False):
    """Raise CollectError that names the first of the rows where `wrong`, with the value there.

    With `whole` the recipe and the network of the first one are named, too.
    """
    rows = frame[np.asarray(wrong, bool)]
    if rows.empty:
        return
    value = f" ('{_short(rows[shown].iloc[0])}')" if shown else ""
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    of = {name: _short(rows[name].iloc[0]) for name in (*NAMES, "seed") if name in rows}
    where = f", recipe {of['recipe']}, network {of['network']}" * whole
    raise CollectError(
        f"runs: {', '.join(rows['_place'].iloc[:3])}{more}: {text}{value}; "
        f"the first is {of['dataset']}, {of['activation']}, seed {of['seed']}{where}"
    )


def _short(value):
    """A cell as it stands in a message of one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _beside(files, name, keys):
    """The table `name` that stands beside our own runs.parquet, for the runs of `keys` only."""
    schema = {"epochs": tables.EPOCHS, "costs": tables.COSTS}[name]
    found = [schema.empty_table()]
    for file in files:
        path = Path(file).with_name(f"{name}.parquet")
        if Path(file).name == "runs.parquet" and path.exists():
            try:
                found.append(exported.parquet(path).select(schema.names).cast(schema))
            except CollectError:
                raise
            except (OSError, KeyError, ValueError) as error:
                raise CollectError(
                    f"runs: {path} is not a table of {name} ({first_line(error)})"
                ) from error
    table = pa.concat_tables(found)
    rows = zip(*(table[c].to_pylist() for c in tables.KEY), strict=True)
    return in_order(table.filter(pa.array([row in keys for row in rows], pa.bool_())))
