"""Sums of ball·uʲ·exp(…) over a whole domain of u > 0, and proofs of their ranges and signs.

An `Transseries` is a finite sum Σ cᵢ·mᵢ(u). A monomial mᵢ is a rational power of u times powers of
atoms, which are positive constants, exponentials e^G of other elements (so e^(−u²/2) and
e^(−2e^u) alike), or log u. A coefficient is an exact rational, or a ball: then it stands for
*some* function of u that stays in the ball for every u of the domain. Sums and products of such
enclosures are enclosures, and equal exact terms cancel exactly. The sign of a sum is decided by
putting one monomial in front and bounding the ratio of every other one to it over the domain.
"""

import math
from typing import Any

from flint import arb, fmpq, fmpq_poly

from . import ball_jets, budget
from . import symbolic as e
from .enclosure import to_float
from .unproven import Unproven

MAX_TERMS = 14  # terms of a sum; smaller ones are absorbed into the coefficients of those
MAX_BITS = 1500  # bits of an exact coefficient
MAX_POWERS = 256  # of 1 / u that are bounded together
INFINITY = arb.pos_inf()
ONE = (fmpq(0), ())  # the monomial 1
LOG = "log u"  # the atom


class Transseries:
    """A sum of terms {(power, ((atom, exponent), …)): coefficient} over one `Domain`."""

    __slots__ = ("ring", "terms")

    def __init__(self, ring: "Domain", terms: dict):
        self.ring = ring
        self.terms = {m: _shorten(c) for m, c in terms.items() if not _is_zero(c)}

    def __add__(self, other):
        budget.spend(20 + 8 * (len(self.terms) + len(other.terms)))
        terms = dict(self.terms)
        for m, c in other.terms.items():
            terms[m] = terms[m] + c if m in terms else c
        return self.ring.trim(terms)

    def __mul__(self, other):
        digits = (
            1 + (_longest_coefficient(self) + _longest_coefficient(other)) // 200
        )  # exact ones are slower, the longer they are
        budget.spend(50 + 15 * digits * len(self.terms) * len(other.terms))
        terms = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                key = _multiply_monomials(m, n)
                terms[key] = terms[key] + c * d if key in terms else c * d
        return self.ring.trim(terms)

    def __neg__(self):
        return Transseries(self.ring, {m: -c for m, c in self.terms.items()})

    def __sub__(self, other):
        return self + -other


def _is_zero(c):
    return c == 0 if isinstance(c, fmpq) else c.is_zero()


def _longest_coefficient(element):
    """The length of its longest exact coefficient."""
    return max((c.height_bits() for c in element.terms.values() if is_exact(c)), default=0)


def _shorten(c):
    """A coefficient as it is, or the ball of a rational of so many digits that it would slow us."""
    return arb(c) if isinstance(c, fmpq) and c.height_bits() > MAX_BITS else c


def is_exact(c: fmpq | arb) -> bool:
    return isinstance(c, fmpq)


def _multiply_monomials(m, n, sign=1):
    """The monomial m·n, or m / n with sign −1."""
    atoms = dict(m[1])
    for atom, k in n[1]:
        atoms[atom] = atoms.get(atom, fmpq(0)) + sign * k
    return m[0] + sign * n[0], tuple(sorted((a, k) for a, k in atoms.items() if k != 0))


def monomial_power(m: tuple, k: fmpq | int) -> tuple:
    """The monomial mᵏ."""
    return m[0] * k, tuple((atom, n * k) for atom, n in m[1])


def _multiply_intervals(a, b):
    """The product of two intervals (low, high) whose ends may be infinite; 0·∞ counts as 0."""
    ends = [arb(0) if p.is_zero() or q.is_zero() else p * q for p in a for q in b]
    return _minimum([x.lower() for x in ends]), _maximum([x.upper() for x in ends])


def _minimum(exact):
    least = exact[0]
    for x in exact[1:]:
        least = x if x < least else least
    return least


