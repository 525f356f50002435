"""ErfReLU: x where it is positive, else a learned multiple of the error function.

Rajanand and Singh 2023, arXiv 2306.01822. The factor is learned, one a layer, here from 1. The
derivative at the kink 0 is the right one, 1, as in the paper.
"""

label = "ErfReLU"
formula = "x if x ≥ 0 else α·erf(x), α learned from 1"


def definition(x, xp, *, alpha=1):
    return xp.piecewise(x, 0, lambda x: alpha * xp.erf(x), lambda x: x)
