"""Hardsigmoid, a sigmoid of three straight pieces: a line of slope 1/6 clipped to [0, 1].

Howard et al. 2019, arXiv 1905.02244, for MobileNetV3, as in torch; Courbariaux, Bengio and David
2015, arXiv 1511.00363, have slope 1/2. The derivative at the kinks −3 and 3 is taken as 0.
"""

label = "Hardsigmoid"
formula = "min(max(x + 3, 0), 6) / 6"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 3, lambda x: (x + 3) / 6, lambda x: 0 * x + 1, at="right")

    return xp.piecewise(x, -3, lambda x: 0 * x, right, at="left")


def module():
    from torch import nn

    return nn.Hardsigmoid()
