"""The shape of a function: zeros, kinks, ranges, monotone and convex pieces, limits, parity.

Everything here follows from three facts proven elsewhere: the complete zeros of f, f′, f″ and f‴
on every piece, one-sided values at breakpoints, and limits at the infinite ends. A supremum is
the largest of a finite list of candidates: on a piece f⁽ᵏ⁾ is monotone between neighbouring
zeros of f⁽ᵏ⁺¹⁾, so it comes nowhere nearer to its supremum than at those zeros and at the ends.
"""

from dataclasses import dataclass

from flint import arb, fmpq

from . import expression
from .enclosure import pair
from .pieces import EVERYWHERE, Piece, pieces, remembered
from .refusal import Unproven
from .roots import ORDER, Root

SMOOTH = "analytic"


@dataclass(frozen=True)
class Candidate:
    """A value that f⁽ᵏ⁾ takes or comes near: where (as JSON has it) and whether it is taken."""

    value: object
    attained: bool
    at: object


class Shape:
    """What can be asked about one function; every answer is proven or raises Unproven."""

    def __init__(self, traced):
        self.expression = traced
        self.pieces = pieces(traced)
        self.breakpoints = [piece.low for piece in self.pieces[1:]]

    def around(self, r):
        """(left, right): the pieces that meet at a breakpoint."""
        i = self.breakpoints.index(r)
        return self.pieces[i], self.pieces[i + 1]

    # Continuity

    @remembered
    def continuous(self, r, k):
        """Whether f⁽ᵏ⁾, taken from both sides, agrees at the breakpoint r."""
        left, right = (piece.at(r, k) for piece in self.around(r))
        if isinstance(left, fmpq) and isinstance(right, fmpq):
            return left == right
        if arb(left).overlaps(arb(right)):
            raise Unproven(f"whether derivative {k} is continuous at x = {r} is undecided")
        return False

    @remembered
    def exists(self, r, k):
        """Whether f⁽ᵏ⁾ exists at the breakpoint r: f … f⁽ᵏ⁾ agree from both sides."""
        return all(self.continuous(r, j) for j in range(k + 1))

    @remembered
    def order(self, r):
        """How many derivatives are continuous at r, −1 for a jump."""
        for k in range(ORDER + 1):
            if not self.continuous(r, k):
                return k - 1
        raise Unproven(f"the pieces agree at x = {r} in all of the first {ORDER} derivatives")

    def smoothness(self):
        """(order, name): −1 "discontinuous", k "C^k", None "analytic"."""
        orders = [self.order(r) for r in self.breakpoints]
        if not orders:
            return None, SMOOTH
        k = min(orders)
        return k, "discontinuous" if k < 0 else f"C^{k}"

    def value_at(self, r):
        """f at a breakpoint, by the side that the definition names."""
        return Piece(None, None, expression.resolve(self.expression, r)).at(r, 0)

    def kinks(self):
        """Every breakpoint with its one-sided values and the order of smoothness there."""
        found = []
        for r in self.breakpoints:
            sides = dict(zip(("left", "right"), self.around(r), strict=True))
            kink = {"x": pair(r), "smooth_to": self.order(r), "value": pair(self.value_at(r))}
            for name, k in (("f", 0), ("fprime", 1), ("fsecond", 2)):
                kink[name] = {side: pair(p.at(r, k)) for side, p in sides.items()}
            found.append(kink)
        return found

    # Zeros

    @remembered
    def zeros(self, k):
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
            if r not in ends and self._zero_at(r, k):
                points.append(self._meeting(r, k))
        return sorted(points, key=lambda p: float(p[0].ball.mid())), flat

    def flat(self, k):
        """[(low, high)]: the pieces on which f⁽ᵏ⁾ is 0 throughout."""
        return [(piece.low, piece.high) for piece in self.pieces if piece.vanishes(k)]

    def _zero_at(self, r, k):
        """Whether f⁽ᵏ⁾ exists at a breakpoint and is 0 there."""
        value = self.value_at(r) if k == 0 else self.around(r)[0].at(r, k)
        if k and not self.exists(r, k):
            return False
        if isinstance(value, arb) and value.contains(0):
            raise Unproven(f"whether derivative {k} is 0 at x = {r} is undecided")
        return isinstance(value, fmpq) and value == 0

    def _meeting(self, r, k):
        """The zero at a breakpoint, with the smaller multiplicity of the two sides."""
        found = [
            (root, piece) for piece in self.around(r) for root in piece.zeros(k) if root.exact == r
        ]
        if not found:
            raise Unproven(f"f jumps to 0 at x = {r}")
        return min(found, key=lambda p: p[0].multiplicity)

    def kind(self, k, root):
        """What a zero of f′ or f″ is, by the signs of f⁽ᵏ⁾ next to it."""
        below, above = self._beside(k, root)
        if k == 2:
            return "inflection" if below * above < 0 else "flat"
        if below * above >= 0:
            return "saddle"
        return "minimum" if below < 0 else "maximum"

    def _beside(self, k, root):
        """The signs of f⁽ᵏ⁾ just left and right of a zero of it."""
        if self.period(k) is not None:
            return self._by_next_derivative(k, root)
        here = root.exact if root.exact in self.breakpoints else root
        signs = self.signs(k)
        return next((s for _, end, s in signs if end == here), 0), next(
            (s for end, _, s in signs if end == here), 0
        )

    def _by_next_derivative(self, k, root):
        """The same for a simple zero: f⁽ᵏ⁺¹⁾ is not 0 there."""
        slope = self.pieces[0].value(k + 1, root)
        if root.multiplicity > 1 or arb(slope).contains(0):
            raise Unproven("the kind of a zero is undecided")
        return (-1, 1) if slope > 0 else (1, -1)

    def period(self, k):
        """The period of f⁽ᵏ⁾ as a ball, or None."""
        return self.pieces[0].period(k)

    # Ranges

    @remembered
    def candidates(self, k):
        """The values among which the supremum and the infimum of f⁽ᵏ⁾ are."""
        found = []
        for piece in self.pieces:
            zeros = piece.zeros(k + 1)
            if zeros == EVERYWHERE:
                constant = piece.at(piece.inside(), k)
                found.append(Candidate(constant, True, _interval(piece.low, piece.high)))
            else:
                found += [
                    Candidate(piece.value(k, r), True, pair(r.best))
                    for r in zeros
                    if r.exact not in self.breakpoints
                ]
            if zeros != EVERYWHERE and piece.period(k) is None:
                found += [self._limit(piece, k, side) for side in (-1, 1)]
        return found + self._isolated_values(k)

    def _isolated_values(self, k):
        """Where f jumps, its value there may be neither side's."""
        if k:
            return []
        return [Candidate(self.value_at(r), True, pair(r)) for r in self.breakpoints]

    def _limit(self, piece, k, side):
        """What f⁽ᵏ⁾ tends to at one end of a piece, and whether it is a value of f⁽ᵏ⁾."""
        end = piece.high if side > 0 else piece.low
        if end is None:
            return Candidate(piece.limit(k, side), False, "inf" if side > 0 else "-inf")
        attained = self.exists(end, k) if k else self.continuous(end, 0)
        return Candidate(piece.at(end, k), attained, pair(end))

    def extreme(self, k, side):
        """The supremum (side 1) or infimum (side −1) of f⁽ᵏ⁾: {value, attained, at}."""
        boundless = self._boundless(k, side)
        if boundless:
            return {"value": pair(side * arb.pos_inf()), "attained": False, "at": boundless}
        found = [Candidate(side * c.value, c.attained, c.at) for c in self.candidates(k)]
        top = [c for c in found if not any(_less(c.value, other.value) for other in found)]
        value = _largest([c.value for c in top])
        period = self.period(k)
        got = {"value": pair(side * value), "attained": _attained(top), "at": _places(top)}
        return got | ({} if period is None else {"period": pair(period)})

    def _boundless(self, k, side):
        """The infinite ends where f⁽ᵏ⁾ tends to ∞ (side 1) or −∞ (side −1)."""
        found = []
        ends = ((self.pieces[0], -1, "-inf"), (self.pieces[-1], 1, "inf"))
        for piece, end, word in ends if self.period(k) is None else ():
            try:
                limit = piece.limit(k, end)
            except Unproven:  # then the candidates will say why
                continue
            if isinstance(limit, arb) and not limit.is_finite() and side * limit > 0:
                found.append(word)
        return found

    def range(self, k):
        """{inf, sup} of f⁽ᵏ⁾ wherever it exists."""
        return {"inf": self.extreme(k, -1), "sup": self.extreme(k, 1)}

    def steepest(self, k):
        """sup |f⁽ᵏ⁾| where f⁽ᵏ⁻¹⁾ is continuous, which is its Lipschitz constant; else ∞."""
        if any(self.order(r) < k - 1 for r in self.breakpoints):
            return arb.pos_inf()
        found = [c.value for c in self.candidates(k)]
        sizes = [v if not _less(v, -v) else -v for v in found]
        sizes = [abs(v) if isinstance(v, arb) else v for v in sizes]
        top = [v for v in sizes if not any(_less(v, w) for w in sizes)]
        return _largest(top)

    # Monotone and convex pieces

    @remembered
    def signs(self, k):
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
                found.append((low, high, piece.sign(k, _between(low, high))))
        return found

    def steps(self, k):
        """[(r, sign)]: how f⁽ᵏ⁾ jumps at breakpoints, 0 for not at all."""
        found = []
        for r in self.breakpoints:
            if self.continuous(r, k):
                found.append((r, 0))
            else:
                left, right = (piece.at(r, k) for piece in self.around(r))
                found.append((r, 1 if arb(right) > arb(left) else -1))
        return found

    def monotone(self):
        """Pieces on which f rises, falls or stays, and what that makes of the whole."""
        words = {1: "increasing", -1: "decreasing", 0: "constant"}
        return self._pieces_of(1, words, ("nondecreasing", "nonincreasing"), jumps=0)

    def convex(self):
        """Pieces on which f is convex, concave or straight, and what that makes of the whole."""
        words = {1: "convex", -1: "concave", 0: "affine"}
        found = self._pieces_of(2, words, ("convex", "concave"), jumps=1)
        if any(self.order(r) < 0 for r in self.breakpoints):
            found["everywhere"] = "neither"  # what is convex on all of R is continuous
        return found

    def _pieces_of(self, k, words, weak, jumps):
        signs, steps = self.signs(k), dict(self.steps(jumps))
        merged = []
        for low, high, sign in signs:
            before = merged[-1] if merged else None
            jump = steps.get(low, 0) if isinstance(low, fmpq) else 0
            torn = jumps and isinstance(low, fmpq) and self.order(low) < 0
            if before and before[2] == sign and jump in (0, sign) and not torn:
                merged[-1] = (before[0], high, sign)
            else:
                merged.append((low, high, sign))
        all_signs = {s for _, _, s in signs} | {s for s in steps.values() if s}
        listed = [
            {"from": _end(a, "-inf"), "to": _end(b, "inf"), "is": words[s]} for a, b, s in merged
        ]
        period = self.period(k)
        found = {"everywhere": _whole(all_signs, words, weak), "pieces": listed}
        return found if period is None else found | {"period": pair(period)}

    # Parity

    def parity(self):
        """ "even", "odd" or "neither": proven by the expression's form, refuted by values."""
        if self._mirrors(1):
            return "even"
        if self._mirrors(-1):
            return "odd"
        refuted = {sign: self._refutes(sign) for sign in (1, -1)}
        if all(refuted.values()):
            return "neither"
        raise Unproven("its form shows no parity and no value refutes it")

    def _mirrors(self, sign):
        turned = [
            (_minus(p.high), _minus(p.low), expression.mirrored(p.f)) for p in reversed(self.pieces)
        ]
        same = all(
            (low, high) == (p.low, p.high) and (g is p.f if sign > 0 else -g is p.f)
            for p, (low, high, g) in zip(self.pieces, turned, strict=True)
        )
        return same and all(
            self.continuous(r, 0) or self._value_mirrors(r, sign) for r in self.breakpoints
        )

    def _value_mirrors(self, r, sign):
        there, back = self.value_at(r), self.value_at(-r)
        return isinstance(there, fmpq) and isinstance(back, fmpq) and there == sign * back

    def _refutes(self, sign):
        for x in (fmpq(7, 10), fmpq(19, 10), fmpq(31, 10)):
            there, back = arb(self.value_at(x)), arb(self.value_at(-x))
            if not (there - sign * back).contains(0):
                return True
        return False