def _maximum(exact):
    return -_minimum([-x for x in exact])


def finite_interval(low: arb, high: arb) -> arb:
    """The ball of an interval, which must be finite."""
    if not (low.is_finite() and high.is_finite()):
        raise Unproven("something in it is unbounded, or oscillates, far out")
    return ball_jets.interval(low, high)


class Domain:
    """Elements over u ∈ [low, high]; without `high`, over all u ≥ low."""

    def __init__(self, low: fmpq | arb | int, high: fmpq | arb | None = None):
        self.low, self.high = arb(low).lower(), high if high is None else arb(high).upper()
        self.atoms: list = []
        self.known: dict = {}
        self.ranges: dict = {}
        self.sizes: dict = {}
        probe = 2 * self.low if self.high is None else (self.low + self.high) / 2
        self.probe = to_float(probe.log())
        self.oscillates = False  # whether a sine of something unbounded was met
        self.u = Transseries(self, {(fmpq(1), ()): fmpq(1)})

    # Numbers and atoms

    def number(self, value: fmpq) -> Transseries:
        """The rational `value`."""
        return Transseries(self, {ONE: value})

    def shorten(self, element: Transseries) -> Transseries:
        """The element: its coefficients are kept short as they are made."""
        return element

    def any_in(self, ball: arb) -> Transseries:
        """Any function with values in `ball`."""
        return Transseries(self, {ONE: ball})

    def any_between(self, low: arb, high: arb) -> Transseries:
        """Any function with values from `low` to `high`."""
        return self.any_in(ball_jets.interval(low, high))

    def constant(self, n: "e.Node") -> Transseries:
        """The element of an expression without x."""
        if n.op == "polynomial":
            return self.number(n.value[0])
        if n.op == "mul":
            return self.constant(n.args[0]) * self.constant(n.args[1])
        if n.op == "add":
            return self.constant(n.args[0]) + self.constant(n.args[1])
        return self.named_constant(n, ball_jets.constant(n))

    def named_constant(self, name: Any, ball: arb) -> Transseries:
        """The constant called `name`, its value in `ball`: an atom, so that it cancels exactly."""
        if ball.contains(0):
            return self.any_in(ball)
        atom = self._atom(("constant", name), abs(ball))
        return Transseries(self, {(fmpq(0), ((atom, fmpq(1)),)): fmpq(1 if ball > 0 else -1)})

    def _atom(self, name, value):
        if name not in self.known:
            self.known[name] = len(self.atoms)
            self.atoms.append(value)
        return self.known[name]

    # Sizes: estimates to order by, which prove nothing

    def _estimate_size(self, m):
        """About log m(u) at the probe."""
        if m not in self.sizes:
            total = to_float(m[0]) * self.probe
            for atom, k in m[1]:
                total += to_float(k) * self._estimate_atom(atom)
            self.sizes[m] = total if total == total else 0.0
        return self.sizes[m]

    def _estimate_atom(self, atom):
        value = self.atoms[atom]
        if value is LOG:
            return math.log(max(self.probe, 1e-9))
        if isinstance(value, arb):
            return to_float(value.log())
        total = 0.0
        for m, c in value.terms.items():
            total += to_float(c) * math.exp(min(self._estimate_size(m), 700))
        return total

    def _sort_by_size(self, terms):
        return sorted(terms, key=self._estimate_size, reverse=True)

    def trim(self, terms: dict) -> Transseries:
        """The element of `terms`, the smallest absorbed where there are more than KEEP.

        A term c·m goes into c′·m′ as c′ + c·(m / m′), the ratio being a ball over the domain.
        """
        terms = Transseries(self, terms).terms
        if len(terms) > MAX_TERMS:
            order = self._sort_by_size(terms)
            for m in order[MAX_TERMS:]:
                self._absorb(terms, m, order[:MAX_TERMS])
        return Transseries(self, terms)

    def _absorb(self, terms, m, into):
        for kept in reversed(into):
            low, high = self.range_of_monomial(_multiply_monomials(m, kept, -1))
            if high.is_finite():
                terms[kept] = terms[kept] + terms.pop(m) * ball_jets.interval(low, high)
                return

    # Ranges over the whole domain: these are the proofs

    def range_of_monomial(self, m: tuple) -> tuple[arb, arb]:
        """(low, high) with low ≤ m(u) ≤ high on the domain; high may be infinite."""
        if m not in self.ranges:
            self.ranges[m] = self._range_of_monomial(m)
        return self.ranges[m]

    def _range_of_monomial(self, m):
        factor, exponent, logs = self._split_monomial(m)
        if logs:
            grown = self._range_with_logs(m[0], logs, exponent)
        elif exponent.terms:
            grown = self._range_of_exponential(m[0], exponent)
        else:
            grown = self._range_of_power(m[0])
        return _multiply_intervals((factor.lower(), factor.upper()), grown)

    def _split_monomial(self, m):
        """(constant factor, G, k) of a monomial u^p·constant·e^G·(log u)ᵏ."""
        factor, exponent, logs = arb(1), self.number(fmpq(0)), fmpq(0)
        for atom, k in m[1]:
            value = self.atoms[atom]
            if value is LOG:
                logs = k
            elif isinstance(value, arb):
                factor = factor * (arb(k) * value.log()).exp()
            else:
                exponent = exponent + value * self.number(k)
        return factor, exponent, logs

    def _range_with_logs(self, p, k, exponent):
        """The range of u^p·(log u)ᵏ·e^G on u > 1, by log T ≤ log u ≤ u where there is a G."""
        least = _rational_power(self.low.log(), k)
        if self.high is not None:
            most = _rational_power(self.high.log(), k)
            ends = (least.lower(), most.upper()) if k > 0 else (most.lower(), least.upper())
            rest = (
                self._range_of_exponential(p, exponent)
                if exponent.terms
                else self._range_of_power(p)
            )
            return _multiply_intervals(ends, rest)
        if not exponent.terms:
            return self._range_of_power_with_logs(p, k)
        above = self._range_of_exponential(p + k if k > 0 else p, exponent)[1]
        below = self._range_of_exponential(p if k > 0 else p + k, exponent)[0]
        low, high = (below * least, above) if k > 0 else (below, above * least)
        return low.lower(), high.upper()

    def _range_of_power_with_logs(self, p, k):
        """The range of u^p·(log u)ᵏ on u ≥ T: its only turn is at log u = −k / p, once p·k < 0."""
        at_low = _rational_power(self.low, p) * _rational_power(self.low.log(), k)
        turn = arb(-k / p) if p * k < 0 else arb(0)
        turned = self.low.log() >= turn
        peak = at_low if turned else at_low.union((arb(p) * turn).exp() * _rational_power(turn, k))
        grows = p > 0 or (p == 0 and k > 0)
        return (peak.lower(), INFINITY) if grows else (arb(0), peak.upper())

    def _range_of_power(self, k):
        """The range of uᵏ, which is monotone."""
        at_low = _rational_power(self.low, k)
        far = INFINITY if k > 0 else arb(0)
        at_high = far if self.high is None else _rational_power(self.high, k)
        ends = (at_low, at_high) if k > 0 else (at_high, at_low)
        return (arb(1), arb(1)) if k == 0 else (ends[0].lower(), ends[1].upper())

    def _range_of_exponential(self, k, exponent):
        """The range of uᵏ·e^G."""
        if self.high is None:
            rate = self._range_of_rate(exponent)
            if rate[1] < 0:
                return arb(0), self._bound_decay(k, -rate[1])
            if rate[0] > 0:
                return (1 / self._bound_decay(-k, rate[0])).lower(), INFINITY
        low, high = self.range(exponent)
        ends = (low.exp().lower() if low.is_finite() else arb(0), high.exp().upper())
        return _multiply_intervals(ends, self._range_of_power(k))

    def _range_of_rate(self, exponent):
        """The range of G(u) / u, or of nothing at all where it cannot be bounded."""
        try:
            return self.range(exponent * Transseries(self, {(fmpq(-1), ()): fmpq(1)}))
        except Unproven:
            return -INFINITY, INFINITY

    def _bound_decay(self, k, rate):
        """An upper bound of uᵏ·e^(−rate·u) on u ≥ low: its value there, or at its peak k / rate."""
        at = self.low
        if k > 0 and not at * rate >= arb(k):
            at = arb(k) / rate
        return (_rational_power(at, k) * (-rate * at).exp()).upper()

    def factor_out(self, element: Transseries) -> tuple[tuple, arb]:
        """(m, ball): the element is m(u) times a function with values in the ball."""
        found = None
        for lead in self._sort_by_size(element.terms)[:4]:
            total = self._ratio_to_lead(element.terms, lead)
            if total.is_finite() and (found is None or not total.contains(0)):
                found = lead, total
                if not total.contains(0):
                    break
        if found is None:
            raise Unproven("no term of it dominates the others far out")
        return found

    def _ratio_to_lead(self, terms, lead):
        """The ball of Σ c·m / lead, nan where a ratio is unbounded.

        Exact terms with lead's atoms are a polynomial in 1 / u and bounded as one, so that what
        cancels between them is not lost.
        """
        inverse_powers, total = {}, arb(0)
        for m, c in terms.items():
            power = lead[0] - m[0]
            if m[1] == lead[1] and is_exact(c) and 0 <= power <= MAX_POWERS and power.q == 1:
                inverse_powers[int(power)] = c
            else:
                low, high = self.range_of_monomial(_multiply_monomials(m, lead, -1))
                ratio = ball_jets.interval(low, high) if high.is_finite() else arb.nan()
                total = total + c * ratio
        together = fmpq_poly(
            [inverse_powers.get(k, 0) for k in range(max(inverse_powers, default=0) + 1)]
        )
        far = arb(0) if self.high is None else (1 / self.high).lower()
        inverse = ball_jets.interval(far, (1 / self.low).upper())
        return total + ball_jets.value(e.polynomial(together), inverse)

    def range(self, element: Transseries) -> tuple[arb, arb]:
        """(low, high) of an element over the domain; ends may be infinite."""
        if not element.terms:
            return arb(0), arb(0)
        try:
            lead, ball = self.factor_out(element)
        except Unproven:
            return self._range_by_terms(element)
        return _multiply_intervals(self.range_of_monomial(lead), (ball.lower(), ball.upper()))

    def _range_by_terms(self, element):
        """The sum of the terms' ranges, where none of them dominates; all must be bounded."""
        total = arb(0)
        for m, c in element.terms.items():
            total = total + c * finite_interval(*self.range_of_monomial(m))
        return total.lower(), total.upper()

    def sign(self, element: Transseries) -> int:
        """1 or −1 where the element has that sign on the whole domain, 0 where it is exactly 0."""
        if not element.terms:
            return 0
        ball = self.factor_out(element)[1]
        if ball.contains(0):
            raise Unproven("it oscillates" if self.oscillates else "its sign far out is undecided")
        return 1 if ball > 0 else -1

    def is_constant(self, m: tuple) -> bool:
        """Whether a monomial is made of constants alone."""
        return m[0] == 0 and self.is_algebraic(m)

    def is_algebraic(self, m: tuple) -> bool:
        """Whether a monomial is a constant times a power of u."""
        return all(isinstance(self.atoms[atom], arb) for atom, _ in m[1])


def _rational_power(base, k):
    """baseᵏ for an exact base > 0 and a rational k."""
    if k == 0:
        return arb(1)
    whole = arb(base) ** int(k.p)
    return whole if k.q == 1 else whole.root(int(k.q))
