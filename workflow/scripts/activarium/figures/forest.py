"""Each activation's mean difference from the control, over paired seeds. The thick line is its
Student-t interval at the study's confidence. The thin line is corrected for all comparisons of
the panel, as the verdict is. Near the level the two can disagree; then the verdict's test
decides. Zero is the control. Within the shaded band two activations count as equally good.
Symbols show the verdict: ▲ better, ▼ worse, ● not shown or equivalent. The axis shows where
verdicts are decided. What lies far outside is named at the edge."""

from ..report.formatting import count, points
from ._style import (
    CONTROL,
    FAINT,
    INK,
    TOP,
    deciding_range,
    draw_others,
    label_outside,
    label_rows,
    row_panels,
    set_x_limits,
    tag_artist,
    to_percent,
    uncrowded_range,
    visible_range,
)

title = "Difference from the control"
place = 10

SYMBOLS = {"better": ("^", TOP[1]), "worse": ("v", TOP[2])}


def draw(tables):
    """One panel a setting; rows in the order of the first setting's differences."""
    if tables.primary.empty:
        return None
    order = _order(tables)
    figure, axes = row_panels(tables, order)
    margin = 100 * tables.analysis["plan"]["margin"]
    for i, (setting, ax) in enumerate(axes.items()):
        ax.axvspan(-margin, margin, color=FAINT, alpha=0.18, lw=0)
        ax.axvline(0, color=CONTROL, lw=1.2)
        rows = tables.of(tables.primary, setting)
        seen = _visible(tables.shown_rows(rows), tables.other_rows(rows), margin)
        for row in tables.shown_rows(rows).itertuples():
            _row(ax, tables, row, order.index(row.activation), seen, i)
        draw_others(ax, tables.other_rows(rows)["mean_diff"], len(order), seen, points)
        set_x_limits(ax, seen)
        label_rows(ax, tables, order, i)
        ax.grid(axis="x")
        ax.set_xlabel("percentage points")
    return figure


def _order(tables):
    """All compared activations, best difference first; what the first setting lacks comes last."""
    rows = tables.shown_rows(tables.primary)
    first = tables.of(rows, tables.settings[0]).sort_values("mean_diff", ascending=False)
    return list(dict.fromkeys([*first["activation"], *rows["activation"]]))


def _visible(rows, others, margin):
    """(low, high) of the x axis in percentage points, or None for all that is drawn."""
    ends = ("mean_diff", "low_simultaneous", "high_simultaneous")
    decided = deciding_range(*(to_percent(rows[name]) for name in ends), margin)
    every = [0, *to_percent(rows[[*ends, "low", "high"]]).ravel()]
    far = to_percent(others["mean_diff"])
    return decided or _with_zero(visible_range(every) or uncrowded_range(every, far), margin)


def _with_zero(seen, margin):
    """The range with the band of the margin in it, without which no verdict can be read."""
    return seen and (min(seen[0], -margin), max(seen[1], margin))


def _row(ax, tables, row, y, seen, panel):
    shape, colour = SYMBOLS.get(row.verdict, ("o", INK))
    wide = to_percent([row.low_simultaneous, row.high_simultaneous])
    (thin,) = ax.plot(wide, [y, y], color=colour, lw=0.7)
    (line,) = ax.plot(to_percent([row.low, row.high]), [y, y], color=colour, lw=2.2)
    (dot,) = ax.plot(to_percent([row.mean_diff]), [y], shape, color=colour, ms=6)
    crossing = row.low < row.mean_diff and bool(seen) and 100 * row.high > seen[0]
    above = 0.34 if crossing else 0
    label_outside(ax, seen, 100 * row.mean_diff, y - above, points(row.mean_diff), colour)
    for artist, part in ((thin, "corrected"), (line, "interval"), (dot, "mean")):
        tag_artist(artist, tables, row.activation, part, panel)


def finding(tables):
    """How many differ from the control, in each setting."""
    if tables.compared.empty:
        return "There is nothing to compare with the control."
    words = []
    for setting in tables.settings:
        rows = tables.of(tables.compared, setting)
        n = {v: int((rows["verdict"] == v).sum()) for v in ("better", "worse")}
        words.append(
            f"{tables.title(setting)}: of {count(len(rows), 'activation')}, {n['better']} better "
            f"and {n['worse']} worse than the control."
        )
    return " ".join(words)
