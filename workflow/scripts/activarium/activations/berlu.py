"""BerLU, the Bernstein linear unit: a leaky ReLU whose kink is a short parabola.

Zhang, Zhang, Zhu and Mo 2026, arXiv 2605.02591, with ε = 0.01. The slope is learned, one a layer,
from 0.01. The derivative is continuous, and the second derivative jumps at −ε and ε. The formula
is taken from a summary of the paper and was not compared with its text.
"""

label = "BerLU"
formula = "x if x > ε, a·x if x < −ε, a parabola between; ε = 0.01, a learned from 0.01"


def definition(x, xp, *, slope=0.01):
    def middle(x):
        return 25 * (1 - slope) * (x + 0.01) * (x + 0.01) + slope * x

    def right(x):
        return xp.piecewise(x, 0.01, middle, lambda x: x)

    return xp.piecewise(x, -0.01, lambda x: slope * x, right)
