"""Swish: SiLU with a learned steepness.

Ramachandran, Zoph and Le 2017, arXiv 1710.05941: β is learned, one a layer, from 1. With β held at
1 it is `silu`. Smooth on all of R.
"""

label = "Swish, learned β"
formula = "x·σ(β·x), β learned from 1"


def definition(x, xp, *, beta=1):
    return x * xp.sigmoid(beta * x)
