"""The work that one property may cost, counted and not timed, so that results are reproducible.

A unit is about 1 µs of one core: a power series over balls takes a few for each operation in it, a
product of two tails a hundred and more.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from .unproven import Unproven

PER_PROPERTY = 2_000_000  # units; a built-in activation needs half of it at most
PER_ACTIVATION = 6_000_000  # units for all properties; a built-in needs a third


class _Account:
    """What is left of one property and of the whole activation, in units."""

    left: int | None = None  # None: nobody counts
    whole: int | None = None


@contextmanager
def limit_activation() -> Iterator[None]:
    """Inside, all properties together may cost PER_ACTIVATION units."""
    before, _Account.whole = _Account.whole, PER_ACTIVATION
    try:
        yield
    finally:
        _Account.whole = before


@contextmanager
def limit_property() -> Iterator[None]:
    """Inside, `spend` raises after PER_PROPERTY units, or where PER_ACTIVATION is used up."""
    before, total = _Account.left, _Account.whole
    allowed = PER_PROPERTY if total is None else min(PER_PROPERTY, total)
    _Account.left = allowed
    try:
        yield
    finally:
        if total is not None:
            _Account.whole = total - allowed + max(_Account.left or 0, 0)
        _Account.left = before


def spend(units: int = 1) -> None:
    """Take units from what is allowed. Raises Unproven where nothing is left."""
    if _Account.left is not None:
        _Account.left -= units
        if _Account.left < 0:
            alone = _Account.whole is None or _Account.whole >= PER_PROPERTY
            allowed, of = (PER_PROPERTY, "property") if alone else (PER_ACTIVATION, "activation")
            raise Unproven(f"undecided within the {allowed} units of work for one {of}")
