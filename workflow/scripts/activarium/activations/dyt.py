"""DyT, dynamic tanh: a tanh that learns its steepness, scale and shift, meant to replace a norm.

Zhu, Chen, He, LeCun and Liu 2025, arXiv 2503.10622. The paper learns one α a layer and γ, β for
each channel; here all three are one a layer, from 0.5, 1 and 0. Smooth on all of R.
"""

label = "DyT"
formula = "γ·tanh(α·x) + β, learned from α = 0.5, γ = 1, β = 0"


def definition(x, xp, *, alpha=0.5, gamma=1, beta=0):
    return gamma * xp.tanh(alpha * x) + beta
