"""Swish-T: SiLU with a tanh as its bias.

Seo, Kim and Park 2024, arXiv 2407.01012, with α = 0.1; β is learned, one a layer, from 1.
Smooth on all of R.
"""

label = "Swish-T"
formula = "x·σ(β·x) + 0.1·tanh(x), β learned from 1"


def definition(x, xp, *, beta=1):
    return x * xp.sigmoid(beta * x) + 0.1 * xp.tanh(x)
