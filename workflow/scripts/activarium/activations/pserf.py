"""Pserf, the parametric Serf: x times the error function of a learned softplus.

Biswas, Kumar, Banerjee and Pandey 2021, arXiv 2109.04386. γ and δ are learned, one of each a layer,
from 1.25 and 0.85. Smooth on all of R. The start values are those of code that follows the paper,
whose text was not compared.
"""

label = "Pserf"
formula = "x·erf(γ·log(1 + exp(δ·x))), γ and δ learned from 1.25 and 0.85"


def definition(x, xp, *, gamma=1.25, delta=0.85):
    return x * xp.erf(gamma * xp.softplus(delta * x))
