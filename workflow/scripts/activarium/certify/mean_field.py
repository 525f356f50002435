"""What the Gaussian moments say of wide random networks: gain, χ₁, variance map, edge of chaos.

For weights of variance σw² / width and biases of variance σb², a pre-activation of variance q
becomes one of variance V(q) = σw²·E f(√q·z)² + σb² in the next layer (Poole et al. 2016,
arXiv 1606.05340; Schoenholz et al. 2017, arXiv 1611.01232). χ₁ = σw²·E f′(√q·z)² tells whether
small differences grow from layer to layer (> 1) or fade (< 1).
"""

import math
from collections.abc import Callable

from flint import arb, fmpq

from .enclosure import to_decimals
from .fixed_points import ratio_direction
from .gaussian import normal_density
from .piecewise import PiecewiseFunction
from .unproven import Unproven


def gaussian_properties(
    moments: dict[str, fmpq | arb], flat: fmpq | arb, jumps: Callable[[], list]
) -> dict:
    """The key `gaussian`: moments over a standard normal.

    `flat` is P(f′ = 0), `jumps()` lists where f jumps and how high. `hermite` are the coefficients
    E f·Heₙ / √n!, n = 0 … 4. What is null has its reason under `refused`.
    """
    x = [moments[f"x{k}"] for k in range(5)]
    raw = [x[0], x[1], x[2] - x[0], x[3] - 3 * x[1], x[4] - 6 * x[2] + 3 * x[0]]
    hermite = [_divide_by_root(c, fmpq(math.factorial(n))) for n, c in enumerate(raw)]
    slopes, why = _slope_moments(moments, jumps)
    named = {"Ef": x[0], "Ef2": moments["f2"], **slopes, "P_fp_zero": flat}
    pairs = {key: None if value is None else to_decimals(value) for key, value in named.items()}
    return pairs | {"hermite": [to_decimals(c) for c in hermite], "refused": why}


def _slope_moments(moments, jumps):
    """({Efp, Efp2, Efp4}, why some are None).

    A jump is the limit of ever steeper slopes: it adds its height times the density to E f′, so
    that E f′ = E f·z holds, while E f′² and E f′⁴ grow without end.
    """
    slopes = {key: moments[key[1:]] for key in ("Efp", "Efp2", "Efp4")}
    try:
        found = jumps()
    except Unproven as why:
        return dict.fromkeys(slopes), str(why)
    if not found:
        return slopes, None
    total = sum((height * normal_density(r) for r, height in found), arb(slopes["Efp"]))
    return dict.fromkeys(slopes) | {"Efp": total}, "f jumps, so this mean is infinite"


def gain(moments: dict[str, fmpq | arb]) -> arb | fmpq:
    """1 / √E f²: the factor on weights that keeps a pre-activation's variance at 1."""
    return _divide_by_root(fmpq(1), _require_positive(moments["f2"], "E f²"))


def chi1(moments: dict[str, fmpq | arb], jumps: list) -> arb | fmpq:
    """E f′² / E f²: χ₁ at q = 1 for weights with that gain and no biases."""
    _require_continuous(jumps)
    return moments["fp2"] / _require_positive(moments["f2"], "E f²")


def variance_map(moments: dict[str, fmpq | arb], function: PiecewiseFunction) -> dict:
    """{slope, q1, fixed_points} of q ↦ E f(√q·z)² / E f², which has the fixed point q = 1.

    `slope` is its derivative there: d/dq E f(√q·z)² = E f²·(z² − 1) / 2 at q = 1, by parts and so
    also where f jumps. `fixed_points` is complete for all q > 0, or "every", or null with the
    reason under `refused`.
    """
    f2 = _require_positive(moments["f2"], "E f²")
    slope = (moments["f2_x2"] - f2) / (2 * f2)
    found = {"slope": to_decimals(slope), "q1": _classify_fixed_point(slope)}
    try:
        rises = ratio_direction(function)
    except Unproven as why:
        return found | {"fixed_points": None, "refused": str(why)}
    return found | {"fixed_points": [to_decimals(fmpq(1))] if rises else "every"}


def _classify_fixed_point(slope):
    if isinstance(slope, fmpq) and abs(slope) == 1:
        return "neutral"
    size = abs(arb(slope))
    if not (size < 1 or size > 1):
        raise Unproven("whether the slope of the variance map is below 1 is undecided")
    return "attracts" if size < 1 else "repels"


def edge_of_chaos(moments: dict[str, fmpq | arb], jumps: list) -> dict:
    """(σw, σb²) with q = 1 fixed and χ₁ = 1: σw² = 1 / E f′² and σb² = 1 − E f² / E f′².

    Where that σb² is negative there is none with q = 1, which is the proof.
    """
    _require_continuous(jumps)
    slope2 = _require_positive(moments["fp2"], "E f′²")
    bias = 1 - moments["f2"] / slope2
    found = {"q": to_decimals(fmpq(1)), "sigma_b2": to_decimals(bias)}
    if arb(bias) < 0:
        return found | {"exists": False}
    if not (arb(bias) >= 0):
        raise Unproven("the sign of σb² is undecided")
    return found | {"exists": True, "sigma_w": to_decimals(_divide_by_root(fmpq(1), slope2))}


def _require_continuous(jumps):
    if jumps:
        raise Unproven("f jumps, so correlations fall apart at once and χ₁ is infinite")


def _require_positive(value, name):
    if not arb(value) > 0:
        raise Unproven(f"{name} is not proven positive")
    return value


def _divide_by_root(value, square):
    """value / √square, exact where the root is rational."""
    if isinstance(square, fmpq) and isinstance(value, fmpq):
        p, q = math.isqrt(int(square.p)), math.isqrt(int(square.q))
        if p * p == square.p and q * q == square.q:
            return value * fmpq(q, p)
    return arb(value) / arb(square).sqrt()
