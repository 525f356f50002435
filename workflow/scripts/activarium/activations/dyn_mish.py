"""dynActivation of Mish: a learned mixture of Mish and the identity.

Bachmann 2026, arXiv 2603.22154, with Mish as its base. α and β are learned, one of each a layer,
here from 1 and 0, where it is Mish. Smooth on all of R.
"""

label = "dynActivation (Mish)"
formula = "(α − β)·x·tanh(log(1 + eˣ)) + β·x, learned from α = 1, β = 0"


def definition(x, xp, *, alpha=1, beta=0):
    return (alpha - beta) * x * xp.tanh(xp.softplus(x)) + beta * x
