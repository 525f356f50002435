"""GELUSine: GELU plus a tenth of the sine, found by search.

Vitvitskyi, Boratko, Grcic, Pascanu, Shah and Veličković 2026, arXiv 2602.05688. Smooth on all of R.
"""

label = "GELUSine"
formula = "x·Φ(x) + 0.1·sin(x)"


def definition(x, xp):
    return x * xp.ndtr(x) + 0.1 * xp.sin(x)
