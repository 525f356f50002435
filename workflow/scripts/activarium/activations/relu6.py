"""ReLU6, a ReLU that stops at 6: x clipped to [0, 6].

Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10, manuscript. The derivative at
the kinks 0 and 6 is taken as 0.
"""

label = "ReLU6"
formula = "min(max(0, x), 6)"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 6, lambda x: x, lambda x: 0 * x + 6, at="right")

    return xp.piecewise(x, 0, lambda x: 0 * x, right, at="left")


def module():
    from torch import nn

    return nn.ReLU6()
