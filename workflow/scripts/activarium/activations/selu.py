"""SELU, the scaled exponential linear unit: an ELU whose two constants keep mean 0 and variance 1.

Klambauer, Unterthiner, Mayr and Hochreiter 2017, arXiv 1706.02515, with torch's digits of the
constants. The derivative at the kink 0 is the left one, scale·α ≈ 1.758.
"""

label = "SELU"
formula = "1.0507·(x if x > 0 else 1.6733·(eˣ − 1))"


def definition(x, xp):
    scale = xp.decimal("1.0507009873554804934193349852946")
    alpha = xp.decimal("1.6732632423543772848170429916717")
    return scale * xp.piecewise(x, 0, lambda x: alpha * xp.expm1(x), lambda x: x, at="left")


def module():
    from torch import nn

    return nn.SELU()
