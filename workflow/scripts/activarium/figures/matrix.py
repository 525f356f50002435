"""Every pair of activations, exploratory. Below the diagonal: the mean paired difference, row −
column, in percentage points. Above it: on how many percent of the seeds the row beats the column,
ties half. Cells with a colour stay below the level after Benjamini and Hochberg's correction over
all pairs of the setting; the colour says by how much."""

import numpy as np
import seaborn as sns

from ..report.tables import label
from ..report.words import points
from ._style import CONTROL, FAINT, panels

title = "All pairs"
place = 40

COLOURS = sns.diverging_palette(330, 165, s=70, l=72, as_cmap=True)
TEXT = "#20242a"  # on coloured cells, which stay light also on a dark page


def draw(tables):
    """One panel a setting, best mean first; None with a single activation."""
    if not tables.analysis["pairs"]:
        return None
    most = max(len(tables.best_first(s)) for s in tables.settings)
    figure, axes = panels(tables, max(2.2, 0.7 + 0.27 * most), columns=1)
    for setting, ax in axes.items():
        _panel(ax, tables, setting)
    return figure


def _panel(ax, tables, setting):
    order = tables.best_first(setting)
    cells = _cells(tables, setting)
    n, alpha = len(order), 1 - tables.analysis["plan"]["confidence"]
    difference, sure = np.full((n, n), np.nan), np.zeros((n, n), bool)
    for i, row in enumerate(order):
        for j, column in enumerate(order):
            found = cells.get((row, column))
            if found and found["mean_diff"] is not None:
                difference[i, j] = 100 * found["mean_diff"]
                sure[i, j] = found["p_t_bh"] is not None and found["p_t_bh"] < alpha
                text = _text(found, below=i > j)
                ax.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=6.2,
                        color=TEXT if sure[i, j] else FAINT)  # fmt: skip
    reach = np.nanmax(np.abs(difference)) if np.isfinite(difference).any() else 1
    sns.heatmap(
        difference, mask=~sure, cmap=COLOURS, center=0, vmin=-1.4 * reach, vmax=1.4 * reach,
        cbar=False, ax=ax, xticklabels=order, yticklabels=order,
    )  # fmt: skip
    _name(ax, tables, order)


def _name(ax, tables, order):
    names = [label(a) for a in order]
    ax.set_yticklabels(names, rotation=0)
    ax.set_xticklabels(names, rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    for ticks in (ax.get_xticklabels(), ax.get_yticklabels()):
        for tick, activation in zip(ticks, order, strict=True):
            tick.set_fontsize(7.5)
            if activation == tables.control:
                tick.set(color=CONTROL, fontweight="bold")


def _cells(tables, setting):
    """{(row, column): pair} in both directions."""
    cells = {}
    for pair in tables.rows("pairs", setting):
        a, b = pair["activation"], pair["other"]
        cells[a, b] = pair
        turned = dict.fromkeys(("mean_diff", "p_superior"))
        if pair["mean_diff"] is not None:
            turned = {"mean_diff": -pair["mean_diff"], "p_superior": 1 - pair["p_superior"]}
        cells[b, a] = pair | turned
    return cells


def _text(pair, below):
    return points(pair["mean_diff"], 1) if below else f"{100 * pair['p_superior']:.0f}"


def finding(tables):
    """How many pairs of each setting differ."""
    alpha = 1 - tables.analysis["plan"]["confidence"]
    words = []
    for setting in tables.settings:
        p = [pair["p_t_bh"] for pair in tables.rows("pairs", setting)]
        differ = sum(v is not None and v < alpha for v in p)
        if p:
            words.append(f"{tables.title(setting)}: {differ} of {len(p)} pairs differ.")
    return " ".join(words) or "There is only one activation."
