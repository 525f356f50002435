"""Smoothed squared ReLU: x times a smooth ReLU, whose bend has the width 0.2.

Proposed 2026 for nanochat, https://github.com/karpathy/nanochat/pull/828, with its a = 0.2; no
paper is known to us. With a = 0 it is the squared ReLU. Smooth on all of R.
"""

label = "Smoothed ReLU²"
formula = "x·(x + √(x² + a²)) / 2, a = 0.2"


def definition(x, xp):
    # x + √(x² + a²) is a·exp(asinh(x/a)), which does not cancel where x is far below 0.
    return x * xp.exp(xp.asinh(5 * x)) / 10
