"""The profile of an activation: every property with its enclosure, or why it is not proven."""

from collections.abc import Callable

from flint import ctx, fmpq

from . import budget, gaussian, initial_state, mean_field, symbolic
from .asymptotes import asymptotes
from .enclosure import to_decimals
from .monotonicity import convex_pieces, monotone_pieces, parity
from .pieces import cached_method
from .piecewise import PiecewiseFunction
from .ranges import lipschitz_constant, range_of_derivative
from .unproven import Unproven

BITS = 128  # working precision
PROVEN_LAST = {  # what needs complete lists of zeros, which cost most, comes last
    *("zeros", "stationary_points", "inflection_points", "identically_zero_on", "range_f"),
    *("range_fprime", "range_fsecond", "lipschitz", "smoothness", "monotone", "convex", "bounded"),
}


def certify(definition: Callable, bits: int = BITS, draws: bool = False) -> dict:
    """The profile of `definition(x, xp)` as a dict ready for JSON, all over the real numbers.

    Keys: definition, bits, parameters (where those that are learned start; the whole profile holds
    there), draws (whether what is trained draws at random, and the profile is of the form without
    that), class, breakpoints, kinks, zeros, stationary_points,
    inflection_points, identically_zero_on, range_f, range_fprime, range_fsecond, lipschitz,
    smoothness, monotone, convex, bounded, parity, asymptotes, gaussian, gain, chi1,
    variance_map, edge_of_chaos, refused. An enclosure is [low, high], two decimal strings
    rounded outwards; infinite ends are "-inf" and "inf". A property that could not be proven is
    null, and `refused` says why; a definition that cannot be read at all has only that.
    """
    before = ctx.prec
    ctx.prec = bits
    try:
        about = {"bits": bits, "parameters": {}, "draws": draws}
        with budget.limit_activation():
            return _profile(definition, about)
    finally:
        ctx.prec = before


def finite(definition: Callable, span: int) -> None:
    """Refuse a definition that is not proven finite on |x| ≤ span. Raises Unproven."""
    with budget.limit_property():
        for piece in PiecewiseFunction(symbolic.trace(definition)).pieces:
            piece.check_finite(span)


def _profile(definition, about):
    try:
        about["parameters"] = initial_state.initial_parameters(definition)
        traced = symbolic.trace(definition)
        with budget.limit_property():
            function = PiecewiseFunction(traced)
            all(piece.check_finite() for piece in function.pieces)
        properties = _properties(function)
    except Unproven as why:
        unknown = dict.fromkeys(_properties(None))
        return {"definition": None} | about | unknown | {"refused": {"definition": str(why)}}
    proven, refused = {}, {}
    for name in sorted(properties, key=lambda name: name in PROVEN_LAST):
        try:
            with budget.limit_property():
                proven[name] = properties[name]()
        except Unproven as why:
            proven[name], refused[name] = None, str(why)
    profile = {"definition": symbolic.format_expression(traced)} | about
    profile |= {name: proven[name] for name in properties}
    refused = {name: refused[name] for name in properties if name in refused}
    return profile | {"refused": refused | _undecided_parts(profile)}


def _properties(function):
    """{key: a function without arguments that proves it}, in the order of the profile."""
    moments, jumps = (
        _ComputedOnce(lambda: gaussian.moments(function)),
        _ComputedOnce(lambda: function.jumps()),
    )
    return {
        "class": lambda: function.smoothness()[1],
        "breakpoints": lambda: [to_decimals(r) for r in function.breakpoints],
        "kinks": lambda: function.kinks(),
        "zeros": lambda: _describe_zeros(function, 0),
        "stationary_points": lambda: _describe_zeros(function, 1),
        "inflection_points": lambda: _describe_zeros(function, 2),
        "identically_zero_on": lambda: _zero_intervals(function),
        "range_f": lambda: range_of_derivative(function, 0),
        "range_fprime": lambda: range_of_derivative(function, 1),
        "range_fsecond": lambda: range_of_derivative(function, 2),
        "lipschitz": lambda: to_decimals(lipschitz_constant(function, 1)),
        "smoothness": lambda: to_decimals(lipschitz_constant(function, 2)),
        "monotone": lambda: monotone_pieces(function),
        "convex": lambda: convex_pieces(function),
        "bounded": lambda: _is_bounded_by_side(function),
        "parity": lambda: parity(function),
        "asymptotes": lambda: asymptotes(function),
        "gaussian": lambda: mean_field.gaussian_properties(
            moments(), _probability_of_zero_slope(function), jumps
        ),
        "gain": lambda: to_decimals(mean_field.gain(moments())),
        "chi1": lambda: to_decimals(mean_field.chi1(moments(), jumps())),
        "variance_map": lambda: mean_field.variance_map(moments(), function),
        "edge_of_chaos": lambda: mean_field.edge_of_chaos(moments(), jumps()),
    }


class _ComputedOnce:
    """`compute()` called at most once, also where it raises Unproven."""

    def __init__(self, compute):
        self.compute = compute

    @cached_method
    def __call__(self):
        return self.compute()


def _describe_zeros(function, k):
    """The isolated zeros of f⁽ᵏ⁾, each with f's value there; for f′ and f″ also what it is."""
    points, _ = function.zeros(k)
    found = []
    for root, piece in points:
        entry = {"x": to_decimals(root.best)}
        entry["multiplicity"] = root.multiplicity
        if k:
            entry["value"] = to_decimals(piece.value(0, root))
            entry["kind"] = function.classify_zero(k, root)
        found.append(entry)
    period = function.period(k)
    return found if period is None else [e | {"period": to_decimals(period)} for e in found]


def _zero_intervals(function):
    """The intervals on which f, f′ or f″ is 0, by the key of the list that they belong to."""
    keys = ("zeros", "stationary_points", "inflection_points")
    found = {}
    for k, key in enumerate(keys):
        found[key] = [[_word(a, "-inf"), _word(b, "inf")] for a, b in function.zero_intervals(k)]
    return found


def _word(end, infinite):
    return infinite if end is None else to_decimals(end)


def _probability_of_zero_slope(function):
    """P(f′(z) = 0) for a standard normal z: isolated zeros weigh nothing."""
    return sum(
        (gaussian.normal_probability(*interval) for interval in function.zero_intervals(1)), fmpq(0)
    )


def _is_bounded_by_side(function):
    """Whether f is bounded below and above."""
    ends = range_of_derivative(function, 0)
    below, above = _is_finite(*ends["inf"]["value"]), _is_finite(*ends["sup"]["value"])
    return {"below": below, "above": above}


def _is_finite(low, high):
    """Whether an enclosed extreme is finite; Unproven where only one end is infinite."""
    infinite = {"-inf", "inf"} & {low, high}
    if infinite and low != high:
        raise Unproven("what is beyond 10^1000 is not told from infinity")
    return not infinite


def _undecided_parts(profile):
    """Reasons for parts of a property that are not proven while the rest of it is."""
    found = {}
    for key in ("range_f", "range_fprime", "range_fsecond"):
        for name, extreme in (profile[key] or {}).items():
            if extreme["attained"] is None:
                found[f"{key}.{name}.attained"] = "a value and a limit cannot be told apart"
    for key in ("gaussian", "variance_map"):
        part = profile[key] or {}
        why = part.pop("refused", None)
        found |= {f"{key}.{name}": why for name, value in part.items() if value is None}
    return found
