"""PReLU, the parametric ReLU: a leaky ReLU that learns its slope for negative inputs.

He, Zhang, Ren and Sun 2015, arXiv 1502.01852: from 0.25, one slope a layer as torch has it, or one
a channel where a study says `learned: channel`. The derivative at the kink 0 is the left one, the
slope.
"""

label = "PReLU"
formula = "x if x > 0 else a·x, a learned from 0.25"


def definition(x, xp, *, slope=0.25):
    return xp.piecewise(x, 0, lambda x: slope * x, lambda x: x, at="left")


def module(channels=1):
    from torch import nn

    return nn.PReLU(channels)
