"""What was measured of trained networks beside accuracy, as tables and sentences of the report."""

from collections.abc import Iterator, Mapping

import pandas as pd

from .. import measures
from ..compare.scores import SETTING
from .formatting import DASH, count, is_number, join_words, percent, points, ratio
from .machines import days, describe_machine, short_commit
from .study_tables import Setting, StudyTables, label

FORMATS = {
    "percent": percent,
    "points": points,
    "ratio": ratio,
    "number": lambda value: f"{value:.3g}" if is_number(value) else DASH,
}


def measured_sections(tables: StudyTables) -> list[dict]:
    """One dict a measure, in the order of the page; [] where a study measures nothing.

    Keys: `name`, `title`, `about` (the docstring of its file), `made` (on what and when, in a
    sentence), and `settings`, {setting: its tables}. A table has `title`, "" for the whole network,
    `heads` and `rows`. A row has `activation` and `cells`, a (number to sort by, text) a head.
    """
    if tables.measures is None:
        return []
    found = []
    for name in measures.names():
        rows = tables.measures[tables.measures["measure"] == name]
        if len(rows):
            said = measures.declaration(name)
            by_setting = {setting: tables.of(rows, setting) for setting in tables.settings}
            found.append(
                {"name": name, "title": said.title, "about": measures.about(name).replace("`", "")}
                | {"made": _execution_sentence(tables, name)}
                | {"settings": {s: _tables(said, r) for s, r in by_setting.items() if len(r)}}
            )
    return found


def _execution_sentence(tables, name):
    """On what, when and at which commit a measure was made."""
    if tables.measure_costs is None:
        return "On which machine it was measured, and when, was not kept then."
    rows = tables.measure_costs[tables.measure_costs["measure"] == name]
    columns = ["device", "device_name", "instruction_set", "host", "torch", "commit"]
    kinds = rows[columns].fillna("unknown").drop_duplicates().to_dict("records")
    found = [
        f"{describe_machine(kind)}, torch {kind['torch']}, commit {short_commit(kind['commit'])}"
        for kind in kinds
    ]
    return f"Measured {days(rows)} on {'; '.join(found)}."


def _tables(said, rows):
    """The tables of one measure in one setting: of the whole, then one for each quantity's parts.

    A quantity that nobody has is left out.
    """
    whole = rows[rows["part"].isna()]
    names = [name for name in said.quantities if name in set(whole["quantity"])]
    heads = [said.quantities[name][0] for name in names]
    made = [_table("", heads, whole, "quantity", names, said)] if names else []
    for name, (heading, _) in said.quantities.items():
        parts = rows[(rows["quantity"] == name) & rows["part"].notna()]
        columns = list(dict.fromkeys(parts["part"]))
        if columns:
            made.append(_table(heading, columns, parts, "part", columns, said))
    return made


def _table(title, heads, rows, column, names, said):
    by_place = {(row["activation"], row[column]): row for row in rows.to_dict("records")}
    activations = dict.fromkeys(rows["activation"])
    return {
        "title": title,
        "heads": heads,
        "rows": [
            {"activation": a, "cells": [_cell(by_place.get((a, name)), said) for name in names]}
            for a in activations
        ],
    }


def _cell(row, said):
    """(a number to sort by or None, the text of a cell): value, spread, difference and verdict."""
    if row is None:
        return None, DASH
    show = FORMATS[said.quantities[row["quantity"]][1]]
    if not is_number(row["value"]) or pd.isna(row["value"]):
        return None, row["text"] if isinstance(row["text"], str) else DASH
    text = show(row["value"])
    if is_number(row["spread"]):
        text += f" ± {show(row['spread']).replace('+', '')}"
    if isinstance(row["verdict"], str):
        text += f" ({points(row['mean_diff'])} pp, {row['verdict']})"
    return row["value"], text


def measured_rows(tables: StudyTables, setting: Setting, activation: str) -> list[dict]:
    """What was measured of one cell, for its card; [] where nothing was.

    A dict has the columns of `tables.MEASURES` from `measure` on, None where one says nothing, then
    `heading` and `shown` for people. Of what is measured by layer only the whole is left.
    """
    if tables.measures is None:
        return []
    rows = tables.of(tables.measures, setting)
    rows = rows[rows["activation"] == activation].drop(columns=[*SETTING, "activation"])
    whole = set(rows.loc[rows["part"].isna(), "quantity"])
    kept = rows[rows["part"].isna() | ~rows["quantity"].isin(whole)]
    found = []
    for row in kept.astype(object).where(kept.notna(), None).to_dict("records"):
        said = measures.declaration(row["measure"])
        heading = said.quantities[row["quantity"]][0]
        part = f", {row['part']}" if row["part"] else ""
        words = {"heading": f"{said.title}: {heading}{part}", "shown": _cell(row, said)[1]}
        found.append(row | words)
    return found


def changed_verdicts(tables: StudyTables) -> Iterator[str]:
    """A sentence for each setting and condition: which verdicts are not those of accuracy."""
    if tables.measures is None:
        return
    plain = {_place(row): row["verdict"] for row in tables.compared.to_dict("records")}
    rows = tables.measures[tables.measures["quantity"] == "accuracy"]
    rows = rows[rows["verdict"].notna()]
    for (name, part), group in rows.groupby(["measure", "part"], sort=False):
        if part == measures.declaration(name).baseline:
            continue
        pairs = [(row, plain.get(_place(row))) for row in group.to_dict("records")]
        pairs = [(row, was) for row, was in pairs if was]
        differ = [_change(tables, row, was) for row, was in pairs if row["verdict"] != was]
        said = join_words(differ) if differ else "none"
        yield (
            f"{measures.declaration(name).title}, {part}: of {count(len(pairs), 'verdict')}, "
            f"{len(differ)} {'is' if len(differ) == 1 else 'are'} not accuracy’s ({said})."
        )


def _place(row: Mapping) -> tuple[Setting, str]:
    return (row["recipe"], row["network"], row["dataset"]), row["activation"]


def _change(tables, row, was):
    where = f" in {tables.title(_place(row)[0])}" if len(tables.settings) > 1 else ""
    return f"{label(row['activation'])}{where} {was} → {row['verdict']}"
