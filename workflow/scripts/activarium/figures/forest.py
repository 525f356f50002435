"""Each activation's mean difference from the control, over paired seeds. The thick line is its
Student-t interval at the study's confidence. The thin line is corrected for all comparisons of
the panel, as the verdict is. Near the level the two can disagree; then the verdict's test
decides. Zero is the control. Within the shaded band two activations count as equally good.
Symbols show the verdict: ▲ better, ▼ worse, ● not shown or equivalent. What lies far outside is
named at the edge."""

from ..report.formatting import count, points
from ._style import (
    CONTROL,
    FAINT,
    INK,
    TOP,
    label_outside,
    label_rows,
    row_panels,
    set_x_limits,
    tag_artist,
    to_percent,
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
        ends = ("low", "high", "low_simultaneous", "high_simultaneous", "mean_diff")
        seen = visible_range(to_percent([0, *rows[list(ends)].to_numpy().ravel()]))
        for row in rows.itertuples():
            _row(ax, tables, row, order.index(row.activation), seen, i)
        set_x_limits(ax, seen)
        label_rows(ax, tables, order, i)
        ax.grid(axis="x")
        ax.set_xlabel("percentage points")
    return figure


def _order(tables):
    """All compared activations, best difference first; what the first setting lacks comes last."""
    first = tables.of(tables.primary, tables.settings[0]).sort_values("mean_diff", ascending=False)
    return list(dict.fromkeys([*first["activation"], *tables.primary["activation"]]))


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
