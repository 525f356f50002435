"""ACON-C, activate or not: a smooth maximum of two lines whose slopes are learned.

Ma, Zhang, Liu and Sun 2021, CVPR, arXiv 2009.04759: p₁, p₂ and β are learned for each channel. The
paper's code draws p₁ and p₂ from a standard normal; here they start at 1 and 0, where it is SiLU,
so that proofs and all seeds have one start. Smooth on all of R.
"""

label = "ACON-C"
formula = "(p₁ − p₂)·x·σ(β·(p₁ − p₂)·x) + p₂·x, learned per channel from p₁ = 1, p₂ = 0, β = 1"
per_channel = ("p1", "p2", "beta")


def definition(x, xp, *, p1=1, p2=0, beta=1):
    difference = (p1 - p2) * x
    return difference * xp.sigmoid(beta * difference) + p2 * x
