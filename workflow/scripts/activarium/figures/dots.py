"""Every run's test accuracy after the last epoch, one dot a run: the raw numbers behind all
others. The bar below the dots is the mean with its Student-t interval. A mean that lies far
outside is named at that edge. There it also says how many runs diverged; they score as
guessing."""

from ..report.formatting import percent
from ._style import (
    CONTROL,
    FAINT,
    INK,
    PAPER,
    activation_styles,
    bulk_range,
    deciding_range,
    draw_others,
    label_rows,
    row_panels,
    set_x_limits,
    tag_artist,
    to_percent,
    uncrowded_range,
    visible_range,
)

title = "Every run"
place = 20


def draw(tables):
    """One panel a setting; rows in the order of the first setting's means."""
    order = tables.shown_first()
    figure, axes = row_panels(tables, order)
    colours = {a: look[0] for a, look in activation_styles(tables).items()}
    for i, (setting, ax) in enumerate(axes.items()):
        runs, every = (tables.of(frame, setting) for frame in (tables.runs, tables.summaries))
        runs, cells = tables.shown_rows(runs), tables.shown_rows(every)
        others = tables.other_rows(every)["mean"]
        seen = _visible(tables, setting, runs, [*cells["mean"]], others)
        _dots(ax, tables, runs, order, colours, i)
        draw_others(ax, others, len(order), seen, percent)
        for row in cells.itertuples():
            y = order.index(row.activation) + 0.28
            (line,) = ax.plot(to_percent([row.low, row.high]), [y, y], color=INK, lw=1)
            (mean,) = ax.plot(to_percent([row.mean]), [y], "|", color=INK, ms=5)
            tag_artist(line, tables, row.activation, "interval", i)
            tag_artist(mean, tables, row.activation, "mean", i)
            _note(ax, seen, row, order.index(row.activation))
        set_x_limits(ax, seen)
        label_rows(ax, tables, order, i)
        ax.grid(axis="x")
        ax.set_xlabel("test accuracy, %")
    return figure


def _visible(tables, setting, runs, means, others):
    """(low, high) of the x axis in percent, or None for all: as the forest plot cuts its own.

    The control is in it, with which all others are compared.
    """
    rows = tables.shown_rows(tables.of(tables.primary, setting))
    ends = ("mean_diff", "low_simultaneous", "high_simultaneous")
    margin = tables.analysis["plan"]["margin"]
    decided = deciding_range(*(rows[name] for name in ends), margin)
    if decided is None:
        values = [*runs["test_accuracy"], *means]
        seen = visible_range(values) or uncrowded_range(values, others)
        control = bulk_range(runs.loc[runs["activation"] == tables.control, "test_accuracy"])
        ends = [*seen, *(control or ())] if seen else []
    else:
        near = rows.loc[rows["mean_diff"].between(*decided), "activation"]
        ends = runs.loc[runs["activation"].isin([tables.control, *near]), "test_accuracy"].dropna()
    return tuple(to_percent([min(ends), max(ends)])) if len(ends) else None


def _dots(ax, tables, runs, order, colours, panel):
    for activation, cell in runs.groupby("activation"):
        y, shown = order.index(activation), cell[cell["status"] == "ok"]
        if len(shown):
            (dots,) = ax.plot(
                to_percent(shown["test_accuracy"]), [y - 0.12] * len(shown), "o", ms=4, mew=0,
                alpha=0.75, color=colours.get(activation, FAINT),
            )  # fmt: skip
            tag_artist(dots, tables, activation, "dots", panel)


def _note(ax, seen, row, y):
    """At the edge, what the dots of a row do not show: failures, and a mean that is far outside."""
    mean = 100 * row.mean
    outside = bool(seen) and not seen[0] <= mean <= seen[1]
    right = outside and mean > seen[1]
    notes = [f"mean {mean:.2f} ▸" if right else f"◂ mean {mean:.2f}"] if outside else []
    notes += [f"× {row.n_failed} diverged"] if row.n_failed else []
    if notes:
        ax.annotate(
            ", ".join(notes), (0.98 if right else 0.02, y - 0.12), fontsize=7,
            xycoords=ax.get_yaxis_transform(), ha="right" if right else "left", va="center",
            color=CONTROL if row.n_failed else INK,
            bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
        ).set_in_layout(False)  # fmt: skip


def finding(tables):
    """The range of the scores in each setting."""
    words = []
    for setting in tables.settings:
        runs = tables.of(tables.runs, setting)
        scores = to_percent(runs["test_accuracy"].dropna())
        reach = f"{scores.min():.2f} to {scores.max():.2f} %" if len(scores) else "no score"
        failed = int((runs["status"] == "diverged").sum())
        reach += f"; {failed} diverged" if failed and len(scores) else ""
        words.append(f"{tables.title(setting)}: {len(runs)} runs, {reach}.")
    return " ".join(words)
