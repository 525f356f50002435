"""Whether the difference from the control depends on the data set, within one recipe and
network. Each line is an activation, each point a data set. Where lines cross, no activation wins
everywhere."""

import itertools

from ..report.formatting import join_words
from ..report.study_tables import dataset_label
from ._style import (
    CONTROL,
    FAINT,
    activation_styles,
    add_legend,
    panel_grid,
    tag_artist,
    to_percent,
)

title = "Interaction with the data set"
place = 80


def draw(tables):
    """One panel a recipe × network; None where no two data sets share one."""
    shared = _shared(tables)
    if not shared:
        return None
    figure, axes = panel_grid(list(shared), 3.0)
    for i, (pair, ax) in enumerate(axes.items()):
        rows = tables.shown_rows(tables.primary)
        rows = rows[(rows["recipe"] == pair[0]) & (rows["network"] == pair[1])]
        ax.axhline(0, color=CONTROL, lw=1.2)
        for activation, cells in rows.groupby("activation"):
            _line(ax, tables, activation, cells.set_index("dataset"), shared[pair], i)
        ax.set_xticks(range(len(shared[pair])), [dataset_label(d) for d in shared[pair]])
        ax.set(title=" · ".join(reversed(pair)) if len(shared) > 1 else "",
               ylabel="difference, percentage points" if i == 0 else "")  # fmt: skip
        ax.grid(axis="y")
    add_legend(figure, tables, "line")
    return figure


def _shared(tables):
    """{(recipe, network): data sets} of those with at least two."""
    groups = itertools.groupby(tables.settings, key=lambda s: s[:2])
    shared = {pair: [s[2] for s in settings] for pair, settings in groups}
    return {pair: found for pair, found in shared.items() if len(found) > 1}


def _line(ax, tables, activation, cells, datasets, panel):
    colour, shape, dash = activation_styles(tables).get(activation, (FAINT, ".", "-"))
    y = to_percent([cells["mean_diff"].get(d) for d in datasets])
    (line,) = ax.plot(range(len(datasets)), y, dash, marker=shape, color=colour, ms=4,
                      lw=1.5 if colour != FAINT else 0.7)  # fmt: skip
    tag_artist(line, tables, activation, "line", panel)


def finding(tables):
    """Where the data sets are shown to disagree."""
    found = tables.analysis["across_datasets"]
    if not found:
        return "No two data sets share a recipe and a network."
    names = [f"{g['network']}, {g['recipe']}" for g in found if g.get("winner") is None]
    if not names:
        return "In every recipe and network one activation leads over all data sets."
    return f"No overall winner can be named for {join_words(names)}."
