"""SiLU, the sigmoid-weighted linear unit, also Swish: x times its sigmoid.

Elfwing, Uchibe and Doya 2017, arXiv 1702.03118; Ramachandran, Zoph and Le 2017, arXiv 1710.05941,
as Swish; named first by Hendrycks and Gimpel 2016, arXiv 1606.08415. Smooth on all of R.
"""

label = "SiLU"
formula = "x·σ(x)"


def definition(x, xp):
    return x * xp.sigmoid(x)


def module():
    from torch import nn

    return nn.SiLU()
