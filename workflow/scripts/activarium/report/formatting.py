"""Numbers and lists as a reader sees them: percent, points, intervals, p values, counts."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeGuard

MINUS, DASH = "−", "–"


def is_number(value: object) -> TypeGuard[float]:
    """Whether there is a finite number to show."""
    return value is not None and isinstance(value, int | float) and math.isfinite(value)


def percent(fraction: float | None, digits: int = 2) -> str:
    """95.23 for 0.9523; a dash where there is none."""
    return f"{100 * fraction:.{digits}f}" if is_number(fraction) else DASH


def points(fraction: float | None, digits: int = 2) -> str:
    """+1.25 or −1.25 for a difference of fractions, in percentage points."""
    if not is_number(fraction):
        return DASH
    text = f"{100 * fraction:+.{digits}f}"
    return text.replace("-", MINUS) if float(text) else f"{0:.{digits}f}"


def interval(
    low: float | None,
    high: float | None,
    digits: int = 2,
    show: Callable[[float, int], str] = percent,
) -> str:
    """ "1.10 to 2.30"; a dash where there is none."""
    if not (is_number(low) and is_number(high)):
        return DASH
    return f"{show(low, digits)} to {show(high, digits)}"


def probability(p: float | None) -> str:
    """A p value: 0.012, or < 0.001."""
    if not is_number(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def correlation(value: float | None, digits: int = 2) -> str:
    """+0.42 for a correlation."""
    return f"{value:+.{digits}f}".replace("-", MINUS) if is_number(value) else DASH


def ratio(value: float | None) -> str:
    """ "1.25 ×" for a multiple."""
    return f"{value:.2f} ×" if is_number(value) else DASH


def share(fraction: float | None) -> str:
    """ "80 %" for a share of pairs."""
    return f"{percent(fraction, 0)} %" if is_number(fraction) else DASH


def count(n: int, word: str, plural: str | None = None) -> str:
    """ "1 seed", "10 seeds"."""
    return f"{n} {word if n == 1 else plural or word + 's'}"


def thousands(n: int) -> str:
    """ "50 000", with a narrow space that no line breaks at."""
    return f"{n:,}".replace(",", "\u202f")


def join_words(words: Iterable[str], most: int | None = None, last: str = "and") -> str:
    """ "a, b and c"; beyond `most` words the rest is only counted."""
    words = list(words)
    if most and len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def confidence_percent(plan: Mapping) -> str:
    """ "95 %" for the confidence of an analysis plan."""
    return f"{100 * plan['confidence']:g} %"


def level_percent(plan: Mapping) -> str:
    """ "5 %": how often a test at the plan's confidence errs."""
    return f"{round(100 * (1 - plan['confidence']), 10):g} %"
