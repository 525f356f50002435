"""APTx, alpha plus tanh times: x times (1 + tanh x) / 2, which is x times the sigmoid of 2x.

Kumar 2022, arXiv 2209.06119, with its α = 1, β = 1 and γ = 1/2. Smooth on all of R. It is
written with the sigmoid, which cancels nothing in the left tail.
"""

label = "APTx"
formula = "(1 + tanh(x))·x / 2"


def definition(x, xp):
    return x * xp.sigmoid(2 * x)
