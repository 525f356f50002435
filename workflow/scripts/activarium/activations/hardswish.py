"""Hardswish, SiLU with its sigmoid made of straight pieces: x times Hardsigmoid.

Howard et al. 2019, arXiv 1905.02244, for MobileNetV3. The derivative at the kinks is the outer
piece's: 0 at −3 and 1 at 3.
"""

label = "Hardswish"
formula = "x·min(max(x + 3, 0), 6) / 6"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 3, lambda x: x * (x + 3) / 6, lambda x: x, at="right")

    return xp.piecewise(x, -3, lambda x: 0 * x, right, at="left")


def module():
    from torch import nn

    return nn.Hardswish()
