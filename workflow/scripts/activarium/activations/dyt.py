"""DyT, dynamic tanh: a tanh that learns its steepness, scale and shift, meant to replace a norm.

Zhu, Chen, He, LeCun and Liu 2025, arXiv 2503.10622: one α a layer, γ and β for each channel, from
0.5, 1 and 0. Smooth on all of R.
"""

label = "DyT"
formula = "γ·tanh(α·x) + β, learned from α = 0.5, γ = 1, β = 0, the last two per channel"
per_channel = ("gamma", "beta")


def definition(x, xp, *, alpha=0.5, gamma=1, beta=0):
    return gamma * xp.tanh(alpha * x) + beta
