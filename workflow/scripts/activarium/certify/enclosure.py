"""Enclosures as people and JSON see them: pairs of decimal strings, rounded outwards."""

from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import cmp_to_key

from flint import arb, fmpq

DIGITS = 25  # significant ones of an end that has no shorter exact decimal
_TINY, _HUGE = arb(10) ** -1000, arb(10) ** 1000  # nothing is told apart below and above these


def to_decimals(value: fmpq | arb) -> list[str]:
    """[low, high] of an fmpq or a ball; both ends are equal where a short decimal is exact."""
    low, high = rational_ends(value)
    return [round_to_decimal(low, ROUND_FLOOR), round_to_decimal(high, ROUND_CEILING)]


def rational_ends(value):
    """(low, high) of an fmpq or a ball as fmpq, or as ±∞ in an arb."""
    if isinstance(value, fmpq):
        return value, value
    if value.is_nan():
        raise ValueError("nan encloses nothing")
    return _rational_end(value.lower(), -1), _rational_end(value.upper(), 1)


def _rational_end(exact, outwards):
    sign, away = (1 if exact > 0 else -1), (exact > 0) == (outwards > 0)
    if not exact.is_finite() or (abs(exact) > _HUGE and away):
        return sign * arb.pos_inf()
    if abs(exact) > _HUGE:  # all its digits would be more than fit into memory
        return fmpq(sign * 10**1000)
    if abs(exact) < _TINY and not exact.is_zero():
        return fmpq(outwards, fmpq(10**1000).p) if away else fmpq(0)
    return exact.fmpq()


def round_to_decimal(end, rounding):
    """One end as a decimal string with at most DIGITS digits, rounded as said where need be."""
    if isinstance(end, arb):
        return "inf" if end > 0 else "-inf"
    context = Context(prec=DIGITS, rounding=rounding, Emax=MAX_EMAX, Emin=MIN_EMIN)
    got = context.divide(Decimal(int(end.p)), Decimal(int(end.q)))
    plain = format(got.normalize(Context(prec=DIGITS)), "f")
    return plain if len(plain) <= DIGITS + 10 else str(got)


def parse_ball(ends_as_text):
    """The ball of a pair that `to_decimals` wrote."""
    low, high = (
        arb(word) if word.endswith("inf") else _parse_rational(word) for word in ends_as_text
    )
    return low if ends_as_text[0] == ends_as_text[1] else low.union(high)


def _parse_rational(word):
    p, q = Decimal(word).as_integer_ratio()
    return arb(fmpq(p, q))


def to_float(value: fmpq | arb) -> float:
    """A float near an fmpq or a ball, ±inf where it is beyond a double's range; proves nothing."""
    return float(arb(value).mid())


def ball_order(key: Callable = lambda item: item) -> Callable:
    """A key for `sorted` by balls that do not overlap, told apart however close or far they are."""
    return cmp_to_key(lambda a, b: _compare(key(a).mid(), key(b).mid()))


def _compare(a, b):
    """−1, 0 or 1 of two exact arbs."""
    return int(a > b) - int(a < b)


def relative_width(ends_as_text: Sequence[str]) -> Decimal:
    """The width of a pair as a Decimal, relative where the ends are above 1 in size."""
    low, high = map(Decimal, ends_as_text)
    return (high - low) / max(Decimal(1), abs(low), abs(high)) if low != high else Decimal(0)
