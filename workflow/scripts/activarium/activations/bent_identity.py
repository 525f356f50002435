"""Bent identity: x plus a hyperbola, with slope 1/2 far to the left and 3/2 far to the right.

No paper known to us; it spread through Wikipedia's table of activation functions. Smooth on all
of R.
"""

label = "Bent identity"
formula = "(√(x² + 1) − 1) / 2 + x"


def definition(x, xp):
    return (xp.sqrt(x * x + 1) - 1) / 2 + x
