"""Mish: x times the tanh of its softplus.

Misra 2019, arXiv 1908.08681. Smooth on all of R.
"""

label = "Mish"
formula = "x·tanh(log(1 + eˣ))"


def definition(x, xp):
    return x * xp.tanh(xp.softplus(x))


def module():
    from torch import nn

    return nn.Mish()
