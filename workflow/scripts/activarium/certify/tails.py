"""Tails: what a function does on all of x ≥ T at once, as a sum of ball·uʲ·exp(…) with u = |x|.

An `Element` is a finite sum Σ cᵢ·mᵢ(u). A monomial mᵢ is a rational power of u times powers of
atoms, which are positive constants, exponentials e^G of other elements (so e^(−u²/2) and
e^(−2e^u) alike), or log u. A coefficient is an exact rational, or a ball: then it stands for
*some* function of u that stays in the ball for every u of the domain. Sums and products of such
enclosures are enclosures, equal exact terms cancel exactly, and derivatives come from the
recurrences of `jets`, never from the balls. The sign of a sum is decided by putting one monomial
in front and bounding the ratio of every other one to it over the whole domain.

The domain is [T, ∞), or [a, b] with a > 0 where a compact piece needs its exponentials in front.
"""

import math

from flint import arb, fmpq, fmpq_poly

from . import expression as e
from . import real
from .jets import jet as _jet
from .refusal import Unproven

KEEP = 14  # terms of a sum; smaller ones are absorbed into the coefficients of those
NARROW = 0.5  # an exponent that varies less is no atom but a factor 1 + δ·ball
FAR = 2  # from here on a function's argument counts as large
INFINITY = arb.pos_inf()
ONE = (fmpq(0), ())  # the monomial 1
LOG = "log u"  # the atom


class Element:
    """A sum of terms {(power, ((atom, exponent), …)): coefficient} over one `Ring`."""

    __slots__ = ("ring", "terms")

    def __init__(self, ring, terms):
        self.ring = ring
        self.terms = {m: c for m, c in terms.items() if not _is_zero(c)}

    def __add__(self, other):
        terms = dict(self.terms)
        for m, c in other.terms.items():
            terms[m] = terms[m] + c if m in terms else c
        return self.ring.trimmed(terms)

    def __mul__(self, other):
        terms = {}
        for m, c in self.terms.items():
            for n, d in other.terms.items():
                key = _product(m, n)
                terms[key] = terms[key] + c * d if key in terms else c * d
        return self.ring.trimmed(terms)

    def __neg__(self):
        return Element(self.ring, {m: -c for m, c in self.terms.items()})

    def __sub__(self, other):
        return self + -other


def _is_zero(c):
    return c == 0 if isinstance(c, fmpq) else c.is_zero()


def _exact(c):
    return isinstance(c, fmpq)


def _product(m, n, sign=1):
    """The monomial m·n, or m / n with sign −1."""
    atoms = dict(m[1])
    for atom, k in n[1]:
        atoms[atom] = atoms.get(atom, fmpq(0)) + sign * k
    return m[0] + sign * n[0], tuple(sorted((a, k) for a, k in atoms.items() if k != 0))


def _power(m, k):
    """The monomial mᵏ."""
    return m[0] * k, tuple((atom, n * k) for atom, n in m[1])


def _times(a, b):
    """The product of two intervals (low, high) whose ends may be infinite; 0·∞ counts as 0."""
    ends = [arb(0) if p.is_zero() or q.is_zero() else p * q for p in a for q in b]
    return _least([x.lower() for x in ends]), _greatest([x.upper() for x in ends])


def _least(exact):
    least = exact[0]
    for x in exact[1:]:
        least = x if x < least else least
    return least


def _greatest(exact):
    return -_least([-x for x in exact])


def _hull(low, high):
    """The ball of an interval, which must be finite."""
    if not (low.is_finite() and high.is_finite()):
        raise Unproven("something in it is unbounded, or oscillates, far out")
    return real.ball(low, high)


