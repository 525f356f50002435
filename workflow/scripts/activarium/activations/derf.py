"""Derf, dynamic erf: DyT with the error function in place of tanh, and a shift inside.

Chen, Lu, Zhu, Sun and Liu 2025, arXiv 2512.10938: one α and one s a layer, γ and β for each
channel, from 0.5, 0, 1 and 0. Smooth on all of R.
"""

label = "Derf"
formula = "γ·erf(α·x + s) + β, learned from α = 0.5, s = 0, γ = 1, β = 0, the last two per channel"
per_channel = ("gamma", "beta")


def definition(x, xp, *, alpha=0.5, shift=0, gamma=1, beta=0):
    return gamma * xp.erf(alpha * x + shift) + beta