def _minus(end):
    return None if end is None else -end


def _interval(low, high):
    return [_end(low, "-inf"), _end(high, "inf")]


def _end(end, infinite):
    """An end as JSON has it: a pair, or the word for the infinite one."""
    if end is None:
        return infinite
    if isinstance(end, fmpq):
        return pair(end)
    return pair(end.best)


def _between(low, high):
    """A rational strictly between two ends (None, fmpq or Root)."""
    if low is None and high is None:
        return fmpq(0)
    if low is None:
        return _outer(high, -1) - 1
    if high is None:
        return _outer(low, 1) + 1
    a, b = _outer(low, 1), _outer(high, -1)
    if not a < b:
        raise Unproven("two zeros are too close to tell apart")
    return _short((a + b) / 2, a, b)


def _outer(end, side):
    if isinstance(end, fmpq) or end.exact is not None:
        return end if isinstance(end, fmpq) else end.exact
    return (end.ball.upper() if side > 0 else end.ball.lower()).fmpq()


def _short(middle, a, b):
    """A rational with few digits between a and b, near the middle."""
    for bits in range(0, 256, 8):
        guess = fmpq(int(middle.p) * 2**bits // int(middle.q), 2**bits)
        if a < guess < b:
            return guess
    return middle


def _less(a, b):
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


def _attained(top):
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


def _places(top):
    places = []
    taken = [c for c in top if c.attained] or top
    for c in taken:
        if c.at not in places:
            places.append(c.at)
    return places


def _whole(signs, words, weak):
    """The word for the whole function, given every sign of its pieces and jumps."""
    if len(signs) == 1:
        return words[next(iter(signs))]
    if signs == {0, 1}:
        return weak[0]
    if signs == {0, -1}:
        return weak[1]
    return "neither"
