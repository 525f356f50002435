"""TeLU, the hyperbolic tangent exponential linear unit: x times the tanh of its exponential.

Fernandez and Mali 2024, arXiv 2412.20269; the same function as TanhExp of 2020. Smooth on all
of R.
"""

label = "TeLU"
formula = "x·tanh(eˣ)"


def definition(x, xp):
    return x * xp.tanh(xp.exp(x))
