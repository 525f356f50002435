"""The decision table: one row an activation of a setting, ready for the page."""

import math

from .study_tables import label
from .words import torn, within_margin


def decision(tables, setting):
    """Rows as dicts, highest mean first: the numbers of summary, contrast and cost side by side.

    Accuracies and differences are fractions; those of the contrast are prefixed with `diff_` and
    missing for the control. `times` holds the training time as a multiple of the reference's on
    each machine, `saved` the bytes an element kept for the backward pass or None, and `mixed` is
    (pairs that mix machines, all pairs) or None. `diff_torn` is from `words.torn`; of `same_runs`
    with the control there is no verdict.
    """
    summaries = tables.of(tables.summaries, setting).set_index("activation")
    contrasts = tables.of(tables.primary, setting).set_index("activation")
    times, mixed = _times(tables, setting), _mixed(tables, setting)
    costs = tables.rows("cost", setting)
    kept = ((cell["activation"], cell["saved_bytes_per_element"]) for cell in costs)
    saved = {activation: size for activation, size in kept if size is not None}
    rows, same = [], tables.same_runs(setting)
    for activation in tables.best_first(setting):
        row = {
            "activation": activation,
            "label": label(activation),
            "number": tables.number(activation),
            "control": activation == tables.control,
            "times": times.get(activation, []),
            "saved": saved.get(activation),
            "mixed": mixed.get(activation),
        }
        row |= _numbers(summaries.loc[activation])
        if activation in contrasts.index:
            contrast = _numbers(contrasts.loc[activation])
            row |= {f"diff_{k}": v for k, v in contrast.items()}
            row["diff_small"] = within_margin(contrast, tables.analysis["plan"])
            row["diff_torn"] = torn(contrast, tables.analysis["plan"]["margin"])
            row["same_runs"] = frozenset((activation, tables.control)) in same
        rows.append(row)
    return rows


def _numbers(series):
    """The values of one row of a table as plain Python, None for missing."""
    values = {k: v.item() if hasattr(v, "item") else v for k, v in series.items()}
    missing = (k for k, v in values.items() if isinstance(v, float) and math.isnan(v))
    return values | dict.fromkeys(missing)


def _times(tables, setting):
    """{activation: [ratio of each machine]}, in the order of the machines."""
    times = {}
    for cell in [] if tables.busy else tables.rows("cost", setting):
        if cell["ratio"] is not None:
            times.setdefault(cell["activation"], []).append(cell["ratio"])
    return times


def _mixed(tables, setting):
    """{activation: (mixed, all pairs)} of the contrasts some of whose pairs mix machines."""
    return {
        row["activation"]: (row["n_mixed"], row["n_pairs"])
        for row in tables.analysis["cost"]["mixed"]
        if tuple(row[k] for k in tables.analysis["plan"]["setting"]) == setting
    }
