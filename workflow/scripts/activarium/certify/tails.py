"""Tails: what a function does on all of x ≥ T at once, in the ring of `elements` with u = |x|.

Every function of the vocabulary on an element is again one: where its argument is large, by a
formula with a small exponential and a proven share of it, and else by h(c + δ) = h(c) + δ·h′(ξ)
around the argument's exact constant c. Derivatives come from the recurrences of `jets`, never
from the balls. The domain is [T, ∞), or [a, b] with a > 0 where a compact piece needs its
exponentials in front.
"""

import math

from flint import arb, fmpq

from . import ball_jets
from . import symbolic as e
from .jets import jet as _jet
from .transseries import (
    INFINITY,
    LOG,
    ONE,
    Domain,
    Transseries,
    finite_interval,
    is_exact,
    monomial_power,
)
from .unproven import Unproven

NARROW = 0.5  # an exponent that varies less is no atom but a factor 1 + δ·ball
LARGE = 2  # from here on a function's argument counts as large


class Ring(Domain):
    """The elements over a domain with every function of the vocabulary."""

    def inverse(self, g: Transseries) -> Transseries:
        """1 / g, by 1 / (1 + ρ) = 1 − ρ·(1 / (1 + ρ))."""
        lead, ball = self.factor_out(g)
        if ball.contains(0):
            raise Unproven("a division that may be by zero far out")
        back, c = Transseries(self, {monomial_power(lead, -1): fmpq(1)}), g.terms[lead]
        if not is_exact(c):
            return back * self.any_in(1 / ball)
        rest = self._relative_rest(g, lead)
        bound = 1 / (1 + finite_interval(*self.range(rest)))
        return (
            back * self.number(1 / c) * (self.number(fmpq(1)) - rest * self._any_in_finite(bound))
        )

    def sqrt(self, g: Transseries) -> Transseries:
        """√g, by √(1 + ρ) = 1 + ρ / (1 + √(1 + ρ))."""
        lead, ball = self.factor_out(g)
        if not ball > 0:
            raise Unproven("a square root of what is not proven positive far out")
        root, c = Transseries(self, {monomial_power(lead, fmpq(1, 2)): fmpq(1)}), g.terms[lead]
        if not (is_exact(c) and c > 0):
            return root * self.any_in(ball.sqrt())
        rest = self._relative_rest(g, lead)
        bound = 1 / (1 + (1 + finite_interval(*self.range(rest))).sqrt())
        exact = _rational_square_root(c)
        front = self.number(exact) if exact else self.constant(e.sqrt(c))
        return root * front * (self.number(fmpq(1)) + rest * self._any_in_finite(bound))

    def _relative_rest(self, g, lead):
        """ρ with g = c·lead·(1 + ρ), c the exact coefficient of `lead`."""
        scale = Transseries(self, {monomial_power(lead, -1): 1 / g.terms[lead]})
        return Transseries(self, {m: c for m, c in g.terms.items() if m != lead}) * scale

    def _any_in_finite(self, ball):
        if not ball.is_finite():
            raise Unproven("something in it is unbounded far out")
        return self.any_in(ball)

    def log_u(self) -> Transseries:
        """log u, for a domain where it is positive."""
        if not self.low > 1:
            raise Unproven("log u changes its sign in the tail")
        return Transseries(self, {(fmpq(0), ((self._atom(LOG, LOG), fmpq(1)),)): fmpq(1)})

    def _power_of_u_in(self, g):
        """c where g has the exact term c·log u, whose exponential is uᶜ."""
        if LOG not in self.known:
            return fmpq(0)
        c = g.terms.get((fmpq(0), ((self.known[LOG], fmpq(1)),)), fmpq(0))
        return c if is_exact(c) else fmpq(0)

    def exp(self, g: Transseries) -> Transseries:
        """e^g: wide terms become one atom, the rest a factor 1 + δ·e^ξ with ξ between 0 and δ."""
        power = self._power_of_u_in(g)
        if power != 0:
            rest = self.exp(g - self.log_u() * self.number(power))
            return Transseries(self, {(power, ()): fmpq(1)}) * rest
        fixed, rest = self._split_constant(g)
        wide: dict = {}
        narrow_terms: dict = {}
        for m, c in rest.terms.items():
            low, high = self.range(Transseries(self, {m: c}))
            small = low.is_finite() and high.is_finite() and high - low < NARROW
            (narrow_terms if small else wide)[m] = c
        narrow = Transseries(self, narrow_terms)
        near = finite_interval(*self.range(narrow)).union(arb(0)).exp()
        factor = self.number(fmpq(1)) + narrow * self.any_in(near)
        return self._exp_of_constant(fixed) * self._exp_of_wide(wide) * factor

    def _exp_of_constant(self, fixed):
        if not fixed.terms:
            return self.number(fmpq(1))
        return self.named_constant(("exp", _freeze(fixed)), self._ball_of_constant(fixed).exp())

    def _exp_of_wide(self, terms):
        """The atom e^G; exact ones that are multiples of each other are powers of one atom."""
        if not terms:
            return self.number(fmpq(1))
        element, k = Transseries(self, terms), fmpq(1)
        if all(map(is_exact, terms.values())):
            k = terms[max(terms)]
            element = element * self.number(1 / k)
            name = ("exp", _freeze(element))
        else:
            name = ("exp", len(self.atoms))
        return Transseries(self, {(fmpq(0), ((self._atom(name, element), k),)): fmpq(1)})

    def _split_constant(self, g):
        """(the exact constant in g, the rest)."""
        fixed = {m: c for m, c in g.terms.items() if is_exact(c) and self.is_constant(m)}
        rest = {m: c for m, c in g.terms.items() if m not in fixed}
        return Transseries(self, fixed), Transseries(self, rest)

    def _ball_of_constant(self, fixed):
        """The ball of an exact constant."""
        total = arb(0)
        for m, c in fixed.terms.items():
            low, high = self.range_of_monomial(m)
            total = total + arb(c) * ball_jets.interval(low, high)
        return total

    def _expand_around_constant(self, name, g):
        """h(c + δ) = h(c) + δ·h′(ξ) for a bounded argument, c being its exact constant."""
        fixed, rest = self._split_constant(g)
        function = getattr(e.Tracer, name)(e.X)
        c = self._ball_of_constant(fixed)
        if not fixed.terms and not ball_jets.value(function, c).is_finite():
            return self._any_in_finite(ball_jets.value(function, finite_interval(*self.range(g))))
        at_c = self._value_at_constant(name, fixed, function, c)
        if not rest.terms:
            return at_c
        around = c + finite_interval(*self.range(rest)).union(arb(0))
        return at_c + rest * self._any_in_finite(ball_jets.jet(function, around, 1)[1])

    def _value_at_constant(self, name, fixed, function, c):
        value = ball_jets.value(function, c)
        if not value.is_finite():
            raise Unproven(f"{name} is not finite at the limit of its argument")
        if value.is_exact():
            return self.number(value.fmpq())
        return self.named_constant((name, _freeze(fixed)), value)

    def _sign_if_large(self, g):
        """1 or −1 where g is large on the whole domain with that sign, 0 where it stays bounded."""
        low, high = self.range(g)
        if low.is_finite() and high.is_finite() and high - low < 1:
            return 0
        return 1 if low > LARGE else -1 if high < -LARGE else 0

    def _one_over_one_plus(self, small):
        """1 / (1 + t) for an element t ≥ 0, as a ball."""
        low, high = self.range(small)
        return self.any_in(1 / (1 + finite_interval(low, high)))

    def expm1(self, g: Transseries) -> Transseries:
        """e^g − 1."""
        return (
            self.exp(g) - self.number(fmpq(1))
            if self._sign_if_large(g)
            else self._expand_around_constant("expm1", g)
        )

    def sigmoid(self, g: Transseries) -> Transseries:
        """1 − E / (1 + E) with E = e^(−g) to the right, E / (1 + E) with E = e^g to the left."""
        side = self._sign_if_large(g)
        if not side:
            return self._expand_around_constant("sigmoid", g)
        small = self.exp(-g if side > 0 else g)
        part = small * self._one_over_one_plus(small)
        return self.number(fmpq(1)) - part if side > 0 else part

    def tanh(self, g: Transseries) -> Transseries:
        """±(1 − 2E / (1 + E)) with E = e^(−2|g|)."""
        side = self._sign_if_large(g)
        if not side:
            return self._expand_around_constant("tanh", g)
        small = self.exp(g * self.number(fmpq(-2 * side)))
        value = self.number(fmpq(1)) - small * self._one_over_one_plus(small) * self.number(fmpq(2))
        return value if side > 0 else -value

    def softplus(self, g: Transseries) -> Transseries:
        """g + log(1 + e^(−g)) or log(1 + e^g), with log(1 + t) / t between 1 / (1 + t) and 1."""
        side = self._sign_if_large(g)
        if not side:
            return self._expand_around_constant("softplus", g)
        small = self.exp(-g if side > 0 else g)
        low, high = self.range(small)
        part = small * self.any_between((1 / (1 + high)).lower(), arb(1))
        return g + part if side > 0 else part

    def erf(self, g: Transseries) -> Transseries:
        """±(1 − erfc|g|), with √π·z·e^(z²)·erfc z between 1 − 1 / (2z²) and 1."""
        return self._normal_integral("erf", g, e.sqrt(1 / e.PI), 1)

    def ndtr(self, g: Transseries) -> Transseries:
        """1 − Q(g) or Q(−g), with Q(z) = φ(z) / z times what is between 1 − 1 / z² and 1."""
        return self._normal_integral("ndtr", g, 1 / e.sqrt(2 * e.PI), 2)

    def _normal_integral(self, name, g, factor, width):
        side = self._sign_if_large(g)
        if not side:
            return self._expand_around_constant(name, g)
        z = g if side > 0 else -g
        least = self.range(z)[0]
        mills = self.any_between((1 - arb(fmpq(width, 2)) / (least * least)).lower(), arb(1))
        bell = self.exp(z * z * self.number(fmpq(-1, width)))
        small = bell * self.inverse(z) * mills * self.constant(factor)
        if name == "ndtr" and side < 0:
            return small
        value = self.number(fmpq(1)) - small
        return value if side > 0 else -value

    def atan(self, g: Transseries) -> Transseries:
        """±(π/2 − atan(1 / |g|))."""
        side = self._sign_if_large(g)
        if not side:
            return self._expand_around_constant("atan", g)
        quarter = self.constant(e.PI) * self.number(fmpq(side, 2))
        return quarter - self._expand_around_constant("atan", self.inverse(g))

    def sin(self, g: Transseries) -> Transseries:
        """Between −1 and 1, and more exactly where the argument stays bounded."""
        return self._sine_or_cosine("sin", g)

    def cos(self, g: Transseries) -> Transseries:
        """Between −1 and 1, and more exactly where the argument stays bounded."""
        return self._sine_or_cosine("cos", g)

    def _sine_or_cosine(self, name, g):
        low, high = self.range(g)
        bounded = low.is_finite() and high.is_finite()
        self.oscillates = self.oscillates or not bounded
        return (
            self._expand_around_constant(name, g) if bounded else self.any_between(arb(-1), arb(1))
        )

    def log(self, g: Transseries) -> Transseries:
        """log of a bounded argument, or of one that grows or decays like an exponential."""
        low, high = self.range(g)
        if low > 0 and high.is_finite() and high < 4 * low:
            return self._expand_around_constant("log", g)
        lead, ball = self.factor_out(g)
        if not ball > 0:
            raise Unproven("a logarithm of what is not proven positive far out")
        total = self.number(fmpq(0))
        if lead[0] != 0:
            total = self.log_u() * self.number(lead[0])
        for atom, k in lead[1]:
            value = self.atoms[atom]
            if value is LOG:
                raise Unproven("a logarithm of a logarithm is not supported")
            part = (
                self.named_constant(("log", atom), value.log()) if isinstance(value, arb) else value
            )
            total = total + part * self.number(k)
        shape = g * Transseries(self, {monomial_power(lead, -1): fmpq(1)})
        return total + self._expand_around_constant("log", shape)

    def log1p(self, g: Transseries) -> Transseries:
        """log(1 + g)."""
        low, high = self.range(g)
        if high.is_finite() and high < 4:
            return self._expand_around_constant("log1p", g)
        return self.log(g + self.number(fmpq(1)))

    def asinh(self, g: Transseries) -> Transseries:
        """±log(|g| + √(g² + 1)), or of a bounded argument."""
        side = self._sign_if_large(g)
        if not side:
            return self._expand_around_constant("asinh", g)
        z = g if side > 0 else -g
        value = self.log(z + self.sqrt(z * z + self.number(fmpq(1))))
        return value if side > 0 else -value

    # What an element tends to

    def vanishes_far_out(self, m: tuple) -> bool:
        """Whether a monomial tends to 0 as u → ∞; False is proven too: it is constant or grows."""
        _, exponent, logs = self._split_monomial(m)
        if not exponent.terms:
            return m[0] < 0 or (m[0] == 0 and logs < 0)
        low, high = self._range_of_rate(exponent)
        if high < 0 or low > 0:
            return bool(high < 0)
        raise Unproven("whether a term of it fades far out is undecided")

    def limit(self, element: Transseries) -> arb:
        """The limit for u → ∞: a ball (exact where the limit is rational) or ±∞."""
        stay = {m: c for m, c in element.terms.items() if not self.vanishes_far_out(m)}
        if all(is_exact(c) and self.is_constant(m) for m, c in stay.items()):
            exact = len(stay) == 1 and ONE in stay
            return arb(stay[ONE]) if exact else self._ball_of_constant(Transseries(self, stay))
        lead, ball = self.factor_out(element)
        if (
            lead in stay
            and self.vanishes_far_out(monomial_power(lead, -1))
            and not ball.contains(0)
        ):
            return INFINITY if ball > 0 else -INFINITY
        raise Unproven("it has no limit that could be proven")


def jet(expression: e.Node, ring: Ring, order: int, side: int = 1) -> list[Transseries]:
    """[c₀, …, c_order] for x = side·u over the ring's domain, as `ball_jets.jet` over a ball."""
    x = ring.u if side > 0 else -ring.u
    return _jet(expression, x, ring.number(fmpq(1)), order, ring)


def _freeze(element):
    return frozenset(element.terms.items())


def _rational_square_root(c):
    """The rational square root of a positive rational, or None."""
    p, q = math.isqrt(int(c.p)), math.isqrt(int(c.q))
    return fmpq(p, q) if p * p == c.p and q * q == c.q else None
