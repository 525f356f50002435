"""Work: what one property may cost, counted and never timed, so that refusals are reproducible."""

from contextlib import contextmanager

from .refusal import Unproven

PROPERTY = 40000  # units for one property: jets and products; the house needs 8500 at most
INTERVAL = 20  # units for one interval of a Gaussian moment


class _Account:
    left = None  # None: nobody counts


@contextmanager
def limited():
    """Inside of it `spend` refuses once more than PROPERTY units are spent."""
    before, _Account.left = _Account.left, PROPERTY
    try:
        yield
    finally:
        _Account.left = before


def spend(units=1):
    """Take units from what is allowed. Raises Unproven where nothing is left."""
    if _Account.left is not None:
        _Account.left -= units
        if _Account.left < 0:
            raise Unproven(f"undecided within the {PROPERTY} units of work for one property")
