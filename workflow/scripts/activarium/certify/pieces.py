"""A function as its pieces: zeros, values and limits of f⁽ᵏ⁾ on each of them, all proven.

A piece is an interval between neighbouring breakpoints with one branch-free expression. Its zeros
are complete because beyond T the tail has one sign (`tails`), and on the compact rest `roots`
argues. A polynomial's zeros are all known at once.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from math import factorial
from typing import Any

from flint import arb, fmpq, fmpq_poly

from . import ball_jets, periodicity, rational_jets, roots, symbolic, tails
from .enclosure import to_float
from .unproven import Unproven

TAIL_STARTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)  # where a tail may begin
DERIVATIVES = 4  # of derivatives: f, f′, f″ and f‴
EVERYWHERE = "everywhere"
ORIGIN = (fmpq(0),)


def cached_method(method: Callable) -> Callable:
    """A method whose answer, or Unproven, is computed once for each argument."""

    def answer(self, *args):
        known = self.__dict__.setdefault("_remembered", {})
        key = method.__name__, *args
        if key not in known:
            try:
                known[key] = method(self, *args), None
            except Unproven as error:
                known[key] = None, error
        got, refusal = known[key]
        if refusal:
            raise refusal
        return got

    answer.__doc__ = method.__doc__
    return answer


class InfiniteEnd:
    """The infinite end of a piece: x = side·u for all u ≥ T."""

    def __init__(self, f: symbolic.Node, side: int, least: Any):
        self.f, self.side, self.least = f, side, least
        starts: list = [t for t in TAIL_STARTS if t >= least]
        self.starts = starts or [least * t for t in (1, 2, 4, 8)]

    @cached_method
    def jet(self, start: int) -> tuple[tails.Ring, list]:
        """(ring, [c₀ …]) on u ≥ start."""
        ring = tails.Ring(start)
        return ring, tails.jet(self.f, ring, DERIVATIVES - 1, self.side)

    def first_proven(self, ask: Callable) -> tuple:
        """(T, answer) of the first T for which `ask(ring, coefficients)` is proven."""
        refusal = Unproven("no tail could be expanded")
        for start in self.starts:
            try:
                return start, ask(*self.jet(start))
            except Unproven as why:
                refusal = why
        raise Unproven(f"as x → {'' if self.side > 0 else '−'}∞: {refusal}")

    @cached_method
    def sign(self, k: int) -> tuple[int, int]:
        """(T, s): f⁽ᵏ⁾ has the sign s on all of u ≥ T; 0 where it is exactly 0 there."""
        return self.first_proven(lambda ring, c: ring.sign(c[k]))

    @cached_method
    def limit(self, k: int) -> fmpq | arb:
        """The limit of f⁽ᵏ⁾: fmpq where it is known to be rational, else a ball or ±∞."""
        limit = self.first_proven(lambda ring, c: ring.limit(c[k]))[1] * factorial(k)
        return limit.fmpq() if limit.is_finite() and limit.is_exact() else limit


class Piece:
    """One branch-free expression on [low, high]; None stands for an infinite end."""

    def __init__(
        self, low: fmpq | None, high: fmpq | None, f: symbolic.Node, hints: Iterable[fmpq] = ORIGIN
    ):
        self.low, self.high, self.f, self.hints = low, high, f, hints
        self.polynomial = f.value if f.op == "polynomial" else None
        self.periodic = None
        if low is None and high is None:
            self.periodic = periodicity.find_period(f)

    @cached_property
    def left(self) -> InfiniteEnd:
        """The end at −∞."""
        return InfiniteEnd(self.f, -1, 0 if self.high is None else max(0, -self.high))

    @cached_property
    def right(self) -> InfiniteEnd:
        """The end at +∞."""
        return InfiniteEnd(self.f, 1, 0 if self.low is None else max(0, self.low))

    def infinite_sides(self) -> list[int]:
        """−1 where the piece reaches to −∞ and 1 where it reaches to ∞."""
        return [side for side, end in ((-1, self.low), (1, self.high)) if end is None]

    def end(self, side: int) -> InfiniteEnd:
        """The infinite end on one side."""
        return self.right if side > 0 else self.left

    def derivative(self, k: int) -> fmpq_poly:
        """f⁽ᵏ⁾ of a polynomial piece."""
        p: Any = self.polynomial
        for _ in range(k):
            p = p.derivative()
        return p

    def period(self, k: int) -> arb | None:
        """The period of f⁽ᵏ⁾ as a ball, or None."""
        if self.periodic and k >= self.periodic[0]:
            return 2 * arb.pi() / arb(self.periodic[1])
        return None

    @cached_method
    def vanishes(self, k: int) -> bool:
        """Whether f⁽ᵏ⁾ is 0 on the whole piece; one value that is not 0 refutes it."""
        if self.polynomial is not None:
            return self.derivative(k) == fmpq_poly([])
        inside = self.inner_point()
        for x in (inside, inside + fmpq(1, 7), inside + fmpq(1, 3)):
            if self.contains(x) and not arb(self.at(x, k)).contains(0):
                return False
        return self.zeros(k) == EVERYWHERE

    def inner_point(self) -> fmpq:
        """A rational inside the piece."""
        if self.low is None:
            return fmpq(0) if self.high is None else self.high - 1
        return self.low + 1 if self.high is None else (self.low + self.high) / 2

    @cached_method
    def check_finite(self, span: int | None = None) -> bool:
        """True: f is analytic on the piece, or on |x| ≤ span of it. Unproven if that isn't shown.

        Only a quotient, a logarithm or a root can fail. A jet over a ball is nan unless all of
        them exist there; a tail raises unless they exist on all of it.
        """
        if not self.f.partial:
            return True
        low, high = self._finite_bounds(span)
        stack = [(low, high)]
        for _ in range(roots.BUDGET):
            if not stack:
                return True
            a, b = stack.pop()
            if not ball_jets.value(self.f, ball_jets.interval(a, b)).is_finite():
                stack += [((a + b) / 2, b), (a, (a + b) / 2)]
        near = to_float(stack[-1][0]) + 0.0
        raise Unproven(f"a division, logarithm or root is not proven finite near x = {near:.4g}")

    def _finite_bounds(self, span):
        """(low, high) beyond which the piece ends, its tails are sound or nobody asks."""
        low, high = self.low, self.high
        if low is None:
            low = -(span or self.left.first_proven(lambda *_: True)[0])
        if high is None:
            high = span or self.right.first_proven(lambda *_: True)[0]
        return fmpq(low), fmpq(high)

    @cached_method
    def zeros(self, k: int) -> list[roots.Root] | str:
        """Every zero of f⁽ᵏ⁾ on the closed piece, or EVERYWHERE; over one period if periodic."""
        if self.polynomial is not None:
            return self._polynomial_zeros(self.derivative(k))
        if self.period(k) is not None:
            return self._zeros_in_period(k)
        bounds = self._compact_interval(k)
        if bounds is None:
            return EVERYWHERE
        low, high = bounds
        return roots.isolate(self.f, k, low, high, [h for h in self.hints if self.contains(h)])

    def _compact_interval(self, k):
        """(low, high) outside of which f⁽ᵏ⁾ has one sign; None where f⁽ᵏ⁾ is 0 on a tail.

        A branch without pieces is analytic, so what is 0 on a tail is 0 everywhere.
        """
        ends = [self.end(side) for side in self.infinite_sides()]
        if any(end.sign(k)[1] == 0 for end in ends):
            return None
        low = fmpq(-self.left.sign(k)[0]) if self.low is None else self.low
        high = fmpq(self.right.sign(k)[0]) if self.high is None else self.high
        return low, high

    def contains(self, r: fmpq) -> bool:
        """Whether a rational lies on the closed piece."""
        return (self.low is None or r >= self.low) and (self.high is None or r <= self.high)

    def _polynomial_zeros(self, p):
        if p == fmpq_poly([]):
            return EVERYWHERE
        return [root for root in roots.polynomial_roots(p) if self._is_inside(root)]

    def _is_inside(self, root):
        """Whether a zero lies on the closed piece; one that overlaps an end is undecided."""
        above = self.low is None or root.side(self.low) >= 0
        return above and (self.high is None or root.side(self.high) <= 0)

    def _zeros_in_period(self, k):
        """Over [a, a + P): none is lost, for no zero is in or beside the ball of a + P."""
        start, length = fmpq(-1, 3), self.period(k)
        end = arb(start) + length
        if ball_jets.jet(self.f, end, k)[k].contains(0):
            raise Unproven("a zero at the end of the period that was chosen")
        high = fmpq(int((end.upper() * 1024).ceil().unique_fmpz()), 1024)
        found = roots.isolate(self.f, k, start, high, [fmpq(0)])
        if any(root.ball.overlaps(end) for root in found):
            raise Unproven("a zero too near the end of the period that was chosen")
        return [root for root in found if root.ball < end]

    def value(self, k: int, root: roots.Root) -> fmpq | arb:
        """f⁽ᵏ⁾ at a Root: fmpq where it is known exactly, else a ball."""
        if root.exact is not None:
            return self.at(root.exact, k)
        return ball_jets.jet(self.f, root.ball, k)[k] * factorial(k)

    def at(self, r: fmpq, k: int) -> fmpq | arb:
        """f⁽ᵏ⁾ at a rational of the closed piece, one-sided at an end."""
        return self.jet_at(r)[k] * factorial(k)

    @cached_method
    def jet_at(self, r: fmpq) -> list[fmpq | arb]:
        """[c₀ …] at a rational, each exact where it is known to be rational."""
        return rational_jets.jet(self.f, r, DERIVATIVES + roots.MAX_MULTIPLICITY)

    def limit(self, k: int, side: int) -> fmpq | arb:
        """The limit of f⁽ᵏ⁾ at an infinite end."""
        if self.polynomial is None:
            return self.end(side).limit(k)
        p = self.derivative(k)
        if p.degree() <= 0:
            return p[0]
        up = (p.coeffs()[-1] > 0) == (side > 0 or p.degree() % 2 == 0)
        return arb.pos_inf() if up else arb.neg_inf()

    def sign(self, k: int, r: fmpq) -> int:
        """The sign of f⁽ᵏ⁾ at a rational where it is known not to be 0."""
        value = self.at(r, k)
        if isinstance(value, arb) and value.contains(0):
            raise Unproven(f"the sign at x = {r} is undecided")
        return 1 if value > 0 else -1


def split_into_pieces(definition_expression: symbolic.Node) -> list[Piece]:
    """The pieces of a whole expression, from left to right.

    Raises Unproven where the value at a breakpoint is not shown to be that of the piece on its
    left or right: nested branches can give one point a value of its own.
    """
    points = symbolic.breakpoints(definition_expression)
    likely = {fmpq(0), *points}
    cut: list = symbolic.cut(definition_expression)
    for (_, r, left), (_, _, right) in zip(cut, cut[1:], strict=False):
        _check_value_at_breakpoint(symbolic.resolve(definition_expression, r), r, (left, right))
    return [Piece(low, high, f, likely) for low, high, f in cut]


def _check_value_at_breakpoint(here, r, sides):
    """Refuse a branch that holds at r alone, unless its value is exactly that of a side."""
    if here in sides:
        return
    value, *others = (rational_jets.jet(f, r, 0)[0] for f in (here, *sides))
    if not (isinstance(value, fmpq) and any(isinstance(v, fmpq) and v == value for v in others)):
        raise Unproven(f"at x = {r} a third branch holds, neither the left one nor the right one")
