"""Root isolation: every zero of f⁽ᵏ⁾ on a compact interval, with its multiplicity, or Unproven.

Why a list is complete: the interval is cut until on each part one of these is proven,
  1. 0 is not in the ball of f⁽ᵏ⁾ over the part: no zero there;
  2. an exact zero r of multiplicity m is known and 0 is not in the ball of f⁽ᵏ⁺ᵐ⁾: by Taylor,
     f⁽ᵏ⁾(x) = (x − r)ᵐ·f⁽ᵏ⁺ᵐ⁾(ξ) / m!, so r is the only zero there;
  3. 0 is not in the ball of f⁽ᵏ⁺¹⁾: f⁽ᵏ⁾ is strictly monotone, so the signs at both ends tell
     whether there is exactly one zero, which is simple, or none.
Rationals of small denominators are tried for 2. wherever a part stays undecided, so that
(x − 1)²·eˣ has its double zero. What stays undecided after BUDGET evaluations raises Unproven.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from flint import arb, fmpq, fmpq_poly, fmpz_poly

from . import ball_jets, rational_jets, tails
from .enclosure import ball_order, to_float
from .unproven import Unproven

BY_POSITION = ball_order(lambda root: root.ball)
BUDGET = 4000  # evaluations for one list
MAX_DENOMINATOR = 10**6  # the largest denominator of a multiple zero that is looked for
MAX_MULTIPLICITY = 5  # highest multiplicity that is looked for
MAX_COEFFICIENT_BITS = 1500  # longer ones allow zeros so close that isolating them takes minutes

if TYPE_CHECKING:
    from .symbolic import Node
CUT = fmpq(33, 64)  # not the middle, where a zero of a symmetric function would be


@dataclass(frozen=True)
class Root:
    """A zero: the ball that holds it and no other one, its multiplicity, exact where rational."""

    ball: arb
    multiplicity: int
    exact: fmpq | None = None

    @property
    def best(self) -> fmpq | arb:
        """Where it is: the rational where that is known, else the ball."""
        return self.ball if self.exact is None else self.exact

    def side(self, r: fmpq) -> int:
        """−1, 0 or 1: the zero is left of, at or right of the rational `r`; else Unproven."""
        if self.exact is not None:
            return (self.exact > r) - (self.exact < r)
        low, high = _ends(self.ball)
        if low <= r <= high:
            raise Unproven(f"a zero too close to x = {r}")
        return 1 if low > r else -1


def _ends(ball):
    """(low, high) as rationals: against a ball a rational would be rounded to a ball itself."""
    return ball.lower().fmpq(), ball.upper().fmpq()


def polynomial_roots(p: fmpq_poly) -> list[Root]:
    """Every real zero of the fmpq_poly `p` ≠ 0: FLINT's isolation of all complex ones.

    Raises Unproven for coefficients so long that zeros may be too close to be parted in time.
    """
    whole = [int(c) for c in (p * p.denom()).coeffs()]
    shared = math.gcd(*whole)
    if max(abs(c) // shared for c in whole).bit_length() > MAX_COEFFICIENT_BITS:
        raise Unproven(
            f"a polynomial whose coefficients have more than {MAX_COEFFICIENT_BITS} bits"
        )
    numerator = fmpz_poly([c // shared for c in whole])
    found = []
    isolated: Any = numerator.complex_roots()
    for root, multiplicity in isolated:
        if root.imag.is_zero():
            found.append(_root_in_ball(root.real, multiplicity, lambda r: p(r) == 0))
        elif root.imag.contains(0):
            raise Unproven("a complex pair of zeros is too close to the real line")
    return sorted(found, key=BY_POSITION)


def _root_in_ball(ball, multiplicity, is_zero):
    """The Root in `ball`, exact where a simple rational in it is proven to be the zero."""
    middle = Fraction(*map(int, (ball.mid().fmpq().p, ball.mid().fmpq().q)))
    guess = middle.limit_denominator(10**6)
    guess = fmpq(guess.numerator, guess.denominator)
    low, high = _ends(ball)
    if low <= guess <= high and is_zero(guess):
        return Root(arb(guess), multiplicity, guess)
    return Root(ball, multiplicity)


def multiplicity(f, k, r):
    """The multiplicity of the rational r as a zero of f⁽ᵏ⁾ where that is proven exactly, else 0."""
    coefficients = rational_jets.jet(f, r, k + MAX_MULTIPLICITY)[k:]
    for m, c in enumerate(coefficients):
        if not (isinstance(c, fmpq) and c == 0):
            return m
    return 0


def simplest_rational(low, high, depth=32):
    """The rational of the smallest denominator on [low, high], by its continued fraction.

    None beyond `depth`, where that denominator is above a million.
    """
    if low <= 0 <= high:
        return fmpq(0)
    if high < 0:
        inner = simplest_rational(-high, -low, depth)
        return None if inner is None else -inner
    whole = int(low.p) // int(low.q)
    if whole == low or whole + 1 <= high:
        return fmpq(whole if whole == low else whole + 1)
    inner = simplest_rational(1 / (high - whole), 1 / (low - whole), depth - 1) if depth else None
    return None if inner is None else whole + 1 / inner


def isolate(f: "Node", k: int, low: fmpq, high: fmpq, hints: Iterable[fmpq] = ()) -> list[Root]:
    """Every zero of f⁽ᵏ⁾ on [low, high], sorted; ends and `hints` (likely exact zeros) are fmpq."""
    return RootSearch(f, k, {low, high, *hints}).run(low, high)


class RootSearch:
    """One search: its function, its exact zeros so far and what is left of its budget."""

    def __init__(self, f: "Node", k: int, candidates: Iterable[fmpq]):
        self.f, self.k, self.left, self.tried = f, k, BUDGET, set(candidates)
        found = {r: multiplicity(f, k, r) for r in candidates}
        self.exact = {r: m for r, m in found.items() if m}

    def run(self, low: fmpq, high: fmpq) -> list[Root]:
        found: dict = {}
        stack = [(low, high)]
        while stack:
            part = stack.pop()
            roots = self.zeros_on(*part)
            if roots is None:
                cut = part[0] + (part[1] - part[0]) * CUT
                stack += [(part[0], cut), (cut, part[1])]
            else:
                # an exact zero at a cut is found on both sides of it, any other one once
                found |= {str(part if r.exact is None else r.exact): r for r in roots}
        return sorted(found.values(), key=BY_POSITION)

    def jet(self, at: arb, order: int) -> list[arb]:
        """Coefficients over a ball, on the budget."""
        self.left -= 1
        if self.left < 0:
            near = f"last near x = {to_float(at):.6g}"
            raise Unproven(f"undecided within {BUDGET} evaluations, {near}")
        return ball_jets.jet(self.f, at, order)

    def zeros_on(self, low: fmpq, high: fmpq) -> list[Root] | None:
        """The zeros on [low, high], or None where it must be cut first."""
        at, k = ball_jets.interval(low, high), self.k
        known = [r for r in self.exact if low <= r <= high]
        m = self.exact[known[0]] if len(known) == 1 else 1
        coefficients = self.jet(at, k + m)
        if not coefficients[k].contains(0):
            return []
        if len(known) == 1 and not coefficients[k + m].contains(0):
            return [Root(arb(known[0]), m, known[0])]
        if not known and not coefficients[k + 1].contains(0):
            return self.zero_of_monotone(low, high)
        slope = coefficients[k + 1]
        if not known and (
            self.has_no_zero_by_mean_value(low, high, at, slope) or self.has_one_sign(low, high)
        ):
            return []
        if not known:
            self.try_simplest(low, high)
        return None

    def try_simplest(self, low: fmpq, high: fmpq) -> None:
        """Remember the simplest rational of a part where it is proven to be a multiple zero."""
        r = simplest_rational(low, high)
        if r is not None and r.q <= MAX_DENOMINATOR and r not in self.tried:
            self.tried.add(r)
            self.left -= 1
            m = multiplicity(self.f, self.k, r)
            if m > 1:
                self.exact[r] = m

    def has_no_zero_by_mean_value(self, low: fmpq, high: fmpq, at: arb, slope: arb) -> bool:
        """Whether the mean value form f⁽ᵏ⁾(m) + f⁽ᵏ⁺¹⁾(at)·(at − m) keeps off 0."""
        middle = arb((low + high) / 2)
        value = self.jet(middle, self.k)[self.k] + (self.k + 1) * slope * (at - middle)
        return not value.contains(0)

    def has_one_sign(self, low: fmpq, high: fmpq) -> bool:
        """Whether f⁽ᵏ⁾ has one sign once its exponentials stand in front, for small parts."""
        near, far = sorted((abs(low), abs(high)))
        if not (near > 0 and (low > 0) == (high > 0) and far < near * fmpq(17, 16)):
            return False
        try:
            ring = tails.Ring(near, far)
            side = 1 if low > 0 else -1
            self.left -= 6  # about what it costs
            return ring.sign(tails.jet(self.f, ring, self.k, side)[self.k]) != 0
        except Unproven:
            return False

    def sign(self, r: fmpq) -> int:
        """The sign of f⁽ᵏ⁾ at a rational; an exact zero is remembered and gives 0."""
        value = self.jet(arb(r), self.k)[self.k]
        if not value.contains(0):
            return 1 if value > 0 else -1
        m = multiplicity(self.f, self.k, r)
        if not m:
            raise Unproven(f"whether there is a zero near x = {to_float(r):.9g} is undecided")
        self.exact[r] = m
        return 0

    def zero_of_monotone(self, low: fmpq, high: fmpq) -> list[Root] | None:
        """The zero or none of a strictly monotone f⁽ᵏ⁾; None where an end turns out to be one."""
        signs = self.sign(low), self.sign(high)
        if 0 in signs:
            return None
        return [] if signs[0] == signs[1] else [self.refine(low, high, signs[0])]

    def refine(self, low: fmpq, high: fmpq, sign_low: int) -> Root:
        """The simple zero of a strictly monotone f⁽ᵏ⁾ by interval Newton, else by bisection."""
        at, k = ball_jets.interval(low, high), self.k
        while at.rad() > arb(2) ** -110:
            middle = at.mid()
            slope = self.jet(at, k + 1)[k + 1] * (k + 1)
            value = self.jet(middle, k)[k]
            newton = middle - value / slope
            both = newton.intersection(at) if newton.is_finite() else at
            if not both.rad() < at.rad() / 2:
                if value.contains(0):
                    break
                left = (value > 0) == (sign_low > 0)
                half = (middle, at.upper()) if left else (at.lower(), middle)
                both = ball_jets.interval(*half)
            at = both
        return _root_in_ball(at, 1, lambda r: multiplicity(self.f, k, r) == 1)
