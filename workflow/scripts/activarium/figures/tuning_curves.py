"""Mean validation accuracy over the tuning seeds, at each value tried. A circle marks what was
chosen. Where two numbers were tuned, each point is the best over the other one. These runs were
never tested, and none of them is scored."""

from ..report.formatting import join_words
from ..report.study_tables import label
from ._style import (
    FAINT,
    activation_styles,
    add_legend,
    panel_grid,
    tag_artist,
    to_percent,
)

title = "What tuning tried"
place = 67
needs = "tuning"


def draw(tables):
    """One panel a setting and tuned number."""
    panels = _panels(tables)
    figure, axes = panel_grid(list(panels), 3.0)
    for i, ((setting, number), ax) in enumerate(axes.items()):
        cells = panels[setting, number]
        values = sorted({c["values"][number] for c in cells[0]["candidates"]})
        for cell in cells:
            _line(ax, tables, cell, number, values, i)
        ax.set_xticks(range(len(values)), [f"{value:g}" for value in values])
        ax.set_title(tables.title(setting) if len(panels) > 1 else "")
        ax.set(xlabel=number.replace("_", " "), ylabel="validation accuracy, %" if i == 0 else "")
        ax.grid(axis="y")
    add_legend(figure, tables, "line")
    return figure


def _panels(tables):
    """{(setting, number): the cells of `analysis` under it}."""
    panels = {}
    for setting in tables.settings:
        cells = tables.tuned_cells(setting)
        for number in cells[0]["chosen"] if cells else ():
            panels[setting, number] = cells
    return panels


def _line(ax, tables, cell, number, values, panel):
    colour, _, dash = activation_styles(tables).get(cell["activation"], (FAINT, None, "-"))
    best = [
        max(c["mean"] for c in cell["candidates"] if c["values"][number] == value)
        for value in values
    ]
    y = to_percent(best)
    width = 1.6 if colour != FAINT else 0.8
    (line,) = ax.plot(range(len(values)), y, ls=dash, color=colour, lw=width)
    tag_artist(line, tables, cell["activation"], "line", panel)
    chosen = values.index(cell["chosen"][number])
    (ring,) = ax.plot([chosen], [y[chosen]], "o", color=colour, mfc="none", ms=7)
    tag_artist(ring, tables, cell["activation"], "chosen", panel)


def finding(tables):
    """What was chosen for each activation."""
    words = []
    for (setting, number), cells in _panels(tables).items():
        chosen = {}
        for cell in cells:
            chosen.setdefault(cell["chosen"][number], []).append(label(cell["activation"]))
        said = [f"{value:g} for {join_words(who, 6)}" for value, who in sorted(chosen.items())]
        what = number.replace("_", " ")
        words.append(f"{tables.title(setting)}: the chosen {what} is {join_words(said)}.")
    return " ".join(words)
