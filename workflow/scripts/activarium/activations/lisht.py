"""LiSHT, the linearly scaled hyperbolic tangent: x times its tanh, an even function.

Roy, Manna, Dubey and Chaudhuri 2019, arXiv 1901.05894. Smooth on all of R.
"""

label = "LiSHT"
formula = "x·tanh(x)"


def definition(x, xp):
    return x * xp.tanh(x)
