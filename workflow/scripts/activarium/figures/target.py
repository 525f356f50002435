"""How soon a run first reaches the control's final accuracy less the margin, in epochs. The dot
is the median with exact ends at the study's confidence. An arrow means that fewer than half of
the runs got there. That counts as “later”, not as missing."""

from ..report.formatting import count
from ._style import INK, activation_styles, label_rows, row_panels, tag_artist

title = "Time to target"
place = 70


def draw(tables):
    """One panel a setting; None where no run was evaluated twice."""
    if not (tables.has_curves and any(r["n_runs"] for r in tables.analysis["time_to_target"])):
        return None
    order = tables.shown_first()
    figure, axes = row_panels(tables, order, 0.2)
    for i, (setting, ax) in enumerate(axes.items()):
        last = max(tables.evaluated_epochs[setting], default=1)
        for row in _rows(tables, setting):
            if row["activation"] in order:
                _row(ax, tables, row, order.index(row["activation"]), last, i)
        label_rows(ax, tables, order, i)
        ax.grid(axis="x")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlim(0, last * 1.12)
        ax.set_xlabel("epochs")
    return figure


def _rows(tables, setting):
    """What is known of a setting; nothing where no run was evaluated."""
    rows = tables.rows("time_to_target", setting) if tables.evaluated_epochs[setting] else []
    return [row for row in rows if row["n_runs"]]


def _row(ax, tables, row, y, last, panel):
    colour = activation_styles(tables).get(row["activation"], (INK,))[0]
    high = row["high"] if row["high"] is not None else last
    if row["low"] is not None:
        (line,) = ax.plot([row["low"], high], [y, y], color=colour, lw=1.4)
        tag_artist(line, tables, row["activation"], "interval", panel)
    shape, x = ("o", row["median"]) if row["median"] is not None else (">", last * 1.04)
    (dot,) = ax.plot([x], [y], shape, color=colour, ms=5)
    tag_artist(dot, tables, row["activation"], "median", panel)


def finding(tables):
    """The target of each setting and how many runs never reached it."""
    if not tables.has_curves:
        return tables.why_no_curves()
    words = []
    for setting in tables.settings:
        rows = _rows(tables, setting)
        if rows and rows[0]["target"] is not None:
            never = sum(r["n_runs"] - r["n_reached"] for r in rows)
            who = f"{count(never, 'run')} never" if never else "every run"
            words.append(f"{tables.title(setting)}: {who} reached {100 * rows[0]['target']:.2f} %.")
    return " ".join(words) or "No run of the control has a score, so that there is no target."
