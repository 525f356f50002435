"""Squareplus, a softplus made of algebra alone: one branch of a hyperbola.

Barron 2021, arXiv 2112.11687, with its b = 4. Smooth on all of R.
"""

label = "Squareplus"
formula = "(x + √(x² + 4)) / 2"


def definition(x, xp):
    return (x + xp.sqrt(x * x + 4)) / 2
