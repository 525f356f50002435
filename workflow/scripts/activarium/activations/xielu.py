"""xIELU, the expanded integral of the ELU: a learned parabola to the right, an integrated ELU left.

Huang and Schlag 2024, arXiv 2411.13010, with β = 1/2. α_p and α_n are learned, one of each a
layer, both from 0.8: softplus keeps α_p above 0 and α_n above β. The derivative is continuous,
1/2 at 0, and the second derivative jumps there.
"""

label = "xIELU"
formula = "x/2 + (αₚ·x² if x > 0 else αₙ·(eˣ − 1 − x)), αₚ and αₙ learned from 0.8"
least = {"alpha_p": 0, "alpha_n": 0.5}  # what `module` keeps them above


def definition(x, xp, *, alpha_p=0.8, alpha_n=0.8):
    def left(x):
        return alpha_n * (xp.expm1(x) - x) + x / 2

    return xp.piecewise(x, 0, left, lambda x: alpha_p * x * x + x / 2, at="left")


def module(channels=None):
    import torch
    from torch.nn import functional as F

    from ..definitions.torch_module import DefinitionModule

    class XIELU(DefinitionModule):
        """The definition with α_p = softplus(a) and α_n = 1/2 + softplus(b), a and b learned."""

        def __init__(self):
            super().__init__(definition, channels=channels)
            with torch.no_grad():
                self.alpha_p.copy_(torch.tensor(0.8).expm1().log())
                self.alpha_n.copy_(torch.tensor(0.3).expm1().log())

        def learned_values(self):
            alpha_p, alpha_n = F.softplus(self.alpha_p), 0.5 + F.softplus(self.alpha_n)
            return {"alpha_p": alpha_p, "alpha_n": alpha_n}

    return XIELU()
