"""xIELU, the expanded integral of the ELU: a learned parabola to the right, an integrated ELU left.

Huang and Schlag 2024, arXiv 2411.13010, with β = 1/2. α_p and α_n are learned, one of each a
layer, both from 0.8: softplus keeps α_p above 0 and α_n above β. The derivative is continuous,
1/2 at 0, and the second derivative jumps there.
"""

label = "xIELU"
formula = "x/2 + (αₚ·x² if x > 0 else αₙ·(eˣ − 1 − x)), αₚ and αₙ learned from 0.8"


def definition(x, xp, *, alpha_p=0.8, alpha_n=0.8):
    def left(x):
        return alpha_n * (xp.expm1(x) - x) + x / 2

    return xp.piecewise(x, 0, left, lambda x: alpha_p * x * x + x / 2, at="left")


def module():
    import torch
    from torch import nn
    from torch.nn import functional as F

    from ..definitions.torch_module import evaluate, required_dtype

    class XIELU(nn.Module):
        """The definition with α_p = softplus(a) and α_n = 1/2 + softplus(b), a and b learned."""

        def __init__(self):
            super().__init__()
            self.dtype = required_dtype(definition)
            self.a = nn.Parameter(torch.tensor(0.8).expm1().log())
            self.b = nn.Parameter(torch.tensor(0.3).expm1().log())

        def forward(self, x):
            alpha_p, alpha_n = F.softplus(self.a), 0.5 + F.softplus(self.b)
            return evaluate(definition, self.dtype, x, alpha_p=alpha_p, alpha_n=alpha_n)

    return XIELU()
