"""The decision table: one row an activation of a setting, ready for the page."""

import math

import pandas as pd

from .study_tables import Setting, StudyTables, label
from .verdicts import interval_conflict, is_within_margin


def decision_rows(tables: StudyTables, setting: Setting) -> list[dict]:
    """Rows as dicts, highest mean first: the numbers of summary, contrast and cost side by side.

    Accuracies and differences are fractions; those of the contrast are prefixed with `diff_` and
    missing for the control. `times` holds the training time as a multiple of the reference's on
    each machine, `saved` the bytes an element kept for the backward pass or None, and `mixed` is
    (pairs that mix machines or code, all pairs, pairs that mix code) or None. `diff_conflict` is
    from `verdicts.interval_conflict`; of `same_runs` with the control there is no verdict. A `new`
    activation was trained beside published runs.
    """
    summaries = tables.of(tables.summaries, setting).set_index("activation")
    contrasts = tables.of(tables.primary, setting).set_index("activation")
    times, mixed, saved = (read(tables, setting) for read in (_times, _mixed, _saved_bytes))
    rows = []
    for activation in tables.best_first(setting):
        row = {
            "activation": activation,
            "label": label(activation),
            "number": tables.number(activation),
            "control": activation == tables.control,
            "new": activation in tables.new_activations,
            "times": times.get(activation, []),
            "saved": saved.get(activation),
            "mixed": mixed.get(activation),
        }
        row |= _numbers(summaries.loc[activation])
        if activation in contrasts.index:
            row |= _difference(tables, setting, activation, _numbers(contrasts.loc[activation]))
        rows.append(row)
    return rows


def _difference(tables, setting, activation, contrast):
    """The columns of a row that compare it with the control."""
    plan = tables.analysis["plan"]
    same = frozenset((activation, tables.control)) in tables.same_runs(setting)
    return {f"diff_{column}": value for column, value in contrast.items()} | {
        "diff_small": is_within_margin(contrast, plan),
        "diff_conflict": interval_conflict(contrast, plan["margin"]),
        "same_runs": same,
    }


def _numbers(series: pd.Series) -> dict:
    """The values of one row of a table as plain Python, None for missing."""
    values = {k: v.item() if hasattr(v, "item") else v for k, v in series.items()}
    missing = (k for k, v in values.items() if isinstance(v, float) and math.isnan(v))
    return values | dict.fromkeys(missing)


def _saved_bytes(tables, setting):
    """{activation: bytes an element kept for the backward pass} of those where it is known."""
    cells = tables.rows("cost", setting)
    sizes = ((cell["activation"], cell["saved_bytes_per_element"]) for cell in cells)
    return {activation: size for activation, size in sizes if size is not None}


def _times(tables, setting):
    """{activation: [ratio of each machine]}, in the order of the machines."""
    times = {}
    for cell in [] if tables.busy else tables.rows("cost", setting):
        if cell["ratio"] is not None:
            times.setdefault(cell["activation"], []).append(cell["ratio"])
    return times


def _mixed(tables, setting):
    """{activation: (mixed, all pairs, by code)} of the contrasts whose pairs were made unlike."""
    return {
        row["activation"]: (row["n_mixed"], row["n_pairs"], row.get("n_code", 0))
        for row in tables.analysis["cost"]["mixed"]
        if tuple(row[k] for k in tables.analysis["plan"]["setting"]) == setting
    }
