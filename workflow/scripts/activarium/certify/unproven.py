"""Unproven: the one exception of the proofs, a property that is refused with the reason."""


class Unproven(Exception):
    """What could not be proven and why, as one line; never raised to hide a wrong claim."""
