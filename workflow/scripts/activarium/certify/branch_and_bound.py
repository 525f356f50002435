"""Suprema by branch and bound, for functions whose stationary points cannot all be listed.

Intervals are cut until each is settled: what cannot exceed a value already found is dropped,
what is monotone or convex has its maximum at an end, what is concave has one maximum inside,
which interval Newton finds. A tail counts by its bound, from the T on where that is small enough.
"""

from typing import TYPE_CHECKING

from flint import arb, fmpq

from . import ball_jets, roots
from .enclosure import to_float
from .pieces import TAIL_STARTS
from .unproven import Unproven

if TYPE_CHECKING:
    from .pieces import Piece

BUDGET = 20000  # evaluations for one supremum


def supremum(pieces: "list[Piece]", sign: int = 1) -> tuple[arb, arb]:
    """(ball, x): the supremum of sign·f over all pieces and where its largest value was found.

    Raises Unproven where f is unbounded, or undecided within the budget.
    """
    search = _SupremumSearch(sign)
    for piece in pieces:
        search.add_piece(piece)
    return search.best, search.at


class _SupremumSearch:
    def __init__(self, sign):
        self.sign, self.best, self.at, self.left = sign, None, None, BUDGET

    def add_piece(self, piece):
        """Take in one piece: its compact part, then the tails that are not yet beaten."""
        low, high = piece.low, piece.high
        sides = piece.infinite_sides()
        start = min(
            (t for t in TAIL_STARTS if all(self._has_tail(piece, s, t) for s in sides)),
            default=None,
        )
        if start is None:
            raise Unproven("no tail could be expanded")
        low, high = fmpq(-start) if low is None else low, fmpq(start) if high is None else high
        self._search_interval(piece.f, low, high)
        for side in sides:
            self._bound_tail(piece, side, start)

    def _has_tail(self, piece, side, start):
        end = piece.end(side)
        try:
            return start >= end.least and bool(end.jet(start))
        except Unproven:
            return False

    def _bound_tail(self, piece, side, start):
        """Push the start of a tail outwards until its bound is below what is found already."""
        end = piece.end(side)
        for t in [t for t in TAIL_STARTS if t >= start]:
            ring, coefficients = end.jet(t)
            low, high = ring.range(coefficients[0])
            top = high if self.sign > 0 else -low
            if top.is_finite() and (top <= self.best.lower() or (top - self.best) < TINY):
                self.best = _raise_upper_end(self.best, top)
                return
            further = 2 * t
            ends = (fmpq(t), fmpq(further)) if side > 0 else (fmpq(-further), fmpq(-t))
            self._search_interval(piece.f, *ends)
        raise Unproven("its supremum is far out, or infinite")

    def _search_interval(self, f, low, high):
        search = roots.RootSearch(f, 1, ())
        stack = [(low, high)]
        self._try_point(f, low)
        self._try_point(f, high)
        while stack:
            part = stack.pop()
            if not self._is_settled(f, search, *part):
                middle = part[0] + (part[1] - part[0]) * roots.CUT
                self._try_point(f, middle)
                stack += [(part[0], middle), (middle, part[1])]

    def _try_point(self, f, x):
        self._try_value(self.sign * ball_jets.value(f, arb(x)), arb(x))

    def _try_value(self, value, x):
        if not value.is_finite():
            raise Unproven(f"not finite at x = {to_float(x):.6g}")
        if self.best is None or value > self.best:
            self.best, self.at = value, x
        elif not value < self.best:
            self.best = _raise_upper_end(self.best, value.upper())

    def _is_settled(self, f, search, low, high):
        """Whether nothing on [low, high] can still exceed the best value, taking in what can."""
        self.left -= 1
        if self.left < 0:
            raise Unproven(f"a supremum is undecided near x = {to_float(low):.6g}")
        at = ball_jets.interval(low, high)
        value, slope, bend = ball_jets.jet(f, at, 2)
        middle = arb((low + high) / 2)
        mean = ball_jets.value(f, middle) + slope * (at - middle)
        top = min(
            (b.upper() for b in (self.sign * value, self.sign * mean) if b.is_finite()),
            default=None,
        )
        if top is not None and top <= self.best.lower():
            return True
        if not slope.contains(0) or self.sign * bend > 0:
            return True  # the ends are taken in already
        if self.sign * bend < 0:
            # f′ is strictly monotone; where it is 0 at an end, that end is the maximum
            for root in search.zero_of_monotone(low, high) or ():
                self._try_value(self.sign * ball_jets.value(f, root.ball), root.ball)
            return True
        return False


TINY = arb(10) ** -30  # a tail so little above the best value widens the enclosure instead


def _raise_upper_end(ball, top):
    """The ball of what is at least `ball` and at most the larger of both."""
    return ball.union(top) if top > ball.upper() else ball
