"""The decision table: one row an activation of a setting, ready for the page."""

import math

from .tables import label
from .words import known


def decision(tables, setting):
    """Rows as dicts, highest mean first: the numbers of summary, contrast and cost side by side.

    Accuracies and differences are fractions, `time` is the training time as a multiple of the
    control's, None where the runs of this setting were not all made on one kind of device.
    """
    summaries = tables.of(tables.summaries, setting).set_index("activation")
    contrasts = tables.of(tables.primary, setting).set_index("activation")
    time = _time(tables, setting)
    rows = []
    for activation in tables.best_first(setting):
        row = {
            "activation": activation,
            "label": label(activation),
            "number": tables.number(activation),
            "control": activation == tables.control,
            "time": time.get(activation),
        }
        row |= _numbers(summaries.loc[activation], "")
        if activation in contrasts.index:
            row |= _numbers(contrasts.loc[activation], "diff_")
        rows.append(row)
    return rows


def _numbers(series, prefix):
    """The values of one row of a table as plain Python, None for missing, names prefixed."""
    values = {k: v.item() if hasattr(v, "item") else v for k, v in series.items()}
    missing = (k for k, v in values.items() if isinstance(v, float) and math.isnan(v))
    return {prefix + k: v for k, v in (values | dict.fromkeys(missing)).items()}


def _time(tables, setting):
    """{activation: median seconds per image over the control's}, on one kind of device only."""
    costs = tables.of(tables.costs, setting)
    if costs.empty or len(set(costs["device_name"])) != 1:
        return {}
    speed = costs.groupby("activation")["images_per_second"].median()
    reference = speed.get(tables.control)
    return {a: reference / v for a, v in speed.items()} if known(reference) else {}
