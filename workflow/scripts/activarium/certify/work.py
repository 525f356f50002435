"""Work: what one property may cost, counted and never timed, so that refusals are reproducible.

A unit is about 1 µs of one core: a power series over balls takes a few for each operation in it, a
product of two tails a hundred and more.
"""

from contextlib import contextmanager

from .refusal import Unproven

PROPERTY = 2_000_000  # units for one property; one of the house needs half of it at most
WHOLE = 6_000_000  # units for all properties of one activation; one of the house needs a third


class _Account:
    left = None  # None: nobody counts
    whole = None


@contextmanager
def whole():
    """Inside of it all that is `limited` may together cost WHOLE units."""
    before, _Account.whole = _Account.whole, WHOLE
    try:
        yield
    finally:
        _Account.whole = before


@contextmanager
def limited():
    """Inside of it `spend` refuses once more than PROPERTY units are spent, or all of WHOLE."""
    before, total = _Account.left, _Account.whole
    allowed = PROPERTY if total is None else min(PROPERTY, total)
    _Account.left = allowed
    try:
        yield
    finally:
        if total is not None:
            _Account.whole = total - allowed + max(_Account.left, 0)
        _Account.left = before


def spend(units=1):
    """Take units from what is allowed. Raises Unproven where nothing is left."""
    if _Account.left is not None:
        _Account.left -= units
        if _Account.left < 0:
            alone = _Account.whole is None or _Account.whole >= PROPERTY
            allowed, of = (PROPERTY, "property") if alone else (WHOLE, "activation")
            raise Unproven(f"undecided within the {allowed} units of work for one {of}")
