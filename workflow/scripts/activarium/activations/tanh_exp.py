"""TanhExp: x times the tanh of its exponential.

Liu and Di 2020, arXiv 2003.09855; the same function as TeLU. Smooth on all of R.
"""

label = "TanhExp"
formula = "x·tanh(eˣ)"


def definition(x, xp):
    return x * xp.tanh(xp.exp(x))
