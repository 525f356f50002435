"""StarReLU, a squared ReLU scaled and shifted to mean 0 and variance 1 on a standard normal.

Yu et al. 2022, arXiv 2210.13452. Scale and shift are learned, one of each a layer, from the
paper's 0.8944 and −0.4472 (its code starts at 1 and 0). The derivative is continuous, 0 at 0, and
the second derivative jumps there.
"""

label = "StarReLU"
formula = "s·max(0, x)² + b, s and b learned from 0.8944 and −0.4472"


def definition(x, xp, *, scale=0.8944, bias=-0.4472):
    return xp.piecewise(x, 0, lambda x: 0 * x + bias, lambda x: scale * x * x + bias)
