"""Suprema and infima of f⁽ᵏ⁾ over all of R, whether they are taken and where.

A supremum is the largest of a finite list of candidates: on a piece f⁽ᵏ⁾ is monotone between
neighbouring zeros of f⁽ᵏ⁺¹⁾, so it comes nowhere nearer to its supremum than at those zeros, at
breakpoints and at the infinite ends.
"""

from dataclasses import dataclass

from flint import arb, fmpq

from .enclosure import to_decimals
from .pieces import EVERYWHERE
from .piecewise import PiecewiseFunction, end_to_json
from .unproven import Unproven


@dataclass(frozen=True)
class Candidate:
    """A value that f⁽ᵏ⁾ takes or comes near: where (as JSON has it) and whether it is taken."""

    value: object
    attained: bool
    at: object


def extreme_candidates(function, k):
    """The values among which the supremum and the infimum of f⁽ᵏ⁾ are."""
    found = []
    for piece in function.pieces:
        zeros = piece.zeros(k + 1)
        if zeros == EVERYWHERE:
            constant = piece.at(piece.inner_point(), k)
            found.append(Candidate(constant, True, _interval_to_json(piece.low, piece.high)))
        else:
            found += [
                Candidate(piece.value(k, r), True, to_decimals(r.best))
                for r in zeros
                if r.exact not in function.breakpoints
            ]
        if zeros != EVERYWHERE and piece.period(k) is None:
            found += [_end_candidate(function, piece, k, side) for side in (-1, 1)]
    return found + _values_at_jumps(function, k)


def _values_at_jumps(function, k):
    """Where f jumps it takes the value of one side, and only comes near the other's."""
    if k:
        return []
    return [Candidate(function.value_at(r), True, to_decimals(r)) for r in function.breakpoints]


def _end_candidate(function, piece, k, side):
    """What f⁽ᵏ⁾ tends to at one end of a piece, and whether it is a value of f⁽ᵏ⁾."""
    end = piece.high if side > 0 else piece.low
    if end is None:
        return Candidate(piece.limit(k, side), False, "inf" if side > 0 else "-inf")
    attained = function.has_derivative(end, k) if k else function.is_continuous(end, 0)
    return Candidate(piece.at(end, k), attained, to_decimals(end))


def find_extreme(function, k, side):
    """The supremum (side 1) or infimum (side −1) of f⁽ᵏ⁾: {value, attained, at}."""
    boundless = _ends_at_infinity(function, k, side)
    if boundless:
        return {"value": to_decimals(side * arb.pos_inf()), "attained": False, "at": boundless}
    found = [Candidate(side * c.value, c.attained, c.at) for c in extreme_candidates(function, k)]
    top = [c for c in found if not any(_is_less(c.value, other.value) for other in found)]
    value = _largest([c.value for c in top])
    period = function.period(k)
    got = {
        "value": to_decimals(side * value),
        "attained": _is_attained(top),
        "at": _collect_places(top),
    }
    return got | ({} if period is None else {"period": to_decimals(period)})


def _ends_at_infinity(function, k, side):
    """The infinite ends where f⁽ᵏ⁾ tends to ∞ (side 1) or −∞ (side −1)."""
    found = []
    ends = ((function.pieces[0], -1, "-inf"), (function.pieces[-1], 1, "inf"))
    for piece, end, word in ends if function.period(k) is None else ():
        try:
            limit = piece.limit(k, end)
        except Unproven:  # then the candidates will say why
            continue
        if isinstance(limit, arb) and not limit.is_finite() and side * limit > 0:
            found.append(word)
    return found


def range_of_derivative(function: PiecewiseFunction, k: int) -> dict:
    """{inf, sup} of f⁽ᵏ⁾ wherever it exists."""
    return {"inf": find_extreme(function, k, -1), "sup": find_extreme(function, k, 1)}


def lipschitz_constant(function: PiecewiseFunction, k: int) -> fmpq | arb:
    """sup |f⁽ᵏ⁾| where f⁽ᵏ⁻¹⁾ is continuous, which is its Lipschitz constant; else ∞."""
    if any(function.smoothness_order(r) < k - 1 for r in function.breakpoints):
        return arb.pos_inf()
    found = [c.value for c in extreme_candidates(function, k)]
    sizes = [v if not _is_less(v, -v) else -v for v in found]
    sizes = [abs(v) if isinstance(v, arb) else v for v in sizes]
    top = [v for v in sizes if not any(_is_less(v, w) for w in sizes)]
    return _largest(top)


def _interval_to_json(low, high):
    return [end_to_json(low, "-inf"), end_to_json(high, "inf")]


def _is_less(a, b):
    """Whether a < b is proven, for fmpq and balls."""
    if isinstance(a, fmpq) and isinstance(b, fmpq):
        return a < b
    return bool(arb(a) < arb(b))


def _largest(values):
    """The largest of values of which none is proven smaller than another: exact, or a ball."""
    if all(isinstance(v, fmpq) for v in values):
        return values[0]
    balls = [arb(v) for v in values]
    if any(not b.is_finite() for b in balls):
        return balls[0]
    low, high = balls[0].lower(), balls[0].upper()
    for b in balls[1:]:
        low = b.lower() if b.lower() > low else low
        high = b.upper() if b.upper() > high else high
    return low.union(high)


def _is_attained(top):
    """Whether the extreme value is taken, or None where the candidates cannot be told apart."""
    if not any(c.attained for c in top):
        return False
    taken = [c for c in top if c.attained]
    open_ended = [c for c in top if not c.attained]
    settled = all(
        isinstance(c.value, fmpq) and any(isinstance(t.value, fmpq) for t in taken)
        for c in open_ended
    )
    return True if settled else None


def _collect_places(top):
    places = []
    taken = [c for c in top if c.attained] or top
    for c in taken:
        if c.at not in places:
            places.append(c.at)
    return places
