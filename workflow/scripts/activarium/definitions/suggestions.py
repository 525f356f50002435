"""Suggestions: how names and powers of other libraries are written in definitions."""

import re

from . import FUNCTIONS, MAX_POWER

EQUIVALENTS = {  # names of other libraries, as an expression of the study writes them
    "abs": "-x if x < 0 else x",
    "arcsinh": "asinh(x)",
    "arctan": "atan(x)",
    "clamp": "0 if x < 0 else x",
    "clamp_min": "0 if x < 0 else x",
    "clip": "-1 if x < -1 else x if x < 1 else 1",
    "cosh": "(exp(x) + exp(-x)) / 2",
    "e": "exp(1)",
    "elu": "expm1(x) if x < 0 else x",
    "erfc": "2 * ndtr(-sqrt(2) * x)",
    "expit": "sigmoid(x)",
    "fabs": "-x if x < 0 else x",
    "gelu": "x * ndtr(x)",
    "hardtanh": "-1 if x < -1 else x if x < 1 else 1",
    "heaviside": "0 * x if x < 0 else 1",
    "leaky_relu": "0.01 * x if x < 0 else x",
    "logistic": "sigmoid(x)",
    "max": "0 if x < 0 else x",
    "maximum": "0 if x < 0 else x",
    "min": "x if x < 0 else 0",
    "minimum": "x if x < 0 else 0",
    "mish": "x * tanh(softplus(x))",
    "pi": "pi",
    "norm_cdf": "ndtr(x)",
    "normcdf": "ndtr(x)",
    "Phi": "ndtr(x)",
    "pow": "x**2",
    "power": "x**2",
    "relu": "0 if x < 0 else x",
    "sigm": "sigmoid(x)",
    "sign": "0 * x - 1 if x < 0 else 1",
    "silu": "x * sigmoid(x)",
    "sinh": "(exp(x) - exp(-x)) / 2",
    "square": "x**2",
    "swish": "x * sigmoid(x)",
    "where": "… if x < 0 else …",
    "Φ": "ndtr(x)",
    "π": "pi",
    "σ": "sigmoid(x)",
}


def suggestion(name: str, xp: str | None = None) -> str | None:
    """How a function or constant of another library is written here, None where nobody knows.

    For an expression of the study, or for a file, whose vocabulary is then called `xp`.
    """
    written = f"{name}(x)" if name in FUNCTIONS else EQUIVALENTS.get(name)
    if written is None or xp is None:
        return written
    pieces = re.fullmatch(r"(.+?) if x < (\S+) else (.+)", written)
    if pieces:
        left, at, right = pieces.groups()
        if " if " in right:
            return f"{xp}.piecewise(x, {at}, …), one inside the other"
        return f"{xp}.piecewise(x, {at}, lambda x: {left}, lambda x: {right})"
    return re.sub(rf"\b({'|'.join((*FUNCTIONS, 'pi'))})\b", rf"{xp}.\1", written)


def power_error(k: object) -> str | None:
    """Why `k` is not allowed in x**k, None where it is a whole number from 1 to MAX_POWER.

    "{xp}" in it stands for the name that the vocabulary has in a file.
    """
    whole = range(1, MAX_POWER + 1)
    if type(k) is int and k in whole:
        return None
    if isinstance(k, int | float) and not isinstance(k, bool):
        if k == 0:
            return "has the power 0; write 1"
        if abs(k) == 0.5:
            front = "1 / " if k < 0 else ""
            return f"is a root; write {front}{{xp}}.sqrt(x)"
        if -k in whole:
            return f"has a negative power; write 1 / {'x' if k == -1 else f'x**{int(-k)}'}"
        if k in whole:
            return f"has a power with a decimal point; write x**{int(k)}"
    others = "{xp}.sqrt and {xp}.exp are there for others"
    return f"is not a whole power from 1 to {MAX_POWER}; {others}"
