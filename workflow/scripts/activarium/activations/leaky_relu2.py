"""Squared leaky ReLU: x² where x is positive, else a quarter of it.

Used 2026 in the parameter-golf contest, https://github.com/KellerJordan/modded-nanogpt/pull/249,
with the slope 0.5 before squaring; no paper is known to us. The derivative is continuous, 0 at 0,
and the second derivative jumps there.
"""

label = "LeakyReLU²"
formula = "(x if x > 0 else 0.5·x)²"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: x * x / 4, lambda x: x * x)
