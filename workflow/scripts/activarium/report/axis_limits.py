"""What an axis shows of its values: all but those far out, which would press the rest together."""

from collections.abc import Iterable

import numpy as np

NEAR = 5  # halves of an interval; a verdict needs about one


def visible_range(values: Iterable[float], times: int = 8) -> tuple[float, float] | None:
    """(low, high) of the values but for those far out, where these would fill half of the axis.

    Far out is more than `times` the median distance from the median; None where nothing is left
    out. What does not fit is named at the edge of a figure.
    """
    numbers = np.asarray(list(values), float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    distance = np.abs(numbers - np.median(numbers))
    near = numbers[distance <= times * np.median(distance)]
    crowded = 2 * np.ptp(near) < np.ptp(numbers) and np.ptp(near) > 0
    return (near.min(), near.max()) if crowded else None


def bulk_range(values: Iterable[float]) -> tuple[float, float] | None:
    """(low, high) of the values but for those far out; None where there is none."""
    numbers = np.asarray(list(values), float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return None
    return visible_range(numbers) or (numbers.min(), numbers.max())


def uncrowded_range(values: Iterable[float], others: Iterable[float]) -> tuple[float, float] | None:
    """(low, high) of the values where `others` beside them would fill half of the axis; else None.

    None as well where there are no values.
    """
    kept, every = (np.asarray(list(v), float) for v in (values, [*values, *others]))
    if not np.isfinite(kept).any():
        return None
    low, high = np.nanmin(kept), np.nanmax(kept)
    return (low, high) if 0 < 2 * (high - low) < np.nanmax(every) - np.nanmin(every) else None


def deciding_range(
    means: Iterable[float], lows: Iterable[float], highs: Iterable[float], margin: float
) -> tuple[float, float] | None:
    """(low, high) of the differences near enough to 0 that their verdicts could be others.

    That is within `NEAR` times the median half of a corrected interval [low, high], or `NEAR`
    margins where those are wider. None where these fill half of all, or fewer than two are near:
    then nothing is left out.
    """
    rows = np.array([list(means), list(lows), list(highs)], float)
    rows = rows[:, np.isfinite(rows).all(0)]
    if not rows.size:
        return None
    mean, low, high = rows
    near = np.abs(mean) <= NEAR * max(margin, float(np.median(high - low)) / 2)
    ends = [-margin, margin, *low[near], *high[near]]
    seen = min(ends), max(ends)
    everything = max(high.max(), margin) - min(low.min(), -margin)
    return seen if near.sum() >= 2 and 2 * (seen[1] - seen[0]) < everything else None
