"""ACON-C, activate or not: a smooth maximum of two lines whose slopes are learned.

Ma, Zhang, Liu and Sun 2021, CVPR, arXiv 2009.04759. The paper learns p₁, p₂ and β for each
channel and draws the slopes at random; here they are one a layer and start at 1, 0 and 1, where
it is SiLU. Smooth on all of R.
"""

label = "ACON-C"
formula = "(p₁ − p₂)·x·σ(β·(p₁ − p₂)·x) + p₂·x, learned from p₁ = 1, p₂ = 0, β = 1"


def definition(x, xp, *, p1=1, p2=0, beta=1):
    difference = (p1 - p2) * x
    return difference * xp.sigmoid(beta * difference) + p2 * x
