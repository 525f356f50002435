"""Profiles as rows of one table: every enclosure with float64 ends rounded outwards."""

import math
import sys
from collections.abc import Sequence
from fractions import Fraction

from ..activations import NOT_CERTIFIED


def profile_rows(profiles: dict[str, dict], uncertified: Sequence[str] = ()) -> list[dict]:
    """One dict with the columns of `tables.PROFILES` for every fact in {name: profile}.

    `property` is the place in the profile, as in "range_f.inf.value" or "zeros.0.x". A number
    has its ends as floats and as the exact decimals of the profile, anything else a `word`; a
    property that is not proven has the reason under `refused`. Of each of the `uncertified` there
    is one row that says why: its `definition` is missing.
    """
    empty = _value_columns(None)
    found = [
        {"activation": name, "property": "definition", **empty, "refused": NOT_CERTIFIED}
        for name in uncertified
    ]
    for name, profile in profiles.items():
        leaves = [
            leaf for key in profile if key != "refused" for leaf in _leaves(key, profile[key])
        ]
        found += [
            {"activation": name, "property": key, **_value_columns(value)} for key, value in leaves
        ]
        found += [
            {"activation": name, "property": key, **_value_columns(None), "refused": why}
            for key, why in profile["refused"].items()
        ]
    return found


def _leaves(key, value):
    """(place, leaf) of everything below `value`; an enclosure is one leaf, and so is null."""
    if _is_enclosure(value) or not isinstance(value, dict | list):
        return [] if value is None else [(key, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for k, below in items for leaf in _leaves(f"{key}.{k}", below)]


def _is_enclosure(value):
    return isinstance(value, list) and len(value) == 2 and all(map(_is_decimal, value))


def _is_decimal(value):
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def _value_columns(value):
    empty = dict.fromkeys(("low", "high", "low_decimal", "high_decimal", "word", "refused"))
    if _is_enclosure(value):
        low, high = value
        numbers = {"low": round_outwards(low, -1), "high": round_outwards(high, 1)}
        return empty | numbers | {"low_decimal": low, "high_decimal": high}
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact = {"low_decimal": str(value), "high_decimal": str(value)}
        return empty | {"low": float(value), "high": float(value)} | exact
    return empty | {"word": None if value is None else str(value)}


def round_outwards(decimal: str, side: int) -> float:
    """The nearest float64 that is not inside of a decimal string: ≤ it for side −1, ≥ it for 1."""
    near = float(decimal)
    if decimal.endswith("inf"):
        return near
    near = max(-sys.float_info.max, min(near, sys.float_info.max))
    beyond = Fraction(near) < Fraction(decimal) if side > 0 else Fraction(near) > Fraction(decimal)
    return math.nextafter(near, side * math.inf) if beyond else near
