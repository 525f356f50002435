"""Whether a file's module() can be trained, and is what is proven where there is a definition."""

import math
from collections.abc import Callable, Sequence

import torch

from ..runtime.errors import describe_error
from . import on_torch

VALUE_TOLERANCE = 1e-5  # relative and absolute, since a module may hold float32 numbers
SLOPE_TOLERANCE = 1e-4
MAX_VALUE = 1e30  # beyond it float32 ends
WAY = "write both alike, or leave module() out"
OWN = "write a torch.autograd.Function with a backward, or a straight-through estimate"


def find_mismatch(module: torch.nn.Module, definition: Callable) -> str | None:
    """How `module`, a new one, differs from `definition(x, xp)`, as one sentence; else None.

    Values and slopes are compared in float64 at some 800 places of |x| ≤ 50, where learning
    starts: as evaluation has them and, where training draws nothing, as training has them. It
    is said, too, if one of the two learns and the other does not, and why a module cannot be run.
    """
    x = _test_inputs()
    expected = _values_and_slopes(lambda x: definition(x, on_torch), x)
    module = module.double()
    with torch.random.fork_rng(devices=[]):
        for training in (False, True):
            try:
                got = _values_and_slopes(module.train(training), x)
                again = _values_and_slopes(module, x) if training else got
            except Exception as error:
                what = describe_error(error)
                return f"module() cannot be run on images {list(x.shape)}: {what}"
            if got[0].shape != x.shape:
                return (
                    f"module() makes {list(got[0].shape)} of {list(x.shape)}; it must keep shapes"
                )
            if torch.equal(got[0], again[0]):  # else training draws
                said = _largest_difference(x, got, expected)
                if said:
                    return f"{said}{' while it trains' if training else ''}; {WAY}"
    return _compare_parameters(module, definition)


def find_fault(module: torch.nn.Module, shape: Sequence[int]) -> str | None:
    """Why `module` cannot be trained as an activation of inputs like `shape`, else None.

    It must give finite values and slopes, not all of them 0, and the same numbers twice when it
    evaluates. That is tried in float32 at some 800 places of |x| ≤ 50, with as long a first
    dimension as it takes. What the module raises is raised here.
    """
    x = _spread_inputs(shape)
    with torch.random.fork_rng(devices=[]):
        for training in (True, False):
            y, slopes = _values_and_slopes(module.train(training), x)
            again = module(x.clone()).detach()
            if fault := _find_not_finite(x, y, slopes):
                return fault
            if training and not slopes.any():
                return f"module() has the slope 0 everywhere, so nothing before it learns; {OWN}"
    if not torch.equal(y, again):
        return "module() gives other numbers each time it evaluates; draw while training alone"
    return None


def _spread_inputs(shape):
    """At least 800 places in a tensor like `shape`, three quarters of them of |x| ≤ 8."""
    first, rest = shape[0], math.prod(shape[1:])
    first = max(first, -(-800 // rest))
    near, far = 3 * first * rest // 4, first * rest - 3 * first * rest // 4
    x = torch.cat([torch.linspace(-8, 8, near), torch.linspace(-50, 50, far)])
    return (x + 0.0012345678).reshape(first, *shape[1:])


def _find_not_finite(x, y, slopes):
    """Where values or slopes are infinite or no numbers, or that there are no slopes; else None."""
    if slopes is None:
        return f"module() passes no gradient back to its input; {OWN}"
    for word, values in (("gives", y), ("has the slope", slopes)):
        if not values.isfinite().all():
            at = values.isfinite().logical_not().flatten().nonzero()[0]
            number, place = values.flatten()[at].item(), x.flatten()[at].item()
            return f"module() {word} {number:.6g} at x = {place:.4g}; it must be finite there"
    return None


def _test_inputs():
    """Where the two are compared, as images of one pixel; no number that anybody writes."""
    x = torch.cat([torch.linspace(-8, 8, 601), torch.linspace(-50, 50, 201)]).double()
    return (x + 0.0012345678).reshape(-1, 1, 1, 1)


def _values_and_slopes(function, x):
    """(values at x, slopes); the slopes are None where no gradient comes back to x."""
    x = x.clone().requires_grad_()
    y = function(x + 0)  # what changes its input in place changes a copy
    if not isinstance(y, torch.Tensor):
        raise TypeError(f"it gives a {type(y).__name__} and no tensor")
    if not y.requires_grad or y.shape != x.shape:
        return y.detach(), None
    return y.detach(), torch.autograd.grad(y.double().sum(), x, allow_unused=True)[0]


def _largest_difference(x, got, expected):
    """Where a value, or else a slope, is farthest from what is defined, if that is too far."""
    got, expected = (
        [torch.zeros_like(x) if v is None else v for v in two] for two in (got, expected)
    )
    for word, ours, theirs, allowed in zip(
        ("gives", "has the slope"), got, expected, (VALUE_TOLERANCE, SLOPE_TOLERANCE), strict=True
    ):
        counts = theirs.isfinite() & (theirs.abs() < MAX_VALUE)
        apart = (ours.double() - theirs).abs() / (1 + theirs.abs())
        apart = torch.where(counts, apart.nan_to_num(nan=torch.inf), 0)
        at = apart.argmax()
        if apart.flatten()[at] > allowed:
            place, one, other = (v.flatten()[at].item() for v in (x, ours, theirs))
            return f"module() {word} {one:.6g} at x = {place:.4g}, definition {other:.6g}"
    return None


def _compare_parameters(module, definition):
    count = sum(p.numel() for p in module.parameters())
    names = list(getattr(definition, "__kwdefaults__", None) or ())
    if count and not names:
        way = "name them behind a *, as in def definition(x, xp, *, slope=0.25)"
        return f"module() learns {count} numbers, definition none; {way}"
    if names and not count:
        return f"definition learns {', '.join(names)}, module() nothing; {WAY}"
    return None
