"""GELU's tanh form, the approximation that GPT-2 and BERT's first code computed.

Hendrycks and Gimpel 2016, arXiv 1606.08415. Smooth on all of R. (1 + tanh u) / 2 is written as
its equal σ(2u), which cancels nothing in the left tail.
"""

label = "GELU (tanh)"
formula = "x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2"


def definition(x, xp):
    return x * xp.sigmoid(2 * xp.sqrt(2 / xp.pi) * (x + 0.044715 * x * x * x))


def module():
    from torch import nn

    return nn.GELU(approximate="tanh")
