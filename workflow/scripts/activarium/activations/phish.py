"""Phish: x times the tanh of its GELU.

Naveen 2022, TechRxiv. Smooth on all of R.
"""

label = "Phish"
formula = "x·tanh(x·Φ(x))"


def definition(x, xp):
    return x * xp.tanh(x * xp.ndtr(x))
