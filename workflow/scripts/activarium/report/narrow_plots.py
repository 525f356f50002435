"""Forest plot and dots of every run for a narrow screen: a strip a row, name and number above.

A figure drawn for a wide page would be too small there, or show names beside an empty part of its
axis. What is drawn is the same; the control comes first, then the best.
"""

import math
from collections.abc import Iterable, Mapping

from . import formatting
from .axis_limits import bulk_range, deciding_range
from .formatting import is_number
from .study_tables import Setting, StudyTables

WIDTH = 300  # of a strip, in its own units
SHOWN = 8  # rows before the rest waits to be opened


def narrow_plots(
    tables: StudyTables, decisions: Mapping[Setting, list[dict]]
) -> dict[str, dict[Setting, list[dict]]]:
    """{figure: {setting: groups}} of `decisions`, {setting: rows of `decision_rows`}.

    The first group is seen, the second, if any, can be opened; each is {rows, low, high, zero,
    band} and has an axis of its own, so that what lies far off does not press the best together.
    A row holds `label`, `number`, `control`, `text`, `verdict` or `colour`, and its places along
    the strip or None: `wide` and `thick`, the ends of intervals, `dots` and `mean`. `outside` is
    "left" or "right" where the mean lies beyond the axis. Of many activations only those that
    figures show have a row.
    """
    drawn = {"forest": _forest, "dots": _dots}
    return {
        name: {
            setting: [draw(tables, setting, group) for group in _groups(tables, name, rows)]
            for setting, rows in decisions.items()
        }
        for name, draw in drawn.items()
    }


def _groups(tables, name, rows):
    """The control, what is new and the best, then the others; in the forest plot what differs."""
    rows = [row for row in rows if row["activation"] in tables.shown]
    if name == "forest":
        rows = [row for row in rows if row["control"] or row.get("diff_n_pairs")]
    # Which leaves the others best first.
    rows = sorted(rows, key=lambda row: (not row["control"], not row["new"]))
    return [group for group in (rows[:SHOWN], rows[SHOWN:]) if group]


class Axis:
    """An axis of what is `seen`, or of all these values but those far out; `always` is in it."""

    def __init__(
        self,
        values: Iterable[float | None],
        seen: tuple[float, float] | None = None,
        always: Iterable[float] = (),
    ):
        low, high = seen or bulk_range(filter(is_number, values)) or (0, 0)
        low, high = min([low, *always]), max([high, *always])
        room = 0.04 * (high - low) or 0.001
        self.low, self.high = float(low - room), float(high + room)

    def at(self, value: float | None) -> float | None:
        """Where a value stands; at the nearer end where it lies outside, None where it is none."""
        if not is_number(value):
            return None
        share = (value - self.low) / (self.high - self.low)
        return round(WIDTH * min(1, max(0, share)), 1)

    def side(self, value: float | None) -> str | None:
        """On which side a value lies beyond the axis, "left" or "right"; else None."""
        if not is_number(value) or self.low <= value <= self.high:
            return None
        return "left" if value < self.low else "right"

    def span(self, low: float | None, high: float | None) -> tuple | None:
        """(place, place) of an interval, or None."""
        return (self.at(low), self.at(high)) if is_number(low) and is_number(high) else None


def _forest(tables, setting, rows):
    ends = ("diff_mean_diff", "diff_low_simultaneous", "diff_high_simultaneous", "diff_low",
            "diff_high")  # fmt: skip
    margin = tables.analysis["plan"]["margin"]
    differences = [[row.get(end, math.nan) for row in rows] for end in ends[:3]]
    values = [0, *(row.get(end) for row in rows for end in ends)]
    axis = Axis(values, deciding_range(*differences, margin), (-margin, margin))
    return {
        "rows": [_difference(axis, row) for row in rows],
        "low": f"{formatting.points(axis.low, 1)} pp",
        "high": f"{formatting.points(axis.high, 1)} pp",
        "zero": axis.at(0),
        "band": axis.span(-margin, margin),
    }


def _difference(axis, row):
    about = _row(row)
    if row["control"]:
        return about | {"text": "the line at 0", "mean": axis.at(0)}
    text = "the same runs" if row["same_runs"] else formatting.points(row["diff_mean_diff"])
    if is_number(row["diff_low"]):
        ends = formatting.interval(row["diff_low"], row["diff_high"], show=formatting.points)
        text = f"{text} ({ends})"
    return about | {
        "text": text,
        "verdict": None if row["same_runs"] else row["diff_verdict"],
        "mean": axis.at(row["diff_mean_diff"]),
        "outside": axis.side(row["diff_mean_diff"]),
        "thick": axis.span(row["diff_low"], row["diff_high"]),
        "wide": axis.span(row["diff_low_simultaneous"], row["diff_high_simultaneous"]),
    }


def _dots(tables, setting, rows):
    runs = tables.of(tables.runs, setting)
    runs = runs[runs["status"] == "ok"]
    scores = {a: found.tolist() for a, found in runs.groupby("activation")["test_accuracy"]}
    shown = {row["activation"] for row in rows}
    seen = runs[runs["activation"].isin(shown)]
    control = bulk_range(scores.get(tables.control, [])) if tables.control in shown else None
    axis = Axis([*seen["test_accuracy"], *(row["mean"] for row in rows)], always=control or ())
    colours = {a: f"top{k}" for k, a in enumerate(tables.coloured, 1)}
    return {
        "rows": [_runs(axis, row, scores.get(row["activation"], []), colours) for row in rows],
        "low": f"{formatting.percent(axis.low, 1)} %",
        "high": f"{formatting.percent(axis.high, 1)} %",
        "zero": None,
        "band": None,
    }


def _row(row):
    """What every strip has, and nothing drawn on it yet."""
    empty = dict.fromkeys(("verdict", "colour", "wide", "thick", "dots", "mean", "outside"))
    return {key: row[key] for key in ("label", "number", "control")} | empty


def _runs(axis, row, scores, colours):
    text = formatting.percent(row["mean"])
    if is_number(row["low"]) and row["sd"]:
        text = f"{text} ± {formatting.percent((row['high'] - row['low']) / 2)}"
    if row["n_failed"]:
        text += f", {row['n_failed']} diverged"
    return {
        **_row(row),
        "text": text,
        "colour": "control" if row["control"] else colours.get(row["activation"], "quiet"),
        "dots": [axis.at(score) for score in scores],
        "mean": axis.at(row["mean"]),
        "outside": axis.side(row["mean"]),
        "thick": axis.span(row["low"], row["high"]),
    }
