"""Serf: x times the error function of its softplus.

Nag, Bhattacharyya, Mukherjee and Kundu 2021, arXiv 2108.09598. Smooth on all of R.
"""

label = "Serf"
formula = "x·erf(log(1 + eˣ))"


def definition(x, xp):
    return x * xp.erf(xp.softplus(x))
