"""What an axis shows of its values: all but those far out, which would press the rest together."""

from collections.abc import Iterable

import numpy as np


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
