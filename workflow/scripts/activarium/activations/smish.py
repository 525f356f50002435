"""Smish: x times the tanh of log(1 + σ(x)).

Wang, Ren and Wang 2022, Electronics 11(4), 540, with its α = β = 1. Smooth on all of R.
"""

label = "Smish"
formula = "x·tanh(log(1 + σ(x)))"


def definition(x, xp):
    return x * xp.tanh(xp.log1p(xp.sigmoid(x)))
