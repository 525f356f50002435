"""The primitives on torch tensors, any shape and floating dtype, differentiable."""

import math

import torch
from torch.nn import functional as F

exp, expm1, log, log1p = torch.exp, torch.expm1, torch.log, torch.log1p
sqrt, sin, cos, atan, asinh = torch.sqrt, torch.sin, torch.cos, torch.atan, torch.asinh
tanh, sigmoid, erf = torch.tanh, torch.sigmoid, torch.erf
logsigmoid = F.logsigmoid


def softplus(x):
    """log(1 + eˣ) without torch's default switch to x above 20."""
    return -F.logsigmoid(-x)


def ndtr(x):
    """Φ(x) through erfc, which keeps the left tail's relative accuracy."""
    return 0.5 * torch.erfc(x * -math.sqrt(0.5))


def piecewise(x, c, left, right, at="right"):
    """Each branch sees only its own side, so that no unused branch can turn a gradient into NaN."""
    below = x < c if at == "right" else x <= c
    return torch.where(below, left(x.clamp(max=c)), right(x.clamp(min=c)))
