"""Implementation numerics: what torch computes for an activation, held against certified values.

What is trained (the module, evaluating, with its learned parameters at their start) runs on the CPU
on inputs of each dtype, under autocast for 16 bits, which leaves the parameters in float32. Exact
values and slopes come from real jets at the very input, so an error is that of the implementation
alone. Errors are the largest found on the inputs tested; finiteness and flushing to zero are tested
on every finite input of bfloat16 and float16.
"""

import math
from collections.abc import Callable

import torch
from flint import arb, ctx, fmpq

from ..certify import ball_jets, symbolic
from ..certify.pieces import split_into_pieces
from .call_module import call_module
from .torch_module import ALLOWED_EPS, MAX_INPUT

BITS = 256  # so that tails keep their relative accuracy far out
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
INPUT_SIZES = (2.0**-14, 128.0)  # of the inputs on which errors are measured
SAMPLE_SIZE = 3000  # inputs of each dtype on which errors are measured, about


def measure_numerics(definition: Callable, module: torch.nn.Module) -> dict[str, dict]:
    """{dtype: what `measure_dtype` gives} of a `module` that should compute `definition(x, xp)`."""
    before = ctx.prec
    ctx.prec = BITS
    try:
        exact = ExactFunction(definition)
        return {name: measure_dtype(exact, module, dtype) for name, dtype in DTYPES.items()}
    finally:
        ctx.prec = before


class ExactFunction:
    """Certified value and slope of a definition at a float."""

    def __init__(self, definition):
        self.traced = symbolic.trace(definition)
        self.pieces = split_into_pieces(self.traced)
        self.breakpoints = {piece.low for piece in self.pieces[1:]}
        self.at_breakpoints = {r: symbolic.resolve(self.traced, r) for r in self.breakpoints}

    def __call__(self, x):
        """(f, f′) as balls at the float x; at a kink the side that the definition names."""
        r = fmpq(*x.as_integer_ratio())
        branch = self.at_breakpoints.get(r)
        if branch is None:
            branch = next(p.f for p in self.pieces if p.high is None or r < p.high)
        return ball_jets.jet(branch, arb(r), 1)


def measure_dtype(exact, module, dtype):
    """What one dtype does: errors of value and gradient, zeros far out, what is not finite.

    Keys: inputs, value and gradient (each {max_abs, max_abs_at, max_ulp, max_ulp_at,
    wrong_sign, zero_below, zero_above, right_to}) and not_finite ({inputs, value, gradient,
    first_at}). `right_to` is the |x| up to which all of 200 inputs as far as REACH were right,
    off by RIGHT times float32's eps or 4 times the dtype's, of the exact result's size or of 1.
    """
    module = module.eval()
    x = sample_inputs(dtype)
    rows = [exact(v) for v in x.double().tolist()]
    found, right = {"inputs": len(x)}, _accurate_up_to(exact, module, dtype)
    for k, (name, computed) in enumerate(
        zip(("value", "gradient"), value_and_gradient(module, x), strict=True)
    ):
        got = zip(x.double().tolist(), computed.double().tolist(), rows, strict=True)
        errors = _measure_errors(((at, y, balls[k]) for at, y, balls in got), dtype)
        flushed = {
            f"zero_{side}": _flushed_to_zero_from(exact, module, dtype, k, side) for side in SIDES
        }
        found[name] = errors | flushed | {"right_to": right[k]}
    return found | {"not_finite": _count_not_finite(exact, module, dtype)}


