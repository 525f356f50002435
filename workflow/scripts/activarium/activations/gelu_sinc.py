"""GELU-Sinc-Perturbation: GELU times one and a half sinc, found by search.

Vitvitskyi, Boratko, Grcic, Pascanu, Shah and Veličković 2026, arXiv 2602.05688; with sinc(x) =
sin(π·x)/(π·x), as numpy and JAX have it. Smooth on all of R. The formula is taken from accounts of
the paper, of which one adds the sinc where the others multiply by it.
"""

label = "GELU-Sinc"
formula = "x·Φ(x)·(1 + sinc(x)/2), sinc(x) = sin(π·x)/(π·x)"


def definition(x, xp):
    return xp.ndtr(x) * (x + xp.sin(xp.pi * x) / (2 * xp.pi))
