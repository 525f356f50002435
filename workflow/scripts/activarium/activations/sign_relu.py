"""SignReLU: x where it is positive, else its softsign.

Lin and Shen 2018, Procedia Computer Science 131; Li, Mao and Shi 2022, arXiv 2210.10264; with the
factor 1 of the softsign. The derivative is continuous, 1 at 0, and the second derivative jumps
there.
"""

label = "SignReLU"
formula = "x if x ≥ 0 else x / (1 − x)"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: x / (1 - x), lambda x: x)
