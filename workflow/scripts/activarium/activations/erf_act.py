"""ErfAct: x times the error function of a learned exponential.

Biswas, Kumar, Banerjee and Pandey 2021, arXiv 2109.04386. α and β are learned, one of each a layer,
both from 0.75. Smooth on all of R. The start values are those of code that follows the paper, whose
text was not compared.
"""

label = "ErfAct"
formula = "x·erf(α·exp(β·x)), α and β learned from 0.75"


def definition(x, xp, *, alpha=0.75, beta=0.75):
    return x * xp.erf(alpha * xp.exp(beta * x))
