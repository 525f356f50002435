"""HardMish: Mish made of a parabola between two straight pieces.

Misra's notes, as in timm. The derivative at the kink −2 is taken as the left one, 0; it is
continuous, 1, at 0.
"""

label = "HardMish"
formula = "x·min(max(x + 2, 0), 2) / 2"


def definition(x, xp):
    def right(x):
        return xp.piecewise(x, 0, lambda x: x * (x + 2) / 2, lambda x: x)

    return xp.piecewise(x, -2, lambda x: 0 * x, right, at="left")
