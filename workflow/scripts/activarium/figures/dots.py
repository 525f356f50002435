"""Every run's final-epoch test accuracy, one dot a run: the raw numbers under everything else.
The bar beside each row is the mean with its Student-t interval. A cross at the left edge says how
many runs diverged; they score as guessing, which is in the mean and not in the picture."""

import seaborn as sns

from ._style import CONTROL, FAINT, INK, looks, mark, name_rows, percent, rows_of

title = "Every run"
place = 20


def draw(tables):
    """One panel a setting; rows in the order of the first setting's means."""
    order = tables.best_first(tables.settings[0])
    order += [a for a in tables.activations if a not in order]
    figure, axes = rows_of(tables, order)
    colours = {a: look[0] for a, look in looks(tables).items()}
    for i, (setting, ax) in enumerate(axes.items()):
        _dots(ax, tables, tables.of(tables.runs, setting), order, colours, i)
        for row in tables.of(tables.summaries, setting).itertuples():
            y = order.index(row.activation) + 0.28
            ax.plot(percent([row.low, row.high]), [y, y], color=INK, lw=1)
            ax.plot(percent([row.mean]), [y], "|", color=INK, ms=5)
        name_rows(ax, tables, order, i)
        ax.grid(axis="x")
        ax.set_xlabel("test accuracy, %")
    return figure


def _dots(ax, tables, runs, order, colours, panel):
    for activation, cell in runs.groupby("activation"):
        colour = colours.get(activation, FAINT)
        y, ok = order.index(activation), cell["status"] == "ok"
        shown = cell[ok]
        if ok.any():
            sns.scatterplot(
                x=percent(shown["test_accuracy"]), y=[y - 0.12] * len(shown), color=colour, s=16,
                alpha=0.75, linewidth=0, ax=ax, legend=False,
            )  # fmt: skip
            mark(ax.collections[-1], tables, activation, "dots", panel)
        if not ok.all():  # a line without points would sit in the corner and take its room
            n = int((~ok).sum())
            (cross,) = ax.plot([0.01], [y - 0.12], "x", color=CONTROL, ms=5, clip_on=False,
                               transform=ax.get_yaxis_transform())  # fmt: skip
            mark(cross, tables, activation, "failed", panel)
            ax.text(0.03, y - 0.12, f"{n} diverged", color=CONTROL, fontsize=7, va="center",
                    transform=ax.get_yaxis_transform())  # fmt: skip


def finding(tables):
    """The range of the scores in each setting."""
    words = []
    for setting in tables.settings:
        runs = tables.of(tables.runs, setting)
        scores = percent(runs["test_accuracy"].dropna())
        reach = f"{scores.min():.2f} to {scores.max():.2f} %" if len(scores) else "no score"
        words.append(f"{tables.title(setting)}: {len(runs)} runs, {reach}.")
    return " ".join(words)
