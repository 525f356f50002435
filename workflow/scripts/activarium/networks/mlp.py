"""A deep multilayer perceptron without normalisation, where mean-field theory is sharp.

Poole et al. 2016, arXiv 1606.05340: weights drawn with variance sigma_w²/fan-in and biases with
variance sigma_b², the two numbers that place a net in the ordered or the chaotic phase.
"""

import math

from torch import nn

from ..data.image_size import height_width

label = "deep MLP, un-normalised"
non_square = True


class MLP(nn.Sequential):
    """A stack of linear layers that carries the standard deviations it is drawn with."""

    def __init__(self, layers, sigma_w, sigma_b):
        super().__init__(*layers)
        self.sigma_w, self.sigma_b = sigma_w, sigma_b


def build(activation, channels, classes, size, *, depth=16, width=64, sigma_w=1.4142, sigma_b=0.0):
    """`depth` hidden layers of `width` units on the flattened image."""
    layers, before = [nn.Flatten()], channels * math.prod(height_width(size))
    for _ in range(depth):
        layers += [nn.Linear(before, width), activation(width)]
        before = width
    return MLP([*layers, nn.Linear(before, classes)], sigma_w, sigma_b)
