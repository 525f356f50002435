"""A definition as a torch module, for activations that torch itself does not have.

Value and derivative are computed in one precision, whatever the network's, and rounded once. That
precision is float32 where it is accurate for all |x| ≤ MAX_INPUT. It is float64 where something
overflows or cancels. So what is trained is what is certified, on every device.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from . import on_torch
from .learned import (
    NoChannelsError,
    is_per_channel,
    learned_starts,
    no_channels_message,
    per_channel,
)

MAX_INPUT = 1e4  # the |x| up to which float32 must be accurate to be used
ALLOWED_EPS = 32  # times float32's eps: the error allowed, relative to the exact result or to 1
CHUNK_SIZE = 2**16  # numbers at a time on a CPU, so that intermediate results stay in its cache


class DefinitionModule(nn.Module):
    """The definition on tensors of any shape, without randomness.

    Its keyword-only arguments, if any, become parameters, learned from their defaults. Where
    `channels` is a number, those in `per_channel`, or all where it is None, are of shape [channels]
    and the others scalars. The channels are dimension `channel_dim` of an input.
    """

    def __init__(
        self,
        definition: Callable,
        per_channel: Sequence[str] | None = None,
        channels: int | None = None,
        channel_dim: int = 1,
    ):
        super().__init__()
        self.definition, self.channel_dim = definition, channel_dim
        for name, start in learned_starts(definition).items():
            shape: tuple[int, ...] = ()
            if channels is not None and (per_channel is None or name in per_channel):
                shape = (channels,)
            self.register_parameter(name, nn.Parameter(torch.full(shape, float(start))))
        self.dtype = required_dtype(definition)

    def learned_values(self) -> dict[str, torch.Tensor]:
        """{parameter of the definition: its value}, where another class may constrain them."""
        return dict(self.named_parameters(recurse=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = self.learned_values()
        at = {name: align(value, x, self.channel_dim) for name, value in values.items()}
        return evaluate(self.definition, self.dtype, x, **at)


def align(parameter: torch.Tensor, x: torch.Tensor, channel_dim: int) -> torch.Tensor:
    """A parameter of one number, or of one a channel, in a shape that x can be multiplied by."""
    if parameter.numel() == 1:
        return parameter
    shape = [1] * x.ndim
    shape[channel_dim] = len(parameter)
    return parameter.view(shape)


def build_module(
    file: ModuleType,
    learned: str | None = None,
    channels: int | None = None,
    channel_dim: int = 1,
) -> nn.Module:
    """What is trained of an activation's file: its own module, else its definition made one.

    `learned` is "layer", "channel", or None for what the file says. `channels` is how many an input
    has in `channel_dim`; a file's own module always has them in dimension 1. Raises NoChannelsError
    where it is None and needed, and UserError where the file cannot learn so.
    """
    names = per_channel(file, learned)
    needs = is_per_channel(file, learned)
    if needs and channels is None:
        raise NoChannelsError(no_channels_message(file, names))
    if not hasattr(file, "module"):
        return DefinitionModule(file.definition, names, channels, channel_dim)
    if not needs:
        return wrap_in_float32(file.module())
    module = wrap_in_float32(file.module(channels))
    return module if channel_dim == 1 else ChannelsFirst(module, channel_dim)


class ChannelsFirst(nn.Module):
    """A module that has its channels in dimension 1, applied where they are in `channel_dim`."""

    def __init__(self, module: nn.Module, channel_dim: int):
        super().__init__()
        self.module, self.channel_dim = module, channel_dim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.module(x.movedim(self.channel_dim, 1)).movedim(1, self.channel_dim)


COMPOSITE_MODULES = (nn.Softsign, nn.Tanhshrink)  # torch makes them of several operators
AUTOCAST_MODULES = (nn.Softplus,)  # autocast computes them in float32 on a GPU alone


def wrap_in_float32(module: nn.Module) -> nn.Module:
    """`module` itself if it is a kernel of torch, which rounds once; else in a `Float32Module`."""
    own = type(module).__module__.startswith("torch.nn.")
    kernel = own and not isinstance(module, (*COMPOSITE_MODULES, *AUTOCAST_MODULES))
    return module if kernel else Float32Module(module)


class Float32Module(nn.Module):
    """A module computed in float32, and rounded at its end, where the network has 16 bits.

    Else each of its operators would round by itself, and autocast would choose others on a GPU
    than on a CPU.
    """

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dtype.itemsize > 2:
            return self.module(x)
        with torch.autocast(x.device.type, enabled=False):
            return self.module(x.float()).to(x.dtype)


@cache  # a network has many layers of one definition
def required_dtype(definition: Callable) -> torch.dtype:
    """float32 where value and derivative are accurate up to MAX_INPUT, else float64.

    Its parameters are at their starts. Found on a CPU with 400 inputs of each sign, for any device.
    """
    starts = {
        name: torch.tensor(float(start), dtype=torch.float64, device="cpu")
        for name, start in learned_starts(definition).items()
    }
    sizes = torch.logspace(
        -14, math.log2(MAX_INPUT), 400, base=2, dtype=torch.float32, device="cpu"
    )
    x, wanted = torch.cat([-sizes, sizes]), [True] + [False] * len(starts)
    rough, fine = (
        _value_and_derivatives(definition, starts, x.to(dtype), starts.values(), wanted, dtype)
        for dtype in (torch.float32, torch.float64)
    )
    right = _is_accurate(rough[0], fine[0]) and _is_accurate(rough[1][0], fine[1][0])
    return torch.float32 if right else torch.float64


def _is_accurate(rough, fine):
    """Whether float32 is as near to float64 as its rounding can be blamed for."""
    info = torch.finfo(torch.float32)
    allowed = ALLOWED_EPS * info.eps * fine.abs().clamp(min=1)
    return bool((((rough - fine).abs() <= allowed) | (fine.abs() > info.max)).all())


def evaluate(
    definition: Callable, dtype: torch.dtype, x: torch.Tensor, **parameters: torch.Tensor
) -> torch.Tensor:
    """`definition(x, xp, **parameters)` computed in `dtype`, of x's own shape and dtype.

    The parameters are of shapes that x can be multiplied by. Differentiable once, by x and by the
    parameters.
    """
    dtype = torch.promote_types(dtype, x.dtype)
    with torch.autocast(x.device.type, enabled=False):
        if dtype == x.dtype:
            return definition(x, on_torch, **parameters)
        if torch.is_grad_enabled():
            names, values = tuple(parameters), parameters.values()
            return _DefinitionFunction.apply(definition, dtype, names, x, *values)
        y, at = torch.empty_like(x), {name: p.to(dtype) for name, p in parameters.items()}
        for some, to in zip(_chunks(x), _chunks(y), strict=True):
            to.copy_(definition(some.to(dtype), on_torch, **at))
        return y


def _chunks(x):
    """Views that together are x, each short enough for a CPU's cache where rows allow it."""
    if x.device.type != "cpu" or x.numel() <= CHUNK_SIZE:
        return [x]
    return x.split(max(1, CHUNK_SIZE * len(x) // x.numel()))


class _DefinitionFunction(torch.autograd.Function):
    """Value and, in the same pass, the derivative by x and by each parameter at each x.

    Only the derivatives are kept for the backward pass, in float32.
    """

    @staticmethod
    def forward(ctx, definition, dtype, names, x, *parameters):
        y, wanted = torch.empty_like(x), ctx.needs_input_grad[3:]
        kind = torch.promote_types(x.dtype, torch.float32)
        kept = [torch.empty_like(x, dtype=kind) if w else None for w in wanted]
        for some, to, *slopes in zip(
            _chunks(x), _chunks(y), *(_chunks(k) for k in kept if k is not None), strict=True
        ):
            value, found = _value_and_derivatives(
                definition, names, some, parameters, wanted, dtype
            )
            to.copy_(value)
            for slope, computed in zip(slopes, found, strict=True):
                slope.copy_(computed)
        ctx.save_for_backward(*kept)
        ctx.parameters = [(p.dtype, p.shape) for p in parameters]
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        by_x, *by_parameters = (k if k is None else gradient * k for k in ctx.saved_tensors)
        sums = (
            by if by is None else _sum_to_shape(by, shape).to(dtype)
            for by, (dtype, shape) in zip(by_parameters, ctx.parameters, strict=True)
        )
        return None, None, None, by_x if by_x is None else by_x.to(gradient.dtype), *sums


def _sum_to_shape(by, shape):
    """The sums of `by` in float64 over all that one number of a tensor of this shape stands for."""
    if shape.numel() == 1:
        return by.sum(dtype=torch.float64).reshape(shape)
    wide = (1,) * (by.ndim - len(shape)) + tuple(shape)
    over = [k for k, length in enumerate(wide) if length == 1]
    return by.sum(over, dtype=torch.float64).reshape(shape)


def _value_and_derivatives(definition, names, x, parameters, wanted, dtype):
    """(value, derivatives by those of x and the parameters that are `wanted`) in `dtype`.

    A parameter is given once for each x, so that one backward pass has its derivative at each.
    """
    given = [x, *(p.expand_as(x) for p in parameters)]
    given = [v.detach().to(dtype).requires_grad_(w) for v, w in zip(given, wanted, strict=True)]
    with torch.enable_grad():
        value = definition(given[0], on_torch, **dict(zip(names, given[1:], strict=True)))
    by = [v for v, w in zip(given, wanted, strict=True) if w]
    if not by:
        return value, []
    if not value.requires_grad:  # a constant
        return value, [torch.zeros_like(v) for v in by]
    ones = torch.ones_like(value)
    found = torch.autograd.grad(value, by, ones, allow_unused=True, materialize_grads=True)
    return value.detach(), found
