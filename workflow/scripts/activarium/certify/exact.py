"""Exact rationals: Taylor coefficients at a rational point, each exact where it is rational.

The recurrences of `jets` run over the rationals and one more element, `UNKNOWN`, that stands for
every value that is not known to be rational and spreads through all it touches. So
log(1 + eˣ) at 0 has no known value, but its derivatives there are 1/2, 1/4, 0 exactly.
"""

import math

from flint import arb, fmpq

from . import real, work
from .jets import jet as _jet

LONGEST = 32768  # bits of an exact value


class _Unknown:
    """Whatever is computed with it is unknown too."""

    def _spread(self, *_):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = _spread


UNKNOWN = _Unknown()


class Rationals:
    """The ring of rationals; a function has a value here only where it is known to be rational."""

    def number(self, value):
        """The rational itself."""
        return value

    def constant(self, n):
        """The value of an expression without x."""
        return n.value[0] if n.op == "polynomial" else UNKNOWN

    def manageable(self, g):
        """A rational, or UNKNOWN for one of so many digits that powers of it would never end."""
        return UNKNOWN if isinstance(g, fmpq) and g.height_bits() > LONGEST else g

    def inverse(self, g):
        """1 / g."""
        return UNKNOWN if g is UNKNOWN or g == 0 else 1 / g

    def sqrt(self, g):
        """√g of a positive square."""
        if g is UNKNOWN or g <= 0:
            return UNKNOWN
        p, q = math.isqrt(int(g.p)), math.isqrt(int(g.q))
        return fmpq(p, q) if p * p == g.p and q * q == g.q else UNKNOWN


def _only_at(point, result):
    def value(self, g):
        return result if g is not UNKNOWN and g == point else UNKNOWN

    return value


_HALF = fmpq(1, 2)
for _name, _point, _result in (
    *((n, 0, fmpq(0)) for n in ("expm1", "log1p", "sin", "atan", "asinh", "tanh", "erf")),
    *(("exp", 0, fmpq(1)), ("cos", 0, fmpq(1)), ("log", 1, fmpq(0))),
    *(("sigmoid", 0, _HALF), ("ndtr", 0, _HALF), ("softplus", None, UNKNOWN)),
):
    setattr(Rationals, _name, _only_at(_point, _result))


def jet(expression, point, order):
    """[c₀, …, c_order] at a rational point: fmpq where a coefficient is known exactly, else arb."""
    work.spend(2 * (4 + order) * expression.size)
    found = _jet(expression, point, fmpq(1), order, Rationals())
    if UNKNOWN not in found:
        return found
    balls = real.jet(expression, arb(point), order)
    known = [b.fmpq() if b.is_exact() else b for b in balls]
    return [k if c is UNKNOWN else c for c, k in zip(found, known, strict=True)]
