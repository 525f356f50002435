"""ReLU, the rectified linear unit: x where it is positive, else 0.

Nair and Hinton 2010, ICML; the derivative at the kink 0 is taken as 0.
"""

label = "ReLU"
formula = "max(0, x)"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: 0 * x, lambda x: x, at="left")


def module():
    from torch import nn

    return nn.ReLU()
