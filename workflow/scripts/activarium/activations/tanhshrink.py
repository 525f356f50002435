"""Tanhshrink, what tanh leaves of x: flat like x³/3 at 0 and the identity ∓ 1 far out.

No paper known to us; it comes from Torch's nn. Smooth on all of R.
"""

label = "Tanhshrink"
formula = "x − tanh(x)"


def definition(x, xp):
    return x - xp.tanh(x)


def module():
    from torch import nn

    return nn.Tanhshrink()
