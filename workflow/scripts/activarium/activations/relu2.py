"""Squared ReLU: x² where x is positive, else 0.

So, Mańke, Liu, Dai, Shazeer and Le 2021, arXiv 2109.08668, found by search for Primer. The
derivative is continuous, 0 at 0, and the second derivative jumps there.
"""

label = "ReLU²"
formula = "max(0, x)²"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: 0 * x, lambda x: x * x)
