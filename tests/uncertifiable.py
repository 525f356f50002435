"""Files of activations without a closed form, as users write them: each has module() alone."""

SPLINE = '''"""A linear spline through seven values that are learned."""

label = "Spline"
formula = "straight lines through 7 values, learned from those of ReLU"


def module():
    import torch
    from torch import nn

    class Spline(nn.Module):
        def __init__(self):
            super().__init__()
            self.values = nn.Parameter(torch.linspace(-3, 3, 7).relu())

        def forward(self, x):
            at = (x + 3).clamp(0, 5.999)
            left = at.detach().long()
            low, high = self.values[left], self.values[left + 1]
            return low + (at - left) * (high - low)

    return Spline()
'''

TABLE = '''"""A table of 16 values of GELU, whose gradient is passed straight through."""

label = "Table"
formula = "the nearest of 16 values of GELU"


def module():
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("entries", F.gelu(torch.linspace(-4, 3.5, 16)))

        def forward(self, x):
            y = self.entries[((x + 4) * 2).round().long().clamp(0, 15)]
            return x + (y - x).detach()

    return Table()
'''

STEP = '''"""A step, whose gradient is that of a steep sigmoid instead."""

label = "Step"
formula = "1 if x > 0 else 0, with the slope of σ(4·x)"


def module():
    import torch
    from torch import nn

    class Step(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x > 0).to(x.dtype)

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            s = torch.sigmoid(4 * x)
            return gradient * 4 * s * (1 - s)

    class Surrogate(nn.Module):
        def forward(self, x):
            return Step.apply(x)

    return Surrogate()
'''

SLOPES = '''"""A leaky ReLU whose slope is learned for each channel, by a module alone."""

label = "Slopes"
formula = "x if x > 0 else a·x, a learned for each channel from 0.1"


def module(channels):
    import torch
    from torch import nn

    class Slopes(nn.Module):
        def __init__(self):
            super().__init__()
            self.slopes = nn.Parameter(torch.full((channels, 1, 1), 0.1))

        def forward(self, x):
            return torch.where(x > 0, x, self.slopes * x)

    return Slopes()
'''

FILES = {"spline": SPLINE, "table": TABLE, "step": STEP, "slopes": SLOPES}