class Ring:
    """Elements over u ∈ [low, high]; without `high`, over all u ≥ low."""

    def __init__(self, low, high=None):
        self.low, self.high = arb(low).lower(), high if high is None else arb(high).upper()
        self.atoms, self.known, self.ranges, self.sizes = [], {}, {}, {}
        probe = 2 * float(self.low.mid()) if high is None else float((self.low + self.high) / 2)
        self.probe = math.log(probe)
        self.waves = False  # whether a sine of something unbounded was met
        self.u = Element(self, {(fmpq(1), ()): fmpq(1)})

    # Numbers and atoms

    def number(self, value):
        """The rational `value`."""
        return Element(self, {ONE: value})

    def some(self, ball):
        """Any function with values in `ball`."""
        return Element(self, {ONE: ball})

    def between(self, low, high):
        """Any function with values from `low` to `high`."""
        return self.some(real.ball(low, high))

    def constant(self, n):
        """The element of an expression without x."""
        if n.op == "polynomial":
            return self.number(n.value[0])
        if n.op == "mul":
            return self.constant(n.args[0]) * self.constant(n.args[1])
        if n.op == "add":
            return self.constant(n.args[0]) + self.constant(n.args[1])
        return self.named(n, real.constant(n))

    def named(self, name, ball):
        """The constant called `name`, its value in `ball`: an atom, so that it cancels exactly."""
        if ball.contains(0):
            return self.some(ball)
        atom = self._atom(("constant", name), abs(ball))
        return Element(self, {(fmpq(0), ((atom, fmpq(1)),)): fmpq(1 if ball > 0 else -1)})

    def _atom(self, name, value):
        if name not in self.known:
            self.known[name] = len(self.atoms)
            self.atoms.append(value)
        return self.known[name]

    # Sizes: estimates to order by, which prove nothing

    def _size(self, m):
        """About log m(u) at the probe."""
        if m not in self.sizes:
            total = float(m[0].p) / float(m[0].q) * self.probe
            for atom, k in m[1]:
                total += float(k.p) / float(k.q) * self._atom_size(atom)
            self.sizes[m] = total if total == total else 0.0
        return self.sizes[m]

    def _atom_size(self, atom):
        value = self.atoms[atom]
        if value is LOG:
            return math.log(max(self.probe, 1e-9))
        if isinstance(value, arb):
            return float(value.log().mid())
        total = 0.0
        for m, c in value.terms.items():
            total += float(arb(c).mid()) * math.exp(min(self._size(m), 700))
        return total

    def _ordered(self, terms):
        return sorted(terms, key=self._size, reverse=True)

    def trimmed(self, terms):
        """The element of `terms`, the smallest absorbed where there are more than KEEP.

        A term c·m goes into c′·m′ as c′ + c·(m / m′), the ratio being a ball over the domain.
        """
        terms = Element(self, terms).terms
        if len(terms) > KEEP:
            order = self._ordered(terms)
            for m in order[KEEP:]:
                self._absorb(terms, m, order[:KEEP])
        return Element(self, terms)

    def _absorb(self, terms, m, into):
        for kept in reversed(into):
            low, high = self.range_of_monomial(_product(m, kept, -1))
            if high.is_finite():
                terms[kept] = terms[kept] + terms.pop(m) * real.ball(low, high)
                return

    # Ranges over the whole domain: these are the proofs

    def range_of_monomial(self, m):
        """(low, high) with low ≤ m(u) ≤ high on the domain; high may be infinite."""
        if m not in self.ranges:
            self.ranges[m] = self._range_of_monomial(m)
        return self.ranges[m]

    def _range_of_monomial(self, m):
        factor, exponent, logs = self._apart(m)
        if logs:
            grown = self._with_logs(m[0], logs, exponent)
        elif exponent.terms:
            grown = self._exponential(m[0], exponent)
        else:
            grown = self._of_power(m[0])
        return _times((factor.lower(), factor.upper()), grown)

    def _apart(self, m):
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

    def _with_logs(self, p, k, exponent):
        """The range of u^p·(log u)ᵏ·e^G on u > 1, by log T ≤ log u ≤ u where there is a G."""
        least = _real_power(self.low.log(), k)
        if self.high is not None:
            most = _real_power(self.high.log(), k)
            ends = (least.lower(), most.upper()) if k > 0 else (most.lower(), least.upper())
            rest = self._exponential(p, exponent) if exponent.terms else self._of_power(p)
            return _times(ends, rest)
        if not exponent.terms:
            return self._of_power_with_logs(p, k)
        above = self._exponential(p + k if k > 0 else p, exponent)[1]
        below = self._exponential(p if k > 0 else p + k, exponent)[0]
        low, high = (below * least, above) if k > 0 else (below, above * least)
        return low.lower(), high.upper()

    def _of_power_with_logs(self, p, k):
        """The range of u^p·(log u)ᵏ on u ≥ T: its only turn is at log u = −k / p, once p·k < 0."""
        at_low = _real_power(self.low, p) * _real_power(self.low.log(), k)
        turn = arb(-k / p) if p * k < 0 else arb(0)
        turned = self.low.log() >= turn
        peak = at_low if turned else at_low.union((arb(p) * turn).exp() * _real_power(turn, k))
        grows = p > 0 or (p == 0 and k > 0)
        return (peak.lower(), INFINITY) if grows else (arb(0), peak.upper())

    def _of_power(self, k):
        """The range of uᵏ, which is monotone."""
        at_low = _real_power(self.low, k)
        far = INFINITY if k > 0 else arb(0)
        at_high = far if self.high is None else _real_power(self.high, k)
        ends = (at_low, at_high) if k > 0 else (at_high, at_low)
        return (arb(1), arb(1)) if k == 0 else (ends[0].lower(), ends[1].upper())

    def _exponential(self, k, exponent):
        """The range of uᵏ·e^G."""
        if self.high is None:
            rate = self._range_of_rate(exponent)
            if rate[1] < 0:
                return arb(0), self._decay(k, -rate[1])
            if rate[0] > 0:
                return (1 / self._decay(-k, rate[0])).lower(), INFINITY
        low, high = self.range(exponent)
        ends = (low.exp().lower() if low.is_finite() else arb(0), high.exp().upper())
        return _times(ends, self._of_power(k))

    def _range_of_rate(self, exponent):
        """The range of G(u) / u, or of nothing at all where it cannot be bounded."""
        try:
            return self.range(exponent * Element(self, {(fmpq(-1), ()): fmpq(1)}))
        except Unproven:
            return -INFINITY, INFINITY

    def _decay(self, k, rate):
        """An upper bound of uᵏ·e^(−rate·u) on u ≥ low: its value there, or at its peak k / rate."""
        at = self.low
        if k > 0 and not at * rate >= arb(k):
            at = arb(k) / rate
        return (_real_power(at, k) * (-rate * at).exp()).upper()

    def factor(self, element):
        """(m, ball): the element is m(u) times a function with values in the ball."""
        found = None
        for lead in self._ordered(element.terms)[:4]:
            total = self._over_lead(element.terms, lead)
            if total.is_finite() and (found is None or not total.contains(0)):
                found = lead, total
                if not total.contains(0):
                    break
        if found is None:
            raise Unproven("no term of it dominates the others far out")
        return found

    def _over_lead(self, terms, lead):
        """The ball of Σ c·m / lead, nan where a ratio is unbounded.

        Exact terms with lead's atoms are a polynomial in 1 / u and bounded as one, so that what
        cancels between them is not lost.
        """
        inverse_powers, total = {}, arb(0)
        for m, c in terms.items():
            power = lead[0] - m[0]
            if m[1] == lead[1] and _exact(c) and power >= 0 and power.q == 1:
                inverse_powers[int(power)] = c
            else:
                low, high = self.range_of_monomial(_product(m, lead, -1))
                total = total + (c * real.ball(low, high) if high.is_finite() else arb.nan())
        together = fmpq_poly(
            [inverse_powers.get(k, 0) for k in range(max(inverse_powers, default=0) + 1)]
        )
        far = arb(0) if self.high is None else (1 / self.high).lower()
        return total + real.value(e.polynomial(together), real.ball(far, (1 / self.low).upper()))

    def range(self, element):
        """(low, high) of an element over the domain; ends may be infinite."""
        if not element.terms:
            return arb(0), arb(0)
        try:
            lead, ball = self.factor(element)
        except Unproven:
            return self._range_by_terms(element)
        return _times(self.range_of_monomial(lead), (ball.lower(), ball.upper()))

    def _range_by_terms(self, element):
        """The sum of the terms' ranges, where none of them dominates; all must be bounded."""
        total = arb(0)
        for m, c in element.terms.items():
            total = total + c * _hull(*self.range_of_monomial(m))
        return total.lower(), total.upper()

    def sign(self, element):
        """1 or −1 where the element has that sign on the whole domain, 0 where it is exactly 0."""
        if not element.terms:
            return 0
        ball = self.factor(element)[1]
        if ball.contains(0):
            raise Unproven("it oscillates" if self.waves else "its sign far out is undecided")
        return 1 if ball > 0 else -1

    # Operations of `jets`

    def inverse(self, g):
        """1 / g, by 1 / (1 + ρ) = 1 − ρ·(1 / (1 + ρ))."""
        lead, ball = self.factor(g)
        if ball.contains(0):
            raise Unproven("a division that may be by zero far out")
        back, c = Element(self, {_power(lead, -1): fmpq(1)}), g.terms[lead]
        if not _exact(c):
            return back * self.some(1 / ball)
        rest = self._rest(g, lead)
        bound = 1 / (1 + _hull(*self.range(rest)))
        return back * self.number(1 / c) * (self.number(fmpq(1)) - rest * self._finite_ball(bound))

    def sqrt(self, g):
        """√g, by √(1 + ρ) = 1 + ρ / (1 + √(1 + ρ))."""
        lead, ball = self.factor(g)
        if not ball > 0:
            raise Unproven("a square root of what is not proven positive far out")
        root, c = Element(self, {_power(lead, fmpq(1, 2)): fmpq(1)}), g.terms[lead]
        if not (_exact(c) and c > 0):
            return root * self.some(ball.sqrt())
        rest = self._rest(g, lead)
        bound = 1 / (1 + (1 + _hull(*self.range(rest))).sqrt())
        exact = _square_root(c)
        front = self.number(exact) if exact else self.constant(e.Tracer.sqrt(c))
        return root * front * (self.number(fmpq(1)) + rest * self._finite_ball(bound))

    def _rest(self, g, lead):
        """ρ with g = c·lead·(1 + ρ), c the exact coefficient of `lead`."""
        scale = Element(self, {_power(lead, -1): 1 / g.terms[lead]})
        return Element(self, {m: c for m, c in g.terms.items() if m != lead}) * scale

    def _finite_ball(self, ball):
        if not ball.is_finite():
            raise Unproven("something in it is unbounded far out")
        return self.some(ball)

    def log_u(self):
        """log u, for a domain where it is positive."""
        if not self.low > 1:
            raise Unproven("log u changes its sign in the tail")
        return Element(self, {(fmpq(0), ((self._atom(LOG, LOG), fmpq(1)),)): fmpq(1)})

    def _power_in(self, g):
        """c where g has the exact term c·log u, whose exponential is uᶜ."""
        if LOG not in self.known:
            return fmpq(0)
        c = g.terms.get((fmpq(0), ((self.known[LOG], fmpq(1)),)), fmpq(0))
        return c if _exact(c) else fmpq(0)

    def exp(self, g):
        """e^g: wide terms become one atom, the rest a factor 1 + δ·e^ξ with ξ between 0 and δ."""
        power = self._power_in(g)
        if power != 0:
            rest = self.exp(g - self.log_u() * self.number(power))
            return Element(self, {(power, ()): fmpq(1)}) * rest
        fixed, rest = self._split(g)
        wide, narrow = {}, {}
        for m, c in rest.terms.items():
            low, high = self.range(Element(self, {m: c}))
            small = low.is_finite() and high.is_finite() and high - low < NARROW
            (narrow if small else wide)[m] = c
        narrow = Element(self, narrow)
        near = _hull(*self.range(narrow)).union(arb(0)).exp()
        factor = self.number(fmpq(1)) + narrow * self.some(near)
        return self._exp_of_fixed(fixed) * self._exp_of_wide(wide) * factor

    def _exp_of_fixed(self, fixed):
        if not fixed.terms:
            return self.number(fmpq(1))
        return self.named(("exp", _frozen(fixed)), self._ball(fixed).exp())

    def _exp_of_wide(self, terms):
        """The atom e^G; exact ones that are multiples of each other are powers of one atom."""
        if not terms:
            return self.number(fmpq(1))
        element, k = Element(self, terms), fmpq(1)
        if all(map(_exact, terms.values())):
            k = terms[max(terms)]
            element = element * self.number(1 / k)
            name = ("exp", _frozen(element))
        else:
            name = ("exp", len(self.atoms))
        return Element(self, {(fmpq(0), ((self._atom(name, element), k),)): fmpq(1)})

    def _split(self, g):
        """(the exact constant in g, the rest)."""
        fixed = {m: c for m, c in g.terms.items() if _exact(c) and self.is_constant(m)}
        rest = {m: c for m, c in g.terms.items() if m not in fixed}
        return Element(self, fixed), Element(self, rest)

    def is_constant(self, m):
        """Whether a monomial is made of constants alone."""
        return m[0] == 0 and self.is_algebraic(m)

    def is_algebraic(self, m):
        """Whether a monomial is a constant times a power of u."""
        return all(isinstance(self.atoms[atom], arb) for atom, _ in m[1])

    def _ball(self, fixed):
        """The ball of an exact constant."""
        total = arb(0)
        for m, c in fixed.terms.items():
            low, high = self.range_of_monomial(m)
            total = total + arb(c) * real.ball(low, high)
        return total

    def _finite(self, name, g):
        """h(c + δ) = h(c) + δ·h′(ξ) for a bounded argument, c being its exact constant."""
        fixed, rest = self._split(g)
        function = getattr(e.Tracer, name)(e.X)
        c = self._ball(fixed)
        if not fixed.terms and not real.value(function, c).is_finite():
            return self._finite_ball(real.value(function, _hull(*self.range(g))))
        at_c = self._known_value(name, fixed, function, c)
        if not rest.terms:
            return at_c
        around = c + _hull(*self.range(rest)).union(arb(0))
        return at_c + rest * self._finite_ball(real.jet(function, around, 1)[1])

    def _known_value(self, name, fixed, function, c):
        value = real.value(function, c)
        if not value.is_finite():
            raise Unproven(f"{name} is not finite at the limit of its argument")
        if value.is_exact():
            return self.number(value.fmpq())
        return self.named((name, _frozen(fixed)), value)

    def _side(self, g):
        """1 or −1 where g is large on the whole domain with that sign, 0 where it stays bounded."""
        low, high = self.range(g)
        if low.is_finite() and high.is_finite() and high - low < 1:
            return 0
        return 1 if low > FAR else -1 if high < -FAR else 0

    def _share(self, small):
        """1 / (1 + t) for an element t ≥ 0, as a ball."""
        low, high = self.range(small)
        return self.some(1 / (1 + _hull(low, high)))

    def expm1(self, g):
        """e^g − 1."""
        return self.exp(g) - self.number(fmpq(1)) if self._side(g) else self._finite("expm1", g)

    def sigmoid(self, g):
        """1 − E / (1 + E) with E = e^(−g) to the right, E / (1 + E) with E = e^g to the left."""
        side = self._side(g)
        if not side:
            return self._finite("sigmoid", g)
        small = self.exp(-g if side > 0 else g)
        part = small * self._share(small)
        return self.number(fmpq(1)) - part if side > 0 else part

    def tanh(self, g):
        """±(1 − 2E / (1 + E)) with E = e^(−2|g|)."""
        side = self._side(g)
        if not side:
            return self._finite("tanh", g)
        small = self.exp(g * self.number(fmpq(-2 * side)))
        value = self.number(fmpq(1)) - small * self._share(small) * self.number(fmpq(2))
        return value if side > 0 else -value

    def softplus(self, g):
        """g + log(1 + e^(−g)) or log(1 + e^g), with log(1 + t) / t between 1 / (1 + t) and 1."""
        side = self._side(g)
        if not side:
            return self._finite("softplus", g)
        small = self.exp(-g if side > 0 else g)
        low, high = self.range(small)
        part = small * self.between((1 / (1 + high)).lower(), arb(1))
        return g + part if side > 0 else part

    def erf(self, g):
        """±(1 − erfc|g|), with √π·z·e^(z²)·erfc z between 1 − 1 / (2z²) and 1."""
        return self._bell("erf", g, e.Tracer.sqrt(1 / e.PI), 1)

    def ndtr(self, g):
        """1 − Q(g) or Q(−g), with Q(z) = φ(z) / z times what is between 1 − 1 / z² and 1."""
        return self._bell("ndtr", g, 1 / e.Tracer.sqrt(2 * e.PI), 2)

    def _bell(self, name, g, factor, width):
        side = self._side(g)
        if not side:
            return self._finite(name, g)
        z = g if side > 0 else -g
        least = self.range(z)[0]
        mills = self.between((1 - arb(fmpq(width, 2)) / (least * least)).lower(), arb(1))
        bell = self.exp(z * z * self.number(fmpq(-1, width)))
        small = bell * self.inverse(z) * mills * self.constant(factor)
        if name == "ndtr" and side < 0:
            return small
        value = self.number(fmpq(1)) - small
        return value if side > 0 else -value

    def atan(self, g):
        """±(π/2 − atan(1 / |g|))."""
        side = self._side(g)
        if not side:
            return self._finite("atan", g)
        quarter = self.constant(e.PI) * self.number(fmpq(side, 2))
        return quarter - self._finite("atan", self.inverse(g))

    def sin(self, g):
        """Between −1 and 1, and more exactly where the argument stays bounded."""
        return self._wave("sin", g)

    def cos(self, g):
        """Between −1 and 1, and more exactly where the argument stays bounded."""
        return self._wave("cos", g)

    def _wave(self, name, g):
        low, high = self.range(g)
        bounded = low.is_finite() and high.is_finite()
        self.waves = self.waves or not bounded
        return self._finite(name, g) if bounded else self.between(arb(-1), arb(1))

    def log(self, g):
        """log of a bounded argument, or of one that grows or decays like an exponential."""
        low, high = self.range(g)
        if low > 0 and high.is_finite() and high < 4 * low:
            return self._finite("log", g)
        lead, ball = self.factor(g)
        if not ball > 0:
            raise Unproven("a logarithm of what is not proven positive far out")
        total = self.number(fmpq(0))
        if lead[0] != 0:
            total = self.log_u() * self.number(lead[0])
        for atom, k in lead[1]:
            value = self.atoms[atom]
            if value is LOG:
                raise Unproven("a logarithm of a logarithm is not supported")
            part = self.named(("log", atom), value.log()) if isinstance(value, arb) else value
            total = total + part * self.number(k)
        shape = g * Element(self, {_power(lead, -1): fmpq(1)})
        return total + self._finite("log", shape)

    def log1p(self, g):
        """log(1 + g)."""
        low, high = self.range(g)
        if high.is_finite() and high < 4:
            return self._finite("log1p", g)
        return self.log(g + self.number(fmpq(1)))

    def asinh(self, g):
        """±log(|g| + √(g² + 1)), or of a bounded argument."""
        side = self._side(g)
        if not side:
            return self._finite("asinh", g)
        z = g if side > 0 else -g
        value = self.log(z + self.sqrt(z * z + self.number(fmpq(1))))
        return value if side > 0 else -value

    # What an element tends to

    def fades(self, m):
        """Whether a monomial tends to 0 as u → ∞; False is proven too: it is constant or grows."""
        _, exponent, logs = self._apart(m)
        if not exponent.terms:
            return m[0] < 0 or (m[0] == 0 and logs < 0)
        low, high = self._range_of_rate(exponent)
        if high < 0 or low > 0:
            return bool(high < 0)
        raise Unproven("whether a term of it fades far out is undecided")

    def limit(self, element):
        """The limit for u → ∞: a ball (exact where the limit is rational) or ±∞."""
        stay = {m: c for m, c in element.terms.items() if not self.fades(m)}
        if all(_exact(c) and self.is_constant(m) for m, c in stay.items()):
            exact = len(stay) == 1 and ONE in stay
            return arb(stay[ONE]) if exact else self._ball(Element(self, stay))
        lead, ball = self.factor(element)
        if lead in stay and not self.is_constant(lead) and not ball.contains(0):
            return INFINITY if ball > 0 else -INFINITY
        raise Unproven("it has no limit that could be proven")


def jet(expression, ring, order, side=1):
    """[c₀, …, c_order] for x = side·u over the ring's domain, as `real.jet` gives over a ball."""
    x = ring.u if side > 0 else -ring.u
    return _jet(expression, x, ring.number(fmpq(1)), order, ring)


def _frozen(element):
    return frozenset(element.terms.items())


def _real_power(base, k):
    """baseᵏ for an exact base > 0 and a rational k."""
    if k == 0:
        return arb(1)
    whole = arb(base) ** int(k.p)
    return whole if k.q == 1 else whole.root(int(k.q))


def _square_root(c):
    """The rational square root of a positive rational, or None."""
    p, q = math.isqrt(int(c.p)), math.isqrt(int(c.q))
    return fmpq(p, q) if p * p == c.p and q * q == c.q else None
