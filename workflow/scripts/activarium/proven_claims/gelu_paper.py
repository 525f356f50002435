"""The mathematical claims about GELU reported of arXiv 2305.12073, each settled by the profile.

The paper's text was not available: the claims are as a summary reports them. An answer is "holds",
"does not hold" or "holds when …", with the enclosure that settles it and one sentence of why.
"""

from collections.abc import Callable
from decimal import Decimal

from flint import ctx

from ..certify import BITS, symbolic
from ..certify.enclosure import to_decimals
from ..certify.piecewise import PiecewiseFunction

SLOPE = Decimal("1.084")  # the reported bound of |GELU′|


def check_reported_claims(profile: dict, definition: Callable) -> list[dict]:
    """[{claim, answer, enclosure, why}] for GELU's `profile` and its definition(x, xp)."""
    return [
        _slope(profile),
        _below_identity(definition),
        _minimum(profile),
        _bounded(profile),
        _normalised(profile),
        _smooth(profile),
    ]


def _answer(claim, answer, enclosure, why):
    return {"claim": claim, "answer": answer, "enclosure": enclosure, "why": why}


def _slope(profile):
    low, high = profile["lipschitz"]
    holds = Decimal(high) <= SLOPE
    if not holds and Decimal(low) <= SLOPE:
        raise ValueError(f"the enclosure [{low}, {high}] does not settle {SLOPE}")
    where = ", ".join(_decimal(p[0], 4) for p in profile["range_fprime"]["sup"]["at"])
    why = f"sup |GELU′| is {_decimal(low, 4)}, taken at x = {where}."
    return _answer(
        f"|GELU′(x)| ≤ {SLOPE} for all x", "holds" if holds else "does not hold", [low, high], why
    )


def _below_identity(definition):
    """x − GELU(x) has a zero at 0 alone and is negative left of it, positive right of it."""
    before = ctx.prec
    ctx.prec = BITS
    try:
        function = PiecewiseFunction(symbolic.trace(lambda x, xp: x - definition(x, xp)))
        zeros, flat = function.zeros(0)
        signs = [sign for _, _, sign in function.signs(0)]
        enclosure = to_decimals(zeros[0][0].best) if len(zeros) == 1 else None
    finally:
        ctx.prec = before
    if flat or signs != [-1, 1] or enclosure != ["0", "0"]:
        raise ValueError("x − GELU(x) is not what was expected: the definition has changed")
    why = "x − GELU(x) = x·Φ(−x) is 0 at x = 0 only, negative left of it and positive right of it."
    return _answer("GELU(x) ≤ x", "holds when x ≥ 0, and only then", enclosure, why)


def _minimum(profile):
    points = [p for p in profile["stationary_points"] if p["kind"] == "minimum"]
    (point,) = points
    value = profile["range_f"]["inf"]["value"]
    close = abs(Decimal(point["x"][0]) + Decimal("0.75")) < Decimal("0.005")
    deep = abs(Decimal(value[0]) + Decimal("0.17")) < Decimal("0.0005")
    why = (
        f"The only stationary point is the minimum at x = {_decimal(point['x'][0], 6)}, "
        f"where GELU is {_decimal(value[0], 6)}."
    )
    claim = "the minimum is about −0.17, near x = −0.75"
    return _answer(claim, "holds" if close and deep else "does not hold", value, why)


def _bounded(profile):
    bounded, inf = profile["bounded"], profile["range_f"]["inf"]["value"]
    answer = {
        (True, True): "holds",
        (True, False): "holds when only a lower bound is meant",
        (False, True): "holds when only an upper bound is meant",
        (False, False): "does not hold",
    }[bounded["below"], bounded["above"]]
    why = f"GELU ≥ {_decimal(inf[0], 4)} everywhere, and it tends to ∞ with x."
    return _answer("GELU is bounded", answer, [inf[0], profile["range_f"]["sup"]["value"][1]], why)


def _normalised(profile):
    inf = profile["range_f"]["inf"]["value"]
    why = (
        "Values normalised over n of them (mean 0, variance 1) have |x| ≤ √(n − 1), so "
        f"{_decimal(inf[0], 4)} ≤ GELU(x) ≤ √(n − 1); a learned scale and shift move that bound, "
        "and no bound is free of n."
    )
    answer = "holds when n, the scale and the shift of the normalisation are bounded"
    return _answer("normalised features stay bounded under GELU", answer, inf, why)


def _smooth(profile):
    holds = profile["class"] == "analytic"
    bend = profile["smoothness"]
    why = (
        "GELU is x times an entire function, so all derivatives exist and are continuous; "
        f"sup |GELU″| is {_decimal(bend[0], 6)}, that is √(2/π), at x = 0."
    )
    return _answer(
        "GELU is infinitely differentiable", "holds" if holds else "does not hold", bend, why
    )


def _decimal(value, places):
    """A number with so many places, and a minus sign as it is printed."""
    return f"{float(value):.{places}f}".replace("-", "−")
