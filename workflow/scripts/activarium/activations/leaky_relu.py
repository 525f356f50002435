"""Leaky ReLU: x where it is positive, else one hundredth of it.

Maas, Hannun and Ng 2013, ICML workshop on deep learning for audio, speech and language
processing; slope 0.01 as in torch. The derivative at the kink 0 is the left one, 0.01.
"""

label = "Leaky ReLU"
formula = "x if x > 0 else 0.01·x"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: 0.01 * x, lambda x: x, at="left")


def module():
    from torch import nn

    return nn.LeakyReLU()
