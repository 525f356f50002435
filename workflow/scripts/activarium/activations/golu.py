"""GoLU, the Gompertz linear unit: x times the distribution function of the standard Gumbel.

Das, Safari, Adriaensen and Hutter 2025, arXiv 2502.03654; the same function as ExpExpish. Smooth
on all of R.
"""

label = "GoLU"
formula = "x·exp(−e⁻ˣ)"


def definition(x, xp):
    return x * xp.exp(-xp.exp(-x))
