"""Sigmoid, the logistic function: an S from 0 to 1.

Rumelhart, Hinton and Williams 1986, Nature 323, for networks trained by backpropagation. Smooth
on all of R.
"""

label = "Sigmoid"
formula = "1 / (1 + e⁻ˣ)"


def definition(x, xp):
    return xp.sigmoid(x)


def module():
    from torch import nn

    return nn.Sigmoid()
