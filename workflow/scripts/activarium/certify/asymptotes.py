"""Asymptotes: the straight line that f comes near far out, with a bound of what is left."""

from flint import arb, fmpq

from .enclosure import to_decimals
from .pieces import InfiniteEnd
from .piecewise import PiecewiseFunction
from .transseries import ONE, Transseries
from .unproven import Unproven

BOUNDED_FROM = (8, 16, 32)  # |x| ≥ T for each of these T


def asymptotes(function: PiecewiseFunction) -> dict:
    """{left, right}, each {slope, intercept, remainder}, {limit} where there is no line, or
    {none: why} where f does not settle at all.

    A remainder {from: T, bound: b} says |f(x) − slope·x − intercept| ≤ b on all of |x| ≥ T.
    """
    if function.period(1) is not None and not function.zero_intervals(2):
        # slope·x and a periodic part that is not constant comes near no line
        return dict.fromkeys(("left", "right"), {"none": "a periodic part stays"})
    left, right = function.pieces[0], function.pieces[-1]
    return {"left": _asymptote(left, -1), "right": _asymptote(right, 1)}


def _asymptote(piece, side):
    least = max([fmpq(0), *(abs(end) for end in (piece.low, piece.high) if end is not None)])
    end, found, why = InfiniteEnd(piece.f, side, least), None, None
    for start in BOUNDED_FROM:
        try:
            line, bound = _line_and_rest(end, start, side)
        except Unproven as refusal:
            why = refusal
            continue
        if line is None:
            return {"limit": to_decimals(piece.limit(0, side))}
        found = found or {
            "slope": to_decimals(line[0]),
            "intercept": to_decimals(line[1]),
            "remainder": [],
        }
        found["remainder"].append({"from": start, "bound": to_decimals(bound)[1]})
    if found is None:
        raise why
    return found


def _line_and_rest(end, start, side):
    """((slope, intercept), bound of the rest on u ≥ start), or (None, None) without a line."""
    if start < end.least:
        raise Unproven(f"a breakpoint lies beyond {start}")
    ring, coefficients = end.jet(start)
    f = coefficients[0]
    stay = {m: c for m, c in f.terms.items() if not ring.vanishes_far_out(m)}
    straight = {m: c for m, c in stay.items() if ring.is_algebraic(m) and m[0] in (0, 1)}
    if straight != stay:
        return None, None
    if not all(isinstance(c, fmpq) for c in straight.values()):
        raise Unproven("it has no asymptote that could be proven")
    slope = {(fmpq(0), m[1]): c for m, c in straight.items() if m[0] == 1}
    level = {m: c for m, c in straight.items() if m[0] == 0}
    rest = Transseries(ring, {m: c for m, c in f.terms.items() if m not in stay})
    low, high = ring.range(rest)
    bound = high if high > -low else -low
    return (_sum_of_constants(ring, slope, side), _sum_of_constants(ring, level, 1)), bound


def _sum_of_constants(ring, terms, side):
    """The value of a sum of constants, exact where it is rational."""
    element = Transseries(ring, terms)
    if set(element.terms) <= {ONE}:
        return side * element.terms.get(ONE, fmpq(0))
    return side * arb(ring.limit(element))
