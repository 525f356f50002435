"""RReLU, the randomised leaky ReLU: a slope drawn anew for each negative input while training.

Xu, Wang, Chen and Li 2015, arXiv 1505.00853: slope uniform on [1/8, 1/3], its mean 11/48 when
evaluating, which is what `definition` states. The derivative at the kink 0 is the left one.
"""

label = "RReLU"
formula = "x if x > 0 else a·x, a ~ U(1/8, 1/3); 11/48 when evaluating"


def definition(x, xp):
    return xp.piecewise(x, 0, lambda x: 11 * x / 48, lambda x: x, at="left")


def module():
    import torch
    from torch import nn

    class RReLU(nn.Module):
        """torch's RReLU, with the slopes drawn from `generator`."""

        generator = None  # set by whoever trains it; None draws from torch's global generator

        def forward(self, x):
            if not self.training:
                return torch.where(x > 0, x, x * (11 / 48))
            slope = torch.empty_like(x).uniform_(1 / 8, 1 / 3, generator=self.generator)
            return torch.where(x > 0, x, x * slope)

    return RReLU()
