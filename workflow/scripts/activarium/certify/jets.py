"""Taylor coefficients by recurrences, over any ring that has no power series of its own.

A ring gives its elements +, −, ·, and the functions `inverse` and those of definitions.FUNCTIONS
on single elements; from these values the recurrences of the functions' differential equations
(h = tanh g has h′ = (1 − h²)·g′, and so on) give all higher coefficients.
"""

from typing import Any

from flint import fmpq

from . import symbolic as e


def jet(expression: e.Node, x: Any, one: Any, order: int, ring: Any) -> list:
    """[c₀, …, c_order] of a branch-free expression at the ring's element `x`, with x′ = `one`."""
    zero = ring.number(fmpq(0))
    start = [x, one] + [zero] * (order - 1)
    return _Jets(ring, start[: order + 1], order).of(expression)


class _Jets:
    """The jets of one evaluation, remembered by node."""

    def __init__(self, ring, x, order):
        self.ring, self.x, self.order, self.done = ring, x, order, {}

    def of(self, n):
        if n not in self.done:
            self.done[n] = list(map(self.ring.shorten, self._compute_node(n)))
        return self.done[n]

    def _compute_node(self, n):
        if n.op == "polynomial":
            return self._polynomial(n.value)
        if n.constant:
            return self._constant(self.ring.constant(n))
        args = [self.of(a) for a in n.args]
        return getattr(self, f"_{n.op}")(*args)

    def _constant(self, value):
        return [value] + [self.ring.number(fmpq(0))] * self.order

    def _number(self, value):
        return self._constant(self.ring.number(value))

    def _polynomial(self, p):
        total = self._number(fmpq(0))
        for c in reversed(p.coeffs()):
            total = self._add(self._mul(total, self.x), self._number(c))
        return total

    def _add(self, a, b):
        return [s + t for s, t in zip(a, b, strict=True)]

    def _scale(self, a, number):
        return [s * self.ring.number(number) for s in a]

    def _mul(self, a, b):
        return [self._sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(self.order + 1)]

    def _sum(self, terms):
        total = self.ring.number(fmpq(0))
        for term in terms:
            total = total + term
        return total

    def _square(self, h, k):
        """The k-th coefficient of h²."""
        return self._sum(h[j] * h[k - j] for j in range(k + 1))

    def _div(self, a, b):
        inverse, q = self.ring.inverse(b[0]), []
        for k in range(self.order + 1):
            rest = self._sum(b[j] * q[k - j] for j in range(1, k + 1))
            q.append((a[k] - rest) * inverse)
        return q

    def _integral(self, first, slope, a):
        """h with h(0) = `first` and h′ = slope·a′, where slope(h so far, k) is its k-th term."""
        h, s = [first], []
        for k in range(1, self.order + 1):
            s.append(slope(h, k - 1))
            total = self._sum(self.ring.number(fmpq(j)) * a[j] * s[k - j] for j in range(1, k + 1))
            h.append(total * self.ring.number(fmpq(1, k)))
        return h

    def _exp(self, a):
        return self._integral(self.ring.exp(a[0]), lambda h, k: h[k], a)

    def _expm1(self, a):
        return [self.ring.expm1(a[0]), *self._exp(a)[1:]]

    def _tanh(self, a):
        def slope(h, k):
            return self.ring.number(fmpq(int(k == 0))) - self._square(h, k)

        return self._integral(self.ring.tanh(a[0]), slope, a)

    def _sigmoid(self, a):
        return self._integral(self.ring.sigmoid(a[0]), lambda h, k: h[k] - self._square(h, k), a)

    def _softplus(self, a):
        slope = self._sigmoid(a)
        return self._integral(self.ring.softplus(a[0]), lambda h, k: slope[k], a)

    def _logsigmoid(self, a):
        return self._scale(self._softplus(self._scale(a, fmpq(-1))), fmpq(-1))

    def _log(self, a):
        slope = self._div(self._number(fmpq(1)), a)
        return self._integral(self.ring.log(a[0]), lambda h, k: slope[k], a)

    def _log1p(self, a):
        slope = self._div(self._number(fmpq(1)), self._add(self._number(fmpq(1)), a))
        return self._integral(self.ring.log1p(a[0]), lambda h, k: slope[k], a)

    def _sqrt(self, a):
        first = self.ring.sqrt(a[0])
        half, h = self.ring.inverse(first + first), [first]
        for k in range(1, self.order + 1):
            h.append((a[k] - self._sum(h[j] * h[k - j] for j in range(1, k))) * half)
        return h

    def _sine_and_cosine(self, a):
        """(sin, cos), which define each other."""
        s, c = [self.ring.sin(a[0])], [self.ring.cos(a[0])]
        for k in range(1, self.order + 1):
            steps = [(self.ring.number(fmpq(j, k)) * a[j], k - j) for j in range(1, k + 1)]
            s_k = self._sum(step * c[i] for step, i in steps)
            c.append(self.ring.number(fmpq(-1)) * self._sum(step * s[i] for step, i in steps))
            s.append(s_k)
        return s, c

    def _sin(self, a):
        return self._sine_and_cosine(a)[0]

    def _cos(self, a):
        return self._sine_and_cosine(a)[1]

    def _atan(self, a):
        slope = self._div(self._number(fmpq(1)), self._add(self._number(fmpq(1)), self._mul(a, a)))
        return self._integral(self.ring.atan(a[0]), lambda h, k: slope[k], a)

    def _asinh(self, a):
        root = self._sqrt(self._add(self._number(fmpq(1)), self._mul(a, a)))
        slope = self._div(self._number(fmpq(1)), root)
        return self._integral(self.ring.asinh(a[0]), lambda h, k: slope[k], a)

    def _times_bell(self, a, factor, width):
        """factor · exp(−a² / width), the slope of erf and ndtr."""
        bell = self._exp(self._scale(self._mul(a, a), fmpq(-1, width)))
        return self._mul(self._constant(self.ring.constant(factor)), bell)

    def _erf(self, a):
        slope = self._times_bell(a, 2 / e.sqrt(e.PI), 1)
        return self._integral(self.ring.erf(a[0]), lambda h, k: slope[k], a)

    def _ndtr(self, a):
        slope = self._times_bell(a, 1 / e.sqrt(2 * e.PI), 2)
        return self._integral(self.ring.ndtr(a[0]), lambda h, k: slope[k], a)
