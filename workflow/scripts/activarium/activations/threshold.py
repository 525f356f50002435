"""Threshold, the thresholded ReLU: x where it is above 1, else 0.

Konda, Memisevic and Krueger 2014, arXiv 1402.3337: torch's Threshold with threshold 1 and value
0. It jumps at 1, where value and derivative are taken as 0.
"""

label = "Threshold"
formula = "x if x > 1 else 0"


def definition(x, xp):
    return xp.piecewise(x, 1, lambda x: 0 * x, lambda x: x, at="left")


def module():
    from torch import nn

    return nn.Threshold(1, 0)
