"""Exact rationals: Taylor coefficients at a rational point, each exact where it is rational.

The recurrences of `jets` run over the rationals and one more element, `UNKNOWN`, that stands for
every value that is not known to be rational and spreads through all it touches. So
log(1 + eˣ) at 0 has no known value, but its derivatives there are 1/2, 1/4, 0 exactly.
"""

import math
from typing import TYPE_CHECKING

from flint import arb, fmpq

from . import ball_jets, budget
from .jets import jet as _jet

if TYPE_CHECKING:
    from .symbolic import Node

MAX_BITS = 32768  # bits of an exact value


class _Unknown:
    """A value that is not known to be rational; what is computed with it is unknown too.

    Nothing times it is nothing where it is `sound`, that is where it surely exists.
    """

    def __init__(self, sound):
        self.sound = sound

    def _combine(self, other):
        return self if not self.sound or isinstance(other, fmpq) or other.sound else other

    def __mul__(self, other):
        if self.sound and isinstance(other, fmpq) and other == 0:
            return other
        return self._combine(other)

    def __neg__(self):
        return self

    __rmul__ = __mul__
    __add__ = __radd__ = __sub__ = __rsub__ = _combine


UNKNOWN, UNSOUND = _Unknown(sound=True), _Unknown(sound=False)
PARTIAL = ("log", "log1p")  # these do not exist everywhere


def _is_known(g):
    return isinstance(g, fmpq)


class Rationals:
    """The ring of rationals; a function has a value here only where it is known to be rational."""

    def number(self, value):
        """The rational itself."""
        return value

    def constant(self, n):
        """The value of an expression without x."""
        return n.value[0] if n.op == "polynomial" else UNKNOWN  # it exists: see expression._make

    def shorten(self, g):
        """A rational, or UNKNOWN for one of so many digits that powers of it would never end."""
        return UNKNOWN if isinstance(g, fmpq) and g.height_bits() > MAX_BITS else g

    def inverse(self, g):
        """1 / g."""
        return 1 / g if _is_known(g) and g != 0 else UNSOUND

    def sqrt(self, g):
        """√g of a positive square."""
        if not _is_known(g) or g <= 0:
            return UNSOUND
        p, q = math.isqrt(int(g.p)), math.isqrt(int(g.q))
        return fmpq(p, q) if p * p == g.p and q * q == g.q else UNKNOWN


def _value_at_point(point, result, name):
    def value(self, g):
        if _is_known(g) and g == point:
            return result
        return UNSOUND if name in PARTIAL or g is UNSOUND else UNKNOWN

    return value


_HALF = fmpq(1, 2)
for _name, _point, _result in (
    *((n, 0, fmpq(0)) for n in ("expm1", "log1p", "sin", "atan", "asinh", "tanh", "erf")),
    *(("exp", 0, fmpq(1)), ("cos", 0, fmpq(1)), ("log", 1, fmpq(0))),
    *(("sigmoid", 0, _HALF), ("ndtr", 0, _HALF), ("softplus", None, UNKNOWN)),
):
    setattr(Rationals, _name, _value_at_point(_point, _result, _name))


def jet(expression: "Node", point: fmpq, order: int) -> list[fmpq | arb]:
    """[c₀, …, c_order] at a rational point: fmpq where a coefficient is known exactly, else arb."""
    budget.spend(2 * (4 + order) * expression.size)
    found = _jet(expression, point, fmpq(1), order, Rationals())
    if all(map(_is_known, found)):
        return found
    balls = ball_jets.jet(expression, arb(point), order)
    known = [b.fmpq() if b.is_exact() else b for b in balls]
    return [c if _is_known(c) else k for c, k in zip(found, known, strict=True)]
