"""Hardtanh, a tanh of three straight pieces: x clipped to [−1, 1].

Collobert 2004, doctoral thesis, Université Paris 6. The derivative at the kinks −1 and 1 is
taken as 0.
"""

label = "Hardtanh"
formula = "min(max(x, −1), 1)"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 1, lambda x: x, lambda x: 0 * x + 1, at="right")

    return xp.piecewise(x, -1, lambda x: 0 * x - 1, right, at="left")


def module():
    from torch import nn

    return nn.Hardtanh()
