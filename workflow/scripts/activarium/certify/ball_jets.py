"""Real jets: an expression's Taylor coefficients over a ball, each a ball that holds them all.

For a ball B the k-th coefficient of `jet(expression, B, n)` holds f⁽ᵏ⁾(x) / k! for every x in B.
Arithmetic and the elementary functions are FLINT's power series over balls (arb_series), whose
rounding and remainders are FLINT's own proof; what FLINT lacks is put together here from
formulas that neither overflow nor cancel.
"""

from typing import TYPE_CHECKING

from flint import arb, arb_series, ctx, fmpq, fmpq_poly

from . import budget
from .unproven import Unproven

if TYPE_CHECKING:
    from .symbolic import Node


def interval(low: fmpq | arb, high: fmpq | arb) -> arb:
    """The ball that holds [low, high]; both ends are exact arbs or fmpqs."""
    low, high = arb(low), arb(high)
    return low.union(high)


def jet(expression: "Node", at: arb, order: int) -> list[arb]:
    """[c₀, …, c_order]: Taylor coefficients over the ball `at`, of an expression without branches.

    A coefficient that cannot be bounded is nan, as where a denominator's ball holds 0.
    """
    budget.spend((4 + order) * expression.size)
    ctx.cap = order + 1
    x = arb_series([arb(at), 1], prec=order + 1)
    try:
        found = series(expression, x, {})
    except (ValueError, ZeroDivisionError):  # a denominator, or what a logarithm is taken of
        return [arb.nan()] * (order + 1)
    if found.prec < order + 1:  # what is cut off is unknown, not 0
        return [arb.nan()] * (order + 1)
    got = found.coeffs()[: order + 1]
    return got + [arb(0)] * (order + 1 - len(got))


def value(expression: "Node", at: arb) -> arb:
    """f over the ball `at`."""
    return jet(expression, at, 0)[0]


def constant(expression: "Node") -> arb:
    """The ball of an expression that does not depend on x."""
    got = value(expression, arb(0))
    if not got.is_finite():
        raise Unproven("a constant in it is not finite")
    return got


def series(n: "Node", x: arb_series, done: dict) -> arb_series:
    """The power series of node `n` at the series `x`; `done` remembers what was computed."""
    found = done.get(n)
    if found is None:
        found = done[n] = _series(n, x, done)
    return found


def _series(n, x, done):
    if n.op == "polynomial":
        return _polynomial(n.value, x)
    if n.op == "pi":
        return arb_series([arb.pi()])
    args = [series(a, x, done) for a in n.args]
    return OPERATIONS[n.op](*args)


def _polynomial(p, x):
    """p over x = m + t with t small, expanded around the midpoint m, where it is exact.

    So that (x − 7.3)² written out does not lose on a ball what its terms cancel.
    """
    coefficients = p.coeffs()
    if len(coefficients) < 3:
        return sum(
            (c * power for c, power in zip(map(arb, coefficients), (1, x), strict=False)), x * 0
        )
    middle = _constant_term(x).mid()
    total, at_middle = arb_series([arb(0)]), p(fmpq_poly([middle.fmpq(), 1])).coeffs()
    for c in reversed(at_middle):
        total = total * (x - middle) + arb(c)
    return total


def _constant_term(s):
    """The constant coefficient of a series."""
    coefficients = s.coeffs()
    return coefficients[0] if coefficients else arb(0)


def _replace_constant_term(s, first):
    """`s` with its constant coefficient known better."""
    return arb_series([first, *s.coeffs()[1:]])


def _require_positive(s):
    """`s`, whose constant coefficient must be proven positive."""
    if not _constant_term(s) > 0:
        raise ValueError("not proven positive")
    return s


def _log(s):
    return _require_positive(s).log()


def _log1p(s):
    return _replace_constant_term(_log(s + 1), _constant_term(s).log1p())


def _sqrt(s):
    return _require_positive(s).sqrt()


def _expm1(s):
    return _replace_constant_term(s.exp(), _constant_term(s).expm1())


def _sigmoid(s):
    """1 / (1 + e⁻ˢ), or eˢ / (1 + eˢ) to the left, so that nothing overflows or cancels."""
    if _constant_term(s) < 0:
        e = s.exp()
        return e / (1 + e)
    return 1 / (1 + (-s).exp())


def _tanh(s):
    """(1 − e) / (1 + e) with e = e^(−2|s|), the first coefficient by FLINT's own tanh."""
    negative = _constant_term(s) < 0
    e = ((2 if negative else -2) * s).exp()
    t = (1 - e) / (1 + e)
    return _replace_constant_term(-t if negative else t, _constant_term(s).tanh())


def _div(a, b):
    """a / b where b is not 0, else a ValueError: FLINT takes 0 / b for 0 without a look at b."""
    if _constant_term(b).contains(0):
        raise ValueError("a division by what may be 0")
    return a / b


def _softplus(s):
    """s + log(1 + e⁻ˢ) or log(1 + eˢ): the exponential is at most 1 away from 0."""
    if _constant_term(s) > 0:
        return s + _log1p((-s).exp())
    return _log1p(s.exp())


def _asinh(s):
    """∫ s′ / √(1 + s²), the first coefficient by FLINT's own asinh."""
    slope = s.derivative() * _require_positive(s * s + 1).rsqrt()
    return _replace_constant_term(slope.integral(), _constant_term(s).asinh())


def _ndtr(s):
    return (s * -(arb(fmpq(1, 2)).sqrt())).erfc() * arb(fmpq(1, 2))


OPERATIONS = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "div": _div,
    "exp": lambda s: s.exp(),
    "expm1": _expm1,
    "log": _log,
    "log1p": _log1p,
    "sqrt": _sqrt,
    "sin": lambda s: s.sin(),
    "cos": lambda s: s.cos(),
    "atan": lambda s: s.atan(),
    "asinh": _asinh,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logsigmoid": lambda s: -_softplus(-s),
    "erf": lambda s: s.erf(),
    "ndtr": _ndtr,
}
