"""Test accuracy after every epoch: a thin line a run, a thick one the mean of an activation's runs
that were not cut short. The control and the few best activations are coloured and drawn on top; the
last point of each thin line is the run's score."""

import seaborn as sns

from ._style import FAINT, key_of, looks, mark, panels, percent, window

title = "Learning curves"
place = 65


def draw(tables):
    """One panel a setting; None where nobody recorded epochs."""
    if tables.epochs.empty:
        return None
    figure, axes = panels(tables, 3.0)
    shown = looks(tables)
    others = [a for a in tables.activations if a not in shown]
    for i, (setting, ax) in enumerate(axes.items()):
        epochs = tables.of(tables.epochs, setting)
        for activation in [*others, *reversed(shown)]:
            cell = epochs[epochs["activation"] == activation]
            clear = activation in shown or len(others) == 1
            _lines(ax, tables, activation, cell, shown.get(activation), clear, i)
        middle = percent(epochs.groupby("activation")["test_accuracy"].median())
        low, _ = window(middle) or (middle.min(), None)
        ax.set_ylim(bottom=max(0, low - 15))
        ax.grid(axis="y")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set(xlabel="epoch", ylabel="test accuracy, %" if i == 0 else "")
    key_of(figure, tables, "line")
    return figure


def _lines(ax, tables, activation, cell, look, clear, panel):
    if cell.empty:
        return
    colour, _, dash = look or (FAINT, None, "-")
    before = len(ax.lines)
    sns.lineplot(
        x=cell["epoch"].to_numpy(), y=percent(cell["test_accuracy"]), units=cell["seed"].to_numpy(),
        estimator=None, color=colour, lw=0.6, alpha=0.35, ax=ax, legend=False,
    )  # fmt: skip
    for k, line in enumerate(ax.lines[before:]):
        mark(line, tables, activation, "run", panel, k)
    whole = cell.groupby("seed")["epoch"].transform("max") == cell["epoch"].max()
    mean = cell[whole].groupby("epoch")["test_accuracy"].mean()
    (line,) = ax.plot(
        mean.index, percent(mean), color=colour, ls=dash, lw=1.8 if clear else 1.0,
        alpha=1.0 if clear else 0.7,
    )  # fmt: skip
    mark(line, tables, activation, "mean", panel)


def finding(tables):
    """How much the last epoch still brought."""
    if tables.epochs.empty:
        return "No table of epochs came with these runs."
    words = []
    for setting in tables.settings:
        epochs = tables.of(tables.epochs, setting)
        control = epochs[epochs["activation"] == tables.control]
        last = control["epoch"].max()
        ends = [percent(control[control["epoch"] == e]["test_accuracy"]) for e in (last - 1, last)]
        if all(len(e) for e in ends):
            words.append(
                f"{tables.title(setting)}: in the last of {last} epochs the control's runs went "
                f"from {ends[0].mean():.2f} to {ends[1].mean():.2f} % on average."
            )
    return " ".join(words) or "The control has fewer than two epochs."
