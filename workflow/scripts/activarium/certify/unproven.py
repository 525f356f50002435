"""Unproven: the exception of the proofs, for a property that could not be proven."""


class Unproven(Exception):
    """What could not be proven and why, as one line."""
