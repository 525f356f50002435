"""The shape of a function: its pieces side by side, continuity, kinks, zeros and signs.

Everything follows from facts proven elsewhere: the complete zeros of f, f′, f″ and f‴ on every
piece and exact one-sided values at breakpoints.
"""

from flint import arb, fmpq

from . import symbolic
from .enclosure import ball_order, to_decimals
from .pieces import EVERYWHERE, Piece, cached_method, split_into_pieces
from .roots import MAX_MULTIPLICITY, Root
from .unproven import Unproven

SMOOTH = "analytic"


class PiecewiseFunction:
    """What can be asked about one function; every answer is proven or raises Unproven."""

    def __init__(self, traced: symbolic.Node):
        self.expression = traced
        self.pieces = split_into_pieces(traced)
        self.breakpoints = [piece.low for piece in self.pieces[1:] if piece.low is not None]

    def pieces_at(self, r: fmpq) -> tuple[Piece, Piece]:
        """(left, right): the pieces that meet at a breakpoint."""
        i = self.breakpoints.index(r)
        return self.pieces[i], self.pieces[i + 1]

    # Continuity

    @cached_method
    def is_continuous(self, r: fmpq, k: int) -> bool:
        """Whether f⁽ᵏ⁾, taken from both sides, agrees at the breakpoint r."""
        left, right = (piece.at(r, k) for piece in self.pieces_at(r))
        if isinstance(left, fmpq) and isinstance(right, fmpq):
            return left == right
        if arb(left).overlaps(arb(right)):
            raise Unproven(f"whether derivative {k} is continuous at x = {r} is undecided")
        return False

    @cached_method
    def has_derivative(self, r: fmpq, k: int) -> bool:
        """Whether f⁽ᵏ⁾ exists at the breakpoint r: f … f⁽ᵏ⁾ agree from both sides."""
        return all(self.is_continuous(r, j) for j in range(k + 1))

    @cached_method
    def smoothness_order(self, r: fmpq) -> int:
        """How many derivatives are continuous at r, −1 for a jump."""
        for k in range(MAX_MULTIPLICITY + 1):
            if not self.is_continuous(r, k):
                return k - 1
        raise Unproven(
            f"the pieces agree at x = {r} in all of the first {MAX_MULTIPLICITY} derivatives"
        )

    def jumps(self, k: int = 0) -> list[tuple[fmpq, fmpq | arb]]:
        """[(r, height)] where f⁽ᵏ⁾ is not continuous: right − left, an fmpq or a ball without 0."""
        return [
            (r, self._jump_height(r, k)) for r in self.breakpoints if not self.is_continuous(r, k)
        ]

    def _jump_height(self, r, k):
        left, right = (piece.at(r, k) for piece in self.pieces_at(r))
        step = right - left
        if isinstance(step, arb) and step.contains(0):
            raise Unproven(f"which way derivative {k} jumps at x = {r} is undecided")
        return step

    def smoothness(self) -> tuple[int | None, str]:
        """(order, name): −1 "discontinuous", k "C^k", None "analytic"."""
        orders = [self.smoothness_order(r) for r in self.breakpoints]
        if not orders:
            return None, SMOOTH
        k = min(orders)
        return k, "discontinuous" if k < 0 else f"C^{k}"

    def value_at(self, r: fmpq) -> fmpq | arb:
        """f at a breakpoint, by the side that the definition names."""
        return Piece(None, None, symbolic.resolve(self.expression, r)).at(r, 0)

    def kinks(self) -> list[dict]:
        """Every breakpoint with its one-sided values and the order of smoothness there."""
        found = []
        for r in self.breakpoints:
            sides = dict(zip(("left", "right"), self.pieces_at(r), strict=True))
            kink = {
                "x": to_decimals(r),
                "smooth_to": self.smoothness_order(r),
                "value": to_decimals(self.value_at(r)),
            }
            for name, k in (("f", 0), ("fprime", 1), ("fsecond", 2)):
                kink[name] = {side: to_decimals(p.at(r, k)) for side, p in sides.items()}
            found.append(kink)
        return found

    # Zeros

    @cached_method
    def zeros(self, k: int) -> tuple[list, list]:
        """([(root, piece)], [(low, high)]): the points where f⁽ᵏ⁾ is 0, and whole intervals.

        Points at breakpoints count where f⁽ᵏ⁾ exists there (for k = 0: where the value is 0) and
        no neighbouring interval of zeros holds them.
        """
        points, flat = [], []
        for piece in self.pieces:
            zeros = piece.zeros(k)
            if zeros == EVERYWHERE:
                flat.append((piece.low, piece.high))
            else:
                points += [(r, piece) for r in zeros if r.exact not in self.breakpoints]
        ends = {end for interval in flat for end in interval}
        for r in self.breakpoints:
            if r not in ends and self._is_zero_at(r, k):
                points.append(self._zero_at_breakpoint(r, k))
        return sorted(points, key=ball_order(lambda p: p[0].ball)), flat

    def zero_intervals(self, k: int) -> list[tuple]:
        """[(low, high)]: the pieces on which f⁽ᵏ⁾ is 0 throughout."""
        return [(piece.low, piece.high) for piece in self.pieces if piece.vanishes(k)]

    def _is_zero_at(self, r, k):
        """Whether f⁽ᵏ⁾ exists at a breakpoint and is 0 there."""
        value = self.value_at(r) if k == 0 else self.pieces_at(r)[0].at(r, k)
        if k and not self.has_derivative(r, k):
            return False
        if isinstance(value, arb) and value.contains(0):
            raise Unproven(f"whether derivative {k} is 0 at x = {r} is undecided")
        return isinstance(value, fmpq) and value == 0

    def _zero_at_breakpoint(self, r, k):
        """The zero at a breakpoint, with the smaller multiplicity of the two sides."""
        found = [
            (root, piece)
            for piece in self.pieces_at(r)
            for root in piece.zeros(k)
            if root.exact == r
        ]
        if not found:
            raise Unproven(f"f jumps to 0 at x = {r}")
        return min(found, key=lambda p: p[0].multiplicity)

    def classify_zero(self, k: int, root: Root) -> str:
        """What a zero of f′ or f″ is, by the signs of f⁽ᵏ⁾ next to it."""
        below, above = self._signs_beside(k, root)
        if k == 2:
            return "inflection" if below * above < 0 else "flat"
        if below * above >= 0:
            return "saddle"
        return "minimum" if below < 0 else "maximum"

    def _signs_beside(self, k, root):
        """The signs of f⁽ᵏ⁾ just left and right of a zero of it."""
        if self.period(k) is not None:
            return self._signs_by_slope(k, root)
        here = root.exact if root.exact in self.breakpoints else root
        signs = self.signs(k)
        return next((s for _, end, s in signs if end == here), 0), next(
            (s for end, _, s in signs if end == here), 0
        )

    def _signs_by_slope(self, k, root):
        """The same for a simple zero: f⁽ᵏ⁺¹⁾ is not 0 there."""
        slope = self.pieces[0].value(k + 1, root)
        if root.multiplicity > 1 or arb(slope).contains(0):
            raise Unproven("the kind of a zero is undecided")
        return (-1, 1) if slope > 0 else (1, -1)

    def period(self, k: int) -> arb | None:
        """The period of f⁽ᵏ⁾ as a ball, or None."""
        return self.pieces[0].period(k)

    # Signs

    @cached_method
    def signs(self, k: int) -> list[tuple]:
        """[(low, high, sign)] of f⁽ᵏ⁾ between neighbouring zeros and breakpoints, left to right.

        Ends are fmpq, Roots or None for ∓∞; there is no zero inside, so one value tells. Where
        f⁽ᵏ⁾ is periodic it is one period, from a zero to the same zero of the next one.
        """
        found = []
        for piece in self.pieces:
            zeros = piece.zeros(k)
            if zeros == EVERYWHERE:
                found.append((piece.low, piece.high, 0))
                continue
            inner = [r for r in zeros if r.exact is None or r.exact not in (piece.low, piece.high)]
            ends = [piece.low, *inner, piece.high]
            if inner and piece.period(k) is not None:
                ends = [*inner, Root(inner[0].ball + piece.period(k), inner[0].multiplicity)]
            for low, high in zip(ends, ends[1:], strict=False):
                found.append((low, high, piece.sign(k, _rational_between(low, high))))
        return found


def end_to_json(end: fmpq | Root | None, infinite: str) -> list[str] | str:
    """An end as JSON has it: a pair, or the word for the infinite one."""
    if end is None:
        return infinite
    if isinstance(end, fmpq):
        return to_decimals(end)
    return to_decimals(end.best)


def _rational_between(low, high):
    """A rational strictly between two ends (None, fmpq or Root)."""
    if low is None and high is None:
        return fmpq(0)
    if low is None:
        return _outer_end(high, -1) - 1
    if high is None:
        return _outer_end(low, 1) + 1
    a, b = _outer_end(low, 1), _outer_end(high, -1)
    if not a < b:
        raise Unproven("two zeros are too close to tell apart")
    return _short_rational((a + b) / 2, a, b)


def _outer_end(end, side):
    if isinstance(end, fmpq) or end.exact is not None:
        return end if isinstance(end, fmpq) else end.exact
    return (end.ball.upper() if side > 0 else end.ball.lower()).fmpq()


def _short_rational(middle, a, b):
    """A rational with few digits between a and b, near the middle."""
    for bits in range(0, 256, 8):
        guess = fmpq(int(middle.p) * 2**bits // int(middle.q), 2**bits)
        if a < guess < b:
            return guess
    return middle
