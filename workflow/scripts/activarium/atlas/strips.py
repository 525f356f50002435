"""One setting's difference and simultaneous interval as a strip, all of a card on one scale."""

import statistics
from collections.abc import Iterable, Mapping

WIDTH, HEIGHT, EDGE = 240, 18, 6
LEAST = 0.01  # what a card's scale reaches at least, as a fraction
TIMES = 4  # and at most this many times the median, so that one far setting flattens no other


def strip_limit(entries: Iterable[Mapping]) -> float:
    """How far the scale of a card reaches on both sides of 0, a fraction."""
    far = [max(map(abs, ends)) for entry in entries if (ends := _ends(entry))]
    return max(LEAST, min(max(far), TIMES * statistics.median(far))) if far else LEAST


def _ends(entry):
    names = ("diff_mean_diff", "diff_low_simultaneous", "diff_high_simultaneous")
    return [entry[name] for name in names if entry[name] is not None]


def strip_svg(entry: Mapping, limit: float) -> str:
    """The strip of one entry of a card's settings; its numbers stand beside it as text.

    A difference beyond the scale is an arrow at its end.
    """
    if entry["diff_mean_diff"] is None:
        return ""
    difference = entry["diff_mean_diff"]
    x = _place(difference, limit)
    low, high = (
        None if entry[name] is None else _place(entry[name], limit)
        for name in ("diff_low_simultaneous", "diff_high_simultaneous")
    )
    line = f'<path d="M{low:g} 9H{high:g}"/>' if low is not None and high is not None else ""
    way = EDGE if difference > 0 else -EDGE
    mark = f'<circle cx="{x:g}" cy="9" r="4"/>'
    if abs(difference) > limit:
        mark = f'<path d="M{x - way:g} 4L{x:g} 9L{x - way:g} 14z"/>'
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<path class="zero" d="M{WIDTH // 2} 0V{HEIGHT}"/>{line}{mark}</svg>'
    )


def _place(value, limit):
    """Where a fraction stands in the strip; beyond the scale its end."""
    within = max(-limit, min(limit, value))
    return round(WIDTH / 2 + within * (WIDTH / 2 - EDGE) / limit, 1)
