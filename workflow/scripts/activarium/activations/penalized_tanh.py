"""Penalized tanh: tanh, made four times smaller to the left of 0.

Xu, Huang and Li 2016, arXiv 1602.05980, with a = 0.25. The derivative at the kink 0 is taken as
the left one, 0.25.
"""

label = "Penalized tanh"
formula = "tanh(x) if x > 0 else 0.25·tanh(x)"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: 0.25 * xp.tanh(x), xp.tanh, at="left")
