"""Test accuracy after every epoch that was evaluated. A thin line is a run. A thick line is the
mean of an activation's runs, up to where the first of them was cut short. The control and the few
best activations are coloured and drawn on top; above 40 activations only these have thin lines.
The last point of each thin line is the run's score."""

import numpy as np
from matplotlib.collections import LineCollection

from ._style import (
    FAINT,
    activation_styles,
    add_legend,
    setting_panels,
    tag_artist,
    to_percent,
    visible_range,
)

title = "Learning curves"
place = 65


def draw(tables):
    """One panel a setting; None where no run was evaluated twice."""
    if not tables.has_curves:
        return None
    figure, axes = setting_panels(tables, 3.0)
    shown = activation_styles(tables)
    order = [*(a for a in tables.shown if a not in shown), *reversed(shown)]
    for i, (setting, ax) in enumerate(axes.items()):
        epochs = tables.of(tables.epochs, setting).dropna(subset="test_accuracy")
        known = dict(list(epochs.groupby("activation")))
        cells = {a: known[a] for a in order if a in known}
        for activation, cell in cells.items():
            if activation in shown or not tables.left_out:  # else the lines are too many to see
                _runs(ax, tables, activation, cell, shown.get(activation), i)
        means = _means(epochs)
        for activation in cells:
            _mean(ax, tables, activation, means[activation], shown.get(activation), i)
        if known:  # a setting may have no epochs, where others have
            middle = to_percent([cell["test_accuracy"].median() for cell in known.values()])
            low, _ = visible_range(middle) or (middle.min(), None)
            ax.set_ylim(bottom=max(0, low - 15))
        ax.grid(axis="y")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="epoch", ylabel="test accuracy, %" if i == 0 else "")
    add_legend(figure, tables, "line")
    return figure


def _runs(ax, tables, activation, cell, look, panel):
    cell = cell.sort_values(["seed", "epoch"], kind="stable")
    values = np.column_stack([cell["epoch"], to_percent(cell["test_accuracy"])])
    starts = np.flatnonzero(np.diff(cell["seed"].to_numpy())) + 1
    lines = LineCollection(
        np.split(values, starts), colors=look[0] if look else FAINT, linewidths=0.6, alpha=0.35,
        capstyle="projecting", joinstyle="round",
    )  # fmt: skip
    # One artist for all runs of an activation: matplotlib takes a millisecond for each.
    tag_artist(ax.add_collection(lines), tables, activation, "runs", panel)


def _means(epochs):
    """{activation: mean by epoch}, up to where the first of its runs was cut short."""
    found = epochs.groupby(["activation", "epoch"])["test_accuracy"].agg(["mean", "size"])
    runs = epochs.groupby("activation")["seed"].nunique()
    whole = found["mean"].where(found["size"] == runs.reindex(found.index, level="activation"))
    return {name: mean.droplevel(0).dropna() for name, mean in whole.groupby("activation")}


def _mean(ax, tables, activation, mean, look, panel):
    colour, _, dash = look or (FAINT, None, "-")
    line = {"lw": 1.8} if look else {"lw": 1.0, "alpha": 0.7}
    line |= {"marker": "o", "ms": 4} if len(mean) == 1 else {}
    (line,) = ax.plot(mean.index, to_percent(mean), color=colour, ls=dash, **line)
    tag_artist(line, tables, activation, "mean", panel)


def finding(tables):
    """How much the last epochs still brought."""
    if not tables.has_curves:
        return tables.why_no_curves()
    words = (_last_gain(tables, setting) for setting in tables.settings)
    return " ".join(filter(None, words)) or "The runs of the control were evaluated once."


def _last_gain(tables, setting):
    """From which accuracy to which the control's runs went between the last two evaluations."""
    epochs = tables.of(tables.epochs, setting).dropna(subset="test_accuracy")
    control = epochs[epochs["activation"] == tables.control]
    means = 100 * control.groupby("epoch")["test_accuracy"].mean()
    if len(means) < 2:
        return None
    before, last = means.index[-2:]
    part = "the last" if last - before == 1 else f"the last {last - before}"
    return (
        f"{tables.title(setting)}: in {part} of {last} epochs the control's runs went from "
        f"{means[before]:.2f} to {means[last]:.2f} % on average."
    )
