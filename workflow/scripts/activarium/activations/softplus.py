"""Softplus, a smooth ReLU: the logarithm of one plus the exponential.

Dugas, Bengio, Bélisle, Nadeau and Garcia 2001, NIPS 13. Smooth on all of R. torch's module
returns x itself above 20, which is less than 2.1e-9 from it.
"""

label = "Softplus"
formula = "log(1 + eˣ)"


def definition(x, xp):
    return xp.softplus(x)


def module():
    from torch import nn

    return nn.Softplus()
