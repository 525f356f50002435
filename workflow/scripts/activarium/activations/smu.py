"""SMU, the smooth maximum unit: a leaky ReLU smoothed by the error function.

Biswas, Kumar, Banerjee and Pandey 2022, CVPR, arXiv 2111.04682, with α = 0.01 as in its later
version. μ is learned, one a layer, from that version's 2.5, both by its author's code. Smooth on
all of R.
"""

label = "SMU"
formula = "((1 + α)·x + (1 − α)·x·erf(μ·(1 − α)·x)) / 2, α = 0.01, μ learned from 2.5"


def definition(x, xp, *, mu=2.5):
    return (1.01 * x + 0.99 * x * xp.erf(0.99 * mu * x)) / 2
