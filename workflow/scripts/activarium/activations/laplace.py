"""Laplace, a bounded stand-in for the squared ReLU: a normal distribution function.

Ma et al. 2022, arXiv 2209.10655, with mean √(1/2) and variance 1/(4π), where value and slope
meet those of the squared ReLU at √(1/2). Smooth on all of R.
"""

label = "Laplace"
formula = "Φ((x − √(1/2))·√(4π))"


def definition(x, xp):
    return xp.ndtr((x - xp.sqrt(0.5)) * xp.sqrt(4 * xp.pi))
