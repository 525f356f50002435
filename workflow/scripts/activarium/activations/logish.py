"""Logish: x times log(1 + σ(x)).

Zhu, Min, Wang et al. 2021, Neurocomputing 458. Smooth on all of R.
"""

label = "Logish"
formula = "x·log(1 + σ(x))"


def definition(x, xp):
    return x * xp.log1p(xp.sigmoid(x))
