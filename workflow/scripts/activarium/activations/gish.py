"""Gish: x times log(2 − e^(−eˣ)), with slope log 2 far to the right.

Kaytan, Aydilek and Yeroğlu 2023, Neural Computing and Applications 35. Smooth on all of R. The
logarithm is written as its equal log1p(−expm1(−eˣ)), which cancels nothing in the left tail.
"""

label = "Gish"
formula = "x·log(2 − exp(−eˣ))"


def definition(x, xp):
    return x * xp.log1p(-xp.expm1(-xp.exp(x)))
