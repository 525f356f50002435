"""What accuracy costs: the mean score against the training time of an image, as a multiple of the
reference's on the same machine. The line joins those that no other beats in both (the Pareto
front). Times of different machines are never put together: each panel is the one machine that
made most runs of its setting."""

from collections import Counter

from ..report.tables import label
from ..report.words import listed
from ._style import CONTROL, FAINT, TOP, mark, panels, percent

title = "Accuracy and its cost"
place = 60


def draw(tables):
    """One panel a setting; None where no cost is known."""
    cells = {setting: _cells(tables, setting) for setting in tables.settings}
    if not any(cells.values()):
        return None
    figure, axes = panels(tables, 3.1)
    for i, (setting, ax) in enumerate(axes.items()):
        front = sorted((c["x"], c["accuracy"]) for c in cells[setting] if c["on_front"])
        ax.plot([x for x, _ in front], percent([y for _, y in front]), color=TOP[0], lw=1)
        for cell in cells[setting]:
            _point(ax, tables, cell, i)
        if cells[setting]:
            ax.set_xlabel(f"training time, {cells[setting][0]['unit']}")
        ax.set_ylabel("test accuracy, %" if i == 0 else "")
        ax.margins(x=0.12)
        ax.grid()
    return figure


def _cells(tables, setting):
    """The cost of each activation on the busiest machine, with `x` to draw and its `unit`."""
    rows = [r for r in tables.rows("cost", setting) if r["seconds_per_image"] is not None]
    machines = Counter(tuple(r[k] for k in tables.analysis["plan"]["machine"]) for r in rows)
    if not machines:
        return []
    busiest = max(machines, key=machines.get)
    rows = [r for r in rows if tuple(r[k] for k in tables.analysis["plan"]["machine"]) == busiest]
    relative = all(r["ratio"] is not None for r in rows)
    unit = f"× that of {label(rows[0]['reference'])}" if relative else "µs an image"
    return [
        r | {"x": r["ratio"] if relative else 1e6 * r["seconds_per_image"], "unit": unit}
        for r in rows
        if r["accuracy"] is not None
    ]


def _point(ax, tables, cell, panel):
    colour = CONTROL if cell["activation"] == tables.control else FAINT
    colour = TOP[0] if cell["on_front"] and colour == FAINT else colour
    (dot,) = ax.plot([cell["x"]], percent([cell["accuracy"]]), "o", color=colour, ms=5)
    text = ax.annotate(
        label(cell["activation"]), (cell["x"], 100 * cell["accuracy"]), xytext=(4, 3),
        textcoords="offset points", fontsize=7, color=colour,
    )  # fmt: skip
    mark(dot, tables, cell["activation"], "cost", panel)
    mark(text, tables, cell["activation"], "name", panel)


def finding(tables):
    """Who is on the front, in each setting."""
    words = []
    for setting in tables.settings:
        front = [label(c["activation"]) for c in _cells(tables, setting) if c["on_front"]]
        if front:
            words.append(f"{tables.title(setting)}: not beaten in both are {listed(front, 8)}.")
    return " ".join(words) or "No cost came with these runs."