def value_and_gradient(
    module: torch.nn.Module, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(value, gradient) of the module at every x, as training computes them."""
    leaf = x.clone().requires_grad_()
    with torch.autocast("cpu", x.dtype, enabled=x.dtype.itemsize == 2):
        y = call_module(module, leaf)
    if not y.requires_grad:
        return y, torch.zeros_like(x)
    return y.detach(), torch.autograd.grad(y.sum(), leaf)[0]


def all_inputs(dtype):
    """Every finite input of a 16-bit dtype, in order; of float32 those that bfloat16 has too."""
    small = dtype if dtype.itemsize == 2 else torch.bfloat16
    bits = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16)
    x = bits.view(small)
    return x[x.isfinite()].double().unique().to(dtype)


def sample_inputs(dtype):
    """About TESTED inputs of a size in SIZES, evenly spread over the logarithm, and 0."""
    if dtype == torch.float32:
        generator = torch.Generator().manual_seed(0)
        low, high = (math.log(size) for size in INPUT_SIZES)
        size = torch.empty(SAMPLE_SIZE // 2, dtype=torch.float64).uniform_(
            low, high, generator=generator
        )
        x = size.exp().float()
        return torch.cat([-x, x]).unique()
    x = all_inputs(dtype)
    x = x[(x.abs() >= INPUT_SIZES[0]) & (x.abs() <= INPUT_SIZES[1])]
    return x[:: max(1, len(x) // SAMPLE_SIZE)]


def ulp(value, dtype):
    """The spacing of a dtype's numbers at a real of this size."""
    info = torch.finfo(dtype)
    least = info.smallest_normal
    size = max(abs(value), least)
    return info.eps * 2.0 ** math.floor(math.log2(size))


def _measure_errors(results, dtype):
    """The largest absolute and ulp error, and how often the sign is wrong.

    `results` are (input, computed, ball of the exact result).
    """
    worst = {"max_abs": 0.0, "max_abs_at": None, "max_ulp": 0.0, "max_ulp_at": None}
    wrong = 0
    for at, got, ball in results:
        true = float(ball.mid())
        if not math.isfinite(got) or abs(true) > torch.finfo(dtype).max:
            continue  # counted as not finite
        error = float(abs(arb(got) - ball).upper())
        for key, size in (("max_abs", error), ("max_ulp", error / ulp(true, dtype))):
            if size > worst[key]:
                worst |= {key: size, f"{key}_at": at}
        wrong += bool(ball * got < 0)
    return worst | {"wrong_sign": wrong}


def _accurate_up_to(exact, module, dtype):
    """[of the value, of the gradient]: the |x| up to which they are right, REACH if to the end."""
    sizes = torch.logspace(math.log2(INPUT_SIZES[0]), math.log2(MAX_INPUT), 100, base=2).to(dtype)
    x = torch.cat([-sizes, sizes])
    rows, computed = [exact(v) for v in x.double().tolist()], value_and_gradient(module, x)
    return [
        _largest_accurate(sizes, [balls[k] for balls in rows], computed[k].double().tolist(), dtype)
        for k in (0, 1)
    ]


def _largest_accurate(sizes, balls, got, dtype):
    """The largest of `sizes` up to which what was got at −sizes and at sizes is right."""
    most = torch.finfo(dtype).max
    eps = max(ALLOWED_EPS * torch.finfo(torch.float32).eps, 4 * torch.finfo(dtype).eps)
    exact = [float(ball.mid()) for ball in balls]
    right = [
        abs(true) > most or abs(y - true) <= eps * max(1, abs(true))  # not where y is nan
        for y, true in zip(got, exact, strict=True)
    ]
    n, reached = len(sizes), 0.0
    for k, size in enumerate(sizes.tolist()):
        if not (right[k] and right[n + k]):
            return reached
        reached = size
    return MAX_INPUT


SIDES = {"below": -1, "above": 1}


def _flushed_to_zero_from(exact, module, dtype, k, side):
    """The least |x| from where on every input on that side gives 0 though f is not 0, or None."""
    x = all_inputs(dtype)
    x = x[x * SIDES[side] > 0]
    x = x[x.abs().argsort()]
    computed = value_and_gradient(module, x)[k]
    alive = computed.ne(0).nonzero()
    first = int(alive[-1]) + 1 if len(alive) else 0
    if first == len(x):
        return None
    at = float(x[first])
    return None if exact(at)[k].contains(0) else at


def _count_not_finite(exact, module, dtype):
    """How many inputs give inf or nan where the exact result has a place in the dtype."""
    x = all_inputs(dtype)
    largest, found, first = torch.finfo(dtype).max, {"inputs": len(x)}, None
    for k, (name, computed) in enumerate(
        zip(("value", "gradient"), value_and_gradient(module, x), strict=True)
    ):
        suspects = x[~computed.isfinite()].double().tolist()
        bad = [v for v in suspects if float(abs(exact(v)[k]).lower()) <= largest]
        found[name] = len(bad)
        first = first if first is not None or not bad else min(bad, key=abs)
    return found | {"first_at": first}
