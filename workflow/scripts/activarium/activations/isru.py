"""ISRU, the inverse square root unit: an S from −1 to 1 made of algebra alone.

Carlile, Delamarter, Kinney, Marti and Whitney 2017, arXiv 1710.09967, with α = 1. Smooth on all
of R.
"""

label = "ISRU"
formula = "x / √(1 + x²)"


def definition(x, xp):
    return x / xp.sqrt(1 + x * x)
