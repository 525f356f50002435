"""The primitives on torch tensors, any shape and floating dtype, differentiable.

Each also takes a plain number and then gives a float, as constants such as √(2/π) need.
"""

import math
from functools import wraps

import torch
from torch.nn import functional as F

from . import on_numpy

pi, decimal = math.pi, float


def _or_number(function, name=None):
    """`function` on tensors; numpy's of the same name on a plain number."""
    on_number = getattr(on_numpy, name or function.__name__)

    @wraps(function)
    def either(x):
        return function(x) if isinstance(x, torch.Tensor) else float(on_number(x))

    return either


class _Exp(torch.autograd.Function):
    """eˣ, or eˣ − 1 where `less` is 1, with value and derivative held at the largest finite ones.

    So that tanh(eˣ), whose limit is reached long before, has the derivative 0 there and not 0·∞,
    and that of log(1 + eˣ) is 1 however large x is.
    """

    @staticmethod
    def forward(ctx, x, less):
        x = x.clamp(max=math.floor(math.log(torch.finfo(x.dtype).max)))
        y = torch.expm1(x) if less else torch.exp(x)
        ctx.save_for_backward(y)
        ctx.less = less
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * (y + ctx.less), None


@_or_number
def exp(x):
    """eˣ, held at the largest finite whole power of e instead of overflowing to infinity."""
    return _Exp.apply(x, 0)


@_or_number
def expm1(x):
    """eˣ − 1, held likewise."""
    return _Exp.apply(x, 1)


log, log1p = _or_number(torch.log), _or_number(torch.log1p)
sqrt, sin, cos = _or_number(torch.sqrt), _or_number(torch.sin), _or_number(torch.cos)
atan, asinh, tanh = _or_number(torch.atan), _or_number(torch.asinh), _or_number(torch.tanh)
sigmoid, erf = _or_number(torch.sigmoid), _or_number(torch.erf)
logsigmoid = _or_number(F.logsigmoid, "logsigmoid")


@_or_number
def softplus(x):
    """log(1 + eˣ) without torch's default switch to x above 20."""
    return -F.logsigmoid(-x)


@_or_number
def ndtr(x):
    """Φ(x) through erfc, which keeps the left tail's relative accuracy."""
    return 0.5 * torch.erfc(x * -math.sqrt(0.5))


def piecewise(x, c, left, right, at="right"):
    """Each branch sees only its own side, so that no unused branch can turn a gradient into NaN.

    Not by clamp: in torch 2.14 its gradient at the bound itself is 0 and not 1.
    """
    below = x < c if at == "right" else x <= c
    return torch.where(below, left(torch.where(below, x, c)), right(torch.where(below, c, x)))
