"""HardELiSH: ELiSH with its sigmoid made of straight pieces, (x + 1)/2 clipped to [0, 1].

Basirat and Roth 2018, arXiv 1808.00783. The derivative at the kinks −1 and 1 is taken as the
outer piece's, 0 and 1; it is continuous, 1/2, at 0.
"""

label = "HardELiSH"
formula = "(x if x ≥ 0 else eˣ − 1)·min(max((x + 1)/2, 0), 1)"


def definition(x, xp):
    def inner(x):
        return xp.piecewise(x, 0, lambda x: xp.expm1(x) * (x + 1) / 2, lambda x: x * (x + 1) / 2)

    def right(x):
        return xp.piecewise(x, 1, inner, lambda x: x, at="right")

    return xp.piecewise(x, -1, lambda x: 0 * x, right, at="left")
