"""Softsign, an S from −1 to 1 that reaches its ends as slowly as 1/x.

Elliott 1993, technical report, University of Maryland; Glorot and Bengio 2010, AISTATS. The
derivative is continuous, 1 at 0, and the second derivative jumps there.
"""

label = "Softsign"
formula = "x / (1 + |x|)"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: x / (1 - x), lambda x: x / (1 + x))


def module():
    from torch import nn

    return nn.Softsign()
