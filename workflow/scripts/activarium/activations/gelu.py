"""GELU, the Gaussian error linear unit: x times the probability that a standard normal is below x.

Hendrycks and Gimpel 2016, arXiv 1606.08415. Smooth on all of R.
"""

label = "GELU"
formula = "x·Φ(x)"


def definition(x, xp):
    return x * xp.ndtr(x)


def module():
    from torch import nn

    return nn.GELU()
