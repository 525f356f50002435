"""ISRLU, the inverse square root linear unit: x where it is positive, else its ISRU.

Carlile, Delamarter, Kinney, Marti and Whitney 2017, arXiv 1710.09967, with α = 1. The first two
derivatives are continuous, 1 and 0 at 0, and the third jumps there.
"""

label = "ISRLU"
formula = "x if x ≥ 0 else x / √(1 + x²)"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: x / xp.sqrt(1 + x * x), lambda x: x)
