"""ELiSH, the exponential linear squashing activation: SiLU on the right, ELU·σ on the left.

Basirat and Roth 2018, arXiv 1808.00783. The derivative is continuous, 1/2 at 0, and the second
derivative jumps there.
"""

label = "ELiSH"
formula = "x·σ(x) if x ≥ 0 else (eˣ − 1)·σ(x)"


def definition(x, xp):
    def left(x):
        return xp.expm1(x) * xp.sigmoid(x)

    return xp.piecewise(x, 0, left, lambda x: x * xp.sigmoid(x))
