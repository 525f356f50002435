"""Every pair of activations, as an exploration. Below the diagonal: the mean paired difference,
row − column, in percentage points. Above it: on how many percent of the seeds the row beats the
column; ties count half. A coloured cell is below the level after Benjamini and Hochberg's
correction over all pairs of the setting. The stronger its colour, the larger the difference.
This promises less than a verdict: at 95 % confidence one in twenty coloured cells may be false.
So a pair with the control can be coloured here and have no difference shown in the table. The
table's verdict counts."""

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.text import Text

from ..compare.scores import significance_level
from ..report.formatting import count, points
from ..report.study_tables import label
from ._style import CONTROL, INK, QUIET, TOP, mark_id, setting_panels, short_label, tag_artist

title = "All pairs"
place = 40

STEPS = np.linspace(0.1, 0.5, 64)  # opacities, so that the colours stand on any paper
COLOURS = ListedColormap(
    [to_rgba(TOP[2], a) for a in STEPS[::-1]] + [to_rgba(TOP[1], a) for a in STEPS]
)


def draw(tables):
    """One panel a setting, best mean first; None with a single activation."""
    if not tables.analysis["pairs"]:
        return None
    most = max(len(_order(tables, s)) for s in tables.settings)
    figure, axes = setting_panels(tables, max(2.2, 0.7 + 0.27 * most), columns=1)
    for setting, ax in axes.items():
        _colours(ax, tables, setting)
        _texts(ax, tables, setting)
    return figure


def _order(tables, setting):
    """The activations with a row and a column, best mean first."""
    return [a for a in tables.best_first(setting) if a in tables.shown]


def _colours(ax, tables, setting):
    """The differences that are below the level, as colours."""
    order = _order(tables, setting)
    difference = np.full((len(order), len(order)), np.nan)
    for i, j, pair in _cells(tables, setting, order):
        if _sure(tables, pair):
            difference[i, j] = 100 * pair["mean_diff"]
    known = np.abs(difference[np.isfinite(difference)])
    reach = np.quantile(known, 0.8) if len(known) else 1  # what is far beyond has the last colour
    # As seaborn's heatmap, which lays the whole figure out for each panel.
    shown = np.ma.masked_invalid(difference)
    ax.pcolormesh(shown, cmap=COLOURS, vmin=-reach, vmax=reach, linewidth=0, edgecolor="white")
    ax.set(xlim=(0, len(order)), ylim=(len(order), 0))
    sns.despine(ax=ax, left=True, bottom=True)
    ax.set_xticks(np.arange(len(order)) + 0.5)
    ax.set_yticks(np.arange(len(order)) + 0.5)
    _name(ax, tables, setting, order)


def _texts(ax, tables, setting):
    """The number in each cell."""
    order = _order(tables, setting)
    size = 6.4 if len(order) <= 16 else 5.2
    panel = tables.settings.index(setting)
    cells = []
    for i, j, pair in _cells(tables, setting, order):
        text = points(pair["mean_diff"], 1) if i > j else f"{100 * pair['p_superior']:.0f}"
        color = INK if _sure(tables, pair) else QUIET
        mark = mark_id(tables, (order[i], order[j]), "pair", panel, i, j)
        cells.append((j + 0.5, i + 0.5, text, color, mark))
    ax.add_artist(CellTexts(cells, size)).set_in_layout(False)


class CellTexts(Text):
    """One artist for all (x, y, text, colour, id): matplotlib takes half a millisecond for each."""

    def __init__(self, cells, size):
        super().__init__(ha="center", fontsize=size)
        self.cells = cells

    def draw(self, renderer):
        """Draw each centred on its place."""
        gc, font = renderer.new_gc(), self.get_fontproperties()
        below = 0.35 * self.get_fontsize()  # of a baseline, so that digits stand in the middle
        places = self.get_transform().transform([cell[:2] for cell in self.cells])
        for (x, y), (*place, text, color, mark) in zip(places, self.cells, strict=True):
            self.set_position(place)  # from which the SVG's text-anchor is taken
            gc.set_foreground(color)
            renderer.open_group("text", mark)
            renderer.draw_text(gc, x, renderer.height - y + below, text, font, 0.0, False, self)
            renderer.close_group("text")


def _sure(tables, pair):
    return pair["p_t_bh"] is not None and pair["p_t_bh"] < significance_level(
        tables.analysis["plan"]["confidence"]
    )


def _name(ax, tables, setting, order):
    names = [short_label(a) for a in order]
    ax.set_yticklabels(names, rotation=0, va="center")
    ax.set_xticklabels(names, rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_label_coords(0, 0)  # they have none, for which matplotlib would measure all names
    for axis, ticks in (("x", ax.get_xticklabels()), ("y", ax.get_yticklabels())):
        for tick, activation in zip(ticks, order, strict=True):
            tag_artist(tick, tables, activation, "name", tables.settings.index(setting), axis)
            tick.set_fontsize(7.5)
            if activation == tables.control:
                tick.set(color=CONTROL, fontweight="bold")


def _cells(tables, setting, order):
    """Yield (row, column, pair) of every known pair in both directions, row − column."""
    place = {activation: i for i, activation in enumerate(order)}
    for pair in tables.rows("pairs", setting):
        if pair["mean_diff"] is not None:
            i, j = place[pair["activation"]], place[pair["other"]]
            turned = {"mean_diff": -pair["mean_diff"], "p_superior": 1 - pair["p_superior"]}
            yield i, j, pair
            yield j, i, pair | turned


def finding(tables):
    """How many pairs of each setting differ by this weaker correction, and what verdicts say."""
    words = []
    for setting in tables.settings:
        pairs = [pair for pair in tables.rows("pairs", setting) if pair["n_pairs"]]
        differ = sum(_sure(tables, pair) for pair in pairs)
        untested = sum(pair["p_t_bh"] is None for pair in pairs)
        more = f"; {untested} cannot be tested so" if untested else ""
        if pairs:
            those = " of those shown" if tables.left_out else ""
            words.append(
                f"{tables.title(setting)}: by this weaker correction {differ} of "
                f"{count(len(pairs), 'pair')}{those} {'differs' if differ == 1 else 'differ'}"
                f"{more}.{_count_verdicts(tables, setting, pairs)}"
            )
    return " ".join(words) or "There is only one activation."


def _count_verdicts(tables, setting, pairs):
    """How many coloured pairs are with the control, where verdicts show fewer; else ""."""
    rows = tables.of(tables.compared, setting)
    shown = set(rows.loc[rows["verdict"].isin(["better", "worse"]), "activation"])
    sure = (pair for pair in pairs if _sure(tables, pair))
    named = ({pair["activation"], pair["other"]} for pair in sure)
    others = {a for pair in named if tables.control in pair for a in pair - {tables.control}}
    if not others - shown:
        return ""
    control = label(tables.control)
    return f" {len(others)} of them are with {control}; verdicts show {len(others & shown)}."
