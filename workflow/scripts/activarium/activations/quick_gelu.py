"""QuickGELU, GELU's sigmoid form: x times the sigmoid of 1.702 x.

Hendrycks and Gimpel 2016, arXiv 1606.08415; CLIP uses it (Radford et al. 2021, arXiv 2103.00020).
Smooth on all of R.
"""

label = "QuickGELU"
formula = "x·σ(1.702·x)"


def definition(x, xp):
    return x * xp.sigmoid(1.702 * x)
