"""GCU, the growing cosine unit: x times its cosine.

Noel, Arunkumar, Trivedi and Dutta 2021, arXiv 2108.12943. Smooth on all of R.
"""

label = "GCU"
formula = "x·cos(x)"


def definition(x, xp):
    return x * xp.cos(x)
