"""CELU, the continuously differentiable exponential linear unit: an ELU smooth for every α.

Barron 2017, arXiv 1704.07483, with α = 1 as in torch, where it equals ELU; the derivative is
continuous, 1 at 0, and the second derivative jumps there.
"""

label = "CELU"
formula = "max(0, x) + min(0, eˣ − 1)"


def definition(x, xp):
    return xp.piecewise(x, 0, xp.expm1, lambda x: x, at="left")


def module():
    from torch import nn

    return nn.CELU()
