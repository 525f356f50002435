"""ELU, the exponential linear unit: x where it is positive, else a saturating exponential.

Clevert, Unterthiner and Hochreiter 2015, arXiv 1511.07289, with α = 1 as in torch, where it
equals CELU; the derivative is continuous, 1 at 0, and the second derivative jumps there.
"""

label = "ELU"
formula = "x if x > 0 else eˣ − 1"


def definition(x, xp):
    return xp.piecewise(x, 0, xp.expm1, lambda x: x, at="left")


def module():
    from torch import nn

    return nn.ELU()
