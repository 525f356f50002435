"""Duplicates: functions that are equal everywhere under two names, and how far apart others are."""

from collections.abc import Callable
from contextlib import suppress

from flint import ctx

from ..certify import BITS, Unproven, initial_state, symbolic
from ..certify.branch_and_bound import supremum
from ..certify.enclosure import to_decimals
from ..certify.pieces import split_into_pieces
from ..certify.piecewise import PiecewiseFunction


def equal_groups(definitions: dict[str, Callable]) -> list[list[str]]:
    """The groups of names in {name: definition} whose functions are proven equal on all of R.

    Each is brought into one normal form by identities that hold everywhere (tanh u = 2σ(2u) − 1,
    softplus u = −logsigmoid(−u), and so on); the same form means the same function. What learns
    is left out: it is trained into other functions, whatever it equals at its start. So is what
    cannot be read, of which nothing is proven.
    """
    groups: dict[tuple, list[str]] = {}
    for name, definition in definitions.items():
        with suppress(Unproven):
            if not initial_state.initial_parameters(definition):
                groups.setdefault(normal_form(definition), []).append(name)
    return sorted(names for names in groups.values() if len(names) > 1)


def normal_form(definition):
    """Something that is equal for two definitions only if their functions are equal."""
    traced = symbolic.trace(definition)
    cut = [(low, high, symbolic.normalize(f)) for low, high, f in symbolic.cut(traced)]
    joined = cut[:1]
    function = PiecewiseFunction(traced)
    for low, high, f in cut[1:]:
        before = joined[-1]
        if f is before[2] and _continuous(function, low):
            joined[-1] = (before[0], high, f)
        else:
            joined.append((low, high, f))
    torn = [low for low, _, _ in joined[1:] if not _continuous(function, low)]
    jumps = [symbolic.normalize(symbolic.resolve(traced, low)) for low in torn]
    return tuple((str(low), str(high), f) for low, high, f in joined), tuple(jumps)


def _continuous(function, r):
    """Whether f is proven continuous at a breakpoint."""
    try:
        return function.is_continuous(r, 0)
    except Unproven:
        return False


def sup_distance(f: Callable, g: Callable, bits: int = BITS) -> dict:
    """The enclosure of sup |f − g| over all of R, and where: {value, at}.

    Raises Unproven where f − g is unbounded or the search is undecided.
    """
    before = ctx.prec
    ctx.prec = bits
    try:
        apart = split_into_pieces(symbolic.trace(lambda x, xp: f(x, xp) - g(x, xp)))
        sides = sorted((supremum(apart, s) for s in (1, -1)), key=lambda s: float(s[0].mid()))
        (other, _), (value, at) = sides
        value = value.union(other.upper()) if other.upper() > value.upper() else value
        return {"value": to_decimals(value), "at": to_decimals(at)}
    finally:
        ctx.prec = before
