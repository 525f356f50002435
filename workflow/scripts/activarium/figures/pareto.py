"""What accuracy costs: the mean score against the training time of an image. The time is a
multiple of the reference's on the same machine. The line joins those that no other beats in both
(the Pareto front). Times of different machines are never mixed: each panel is the one machine
that made most runs of its setting. Where names would overlap, some are left out. Point at a dot,
or highlight an activation."""

from collections import Counter
from itertools import pairwise

import numpy as np
from matplotlib.transforms import Bbox

from ..report.formatting import join_words
from ..report.study_tables import label
from ._style import (
    CONTROL,
    FAINT,
    QUIET,
    TOP,
    lay_out,
    setting_panels,
    short_label,
    tag_artist,
    to_percent,
    visible_range,
)

title = "Accuracy and its cost"
place = 60


def draw(tables):
    """One panel a setting; None where no cost is known."""
    cells = {setting: _cells(tables, setting) for setting in tables.settings}
    if tables.busy or not any(cells.values()):
        return None
    figure, axes = setting_panels(tables, 3.1)
    for i, (setting, ax) in enumerate(axes.items()):
        front = sorted((c["x"], c["accuracy"]) for c in cells[setting] if c["on_front"])
        ax.plot([x for x, _ in front], to_percent([y for _, y in front]), color=TOP[0], lw=1)
        _points(ax, tables, cells[setting], i)
        if cells[setting]:
            ax.set_xlabel(f"training time, {cells[setting][0]['unit']}")
        ax.set_ylabel("test accuracy, %" if i == 0 else "")
        ax.margins(x=0.12, y=0.1)
        _frame(ax, cells[setting])
        ax.grid()
    _names(figure, axes, tables, cells)
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


def _colour(tables, cell):
    """The control's colour, the front's, or one that stands back."""
    front = TOP[0] if cell["on_front"] else QUIET
    return CONTROL if cell["activation"] == tables.control else front


def _is_shown(tables, cell):
    """Whether a cell has a dot that can be named; those left out of figures have a mark."""
    return cell["on_front"] or cell["activation"] in tables.shown


def _points(ax, tables, cells, panel):
    others = [c for c in cells if not _is_shown(tables, c)]
    y = to_percent([cell["accuracy"] for cell in others])
    ax.plot([cell["x"] for cell in others], y, ".", ms=2, color=FAINT)
    for cell in (c for c in cells if _is_shown(tables, c)):
        (dot,) = ax.plot(
            [cell["x"]], to_percent([cell["accuracy"]]), "o", ms=5, color=_colour(tables, cell)
        )
        tag_artist(dot, tables, cell["activation"], "cost", panel)


def _frame(ax, cells):
    """Leave out of the frame what would press all others together, and say in it what."""
    seen = visible_range([100 * cell["accuracy"] for cell in cells])
    if not seen:
        return
    room = 0.15 * (seen[1] - seen[0])
    ax.set_ylim(seen[0] - 2 * room, seen[1] + room)
    far = sorted((c["accuracy"], short_label(c["activation"])) for c in cells)
    far = [f"{name} {100 * v:.1f}" for v, name in far if 100 * v < seen[0]]
    shown = far[:3] + ([f"{len(far) - 3} more"] if len(far) > 3 else [])
    ax.annotate(
        "\n".join(["below:", *shown]), (0.98, 0.02), xycoords="axes fraction", fontsize=7,
        color=QUIET, ha="right", va="bottom",
    ).set_in_layout(False)  # fmt: skip


def _names(figure, axes, tables, cells):
    """A name beside each dot where one fits; the control and the front come first."""
    lay_out(figure)
    for i, (setting, ax) in enumerate(axes.items()):
        first = sorted(
            (c for c in cells[setting] if _is_shown(tables, c)),
            key=lambda c: (c["activation"] != tables.control, not c["on_front"], -c["accuracy"]),
        )
        inside = ax.get_window_extent()
        at = {c["activation"]: ax.transData.transform((c["x"], 100 * c["accuracy"])) for c in first}
        taken = [_square(point, 4) for point in at.values()] + _along(ax.lines[0])
        taken += [text.get_window_extent() for text in ax.texts]
        for cell in first:
            name = short_label(cell["activation"])
            place = _place(at[cell["activation"]], len(name), taken, inside)
            if place:
                box, offset, side = place
                taken.append(box)
                text = ax.annotate(
                    name, (cell["x"], 100 * cell["accuracy"]), xytext=offset, fontsize=7,
                    textcoords="offset points", ha=side, va="center", color=_colour(tables, cell),
                )  # fmt: skip
                text.set_in_layout(False)
                tag_artist(text, tables, cell["activation"], "name", i)


def _square(point, half):
    return Bbox.from_extents(*(np.asarray(point) - half), *(np.asarray(point) + half))


def _along(line):
    """Small squares on the line of the front, so that no name lies across it."""
    corners = line.get_transform().transform(line.get_xydata())
    steps = [np.linspace(a, b, 2 + int(np.hypot(*(b - a)) / 4)) for a, b in pairwise(corners)]
    return [_square(point, 1) for point in np.concatenate(steps)] if steps else []


def _place(point, letters, taken, inside):
    """(box, offset in points, alignment) of the first place about a point that is free, or None."""
    x, y = point
    wide, high = 4.3 * letters, 8.5  # of a name in points, which are pixels in an SVG
    for dx, dy, side in (
        (6, 0, "left"), (-6, 0, "right"), (5, 7, "left"), (5, -7, "left"), (-5, 7, "right"),
        (-5, -7, "right"), (0, 9, "center"), (0, -9, "center"),
    ):  # fmt: skip
        left = x + dx - {"left": 0, "right": wide, "center": wide / 2}[side]
        box = Bbox.from_extents(left, y + dy - high / 2, left + wide, y + dy + high / 2)
        fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0
        if fits and box.y1 <= inside.y1 and not any(box.overlaps(other) for other in taken):
            return box, (dx, dy), side
    return None


def finding(tables):
    """Who is on the front, in each setting."""
    words = []
    for setting in tables.settings:
        front = [label(c["activation"]) for c in _cells(tables, setting) if c["on_front"]]
        if front:
            names = join_words(front, 8)
            words.append(
                f"{tables.title(setting)}: no other beats {names} in both accuracy and time."
            )
    return " ".join(words) or "No cost came with these runs."
