"""Softshrink, soft thresholding: x moved towards 0 by one half, and 0 within one half of it.

Donoho and Johnstone 1994, Biometrika 81; threshold 0.5 as in torch. The derivative at the kinks
−0.5 and 0.5 is taken as 0.
"""

label = "Softshrink"
formula = "x − 0.5 if x > 0.5, x + 0.5 if x < −0.5, else 0"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 0.5, lambda x: 0 * x, lambda x: x - 0.5, at="left")

    return xp.piecewise(x, -0.5, lambda x: x + 0.5, right, at="right")


def module():
    from torch import nn

    return nn.Softshrink()
