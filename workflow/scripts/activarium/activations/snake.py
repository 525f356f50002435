"""Snake: x plus the square of its sine, a monotone function for periodic data.

Ziyin, Hartwig and Ueda 2020, arXiv 2006.08195, with a = 1. Smooth on all of R.
"""

label = "Snake"
formula = "x + sin²(x)"


def definition(x, xp):
    return x + xp.sin(x) * xp.sin(x)
