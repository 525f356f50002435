"""Hardshrink, hard thresholding: x where it is larger than one half in size, else 0.

Donoho and Johnstone 1994, Biometrika 81; threshold 0.5 as in torch. It jumps at −0.5 and 0.5,
where value and derivative are taken as 0.
"""

label = "Hardshrink"
formula = "x if |x| > 0.5 else 0"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 0.5, lambda x: 0 * x, lambda x: x, at="left")

    return xp.piecewise(x, -0.5, lambda x: x, right, at="right")


def module():
    from torch import nn

    return nn.Hardshrink()
