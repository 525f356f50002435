"""ExpExpish: x times e to the minus e to the minus x.

Listed in section 3.3 of the survey of Kunc and Kléma 2024, arXiv 2402.09092; the same function
as GoLU of 2025. Smooth on all of R.
"""

label = "ExpExpish"
formula = "x·exp(−e⁻ˣ)"


def definition(x, xp):
    return x * xp.exp(-xp.exp(-x))
