"""Certify: an activation's profile, every number a proven enclosure over all of R.

    from activarium.certify import certify_activation

    certify_activation("gelu")["lipschitz"]     # or an expression, "x*ndtr(1.1*x)"

`certify(definition)` reads the same definition that is trained. `symbolic` traces and cuts it.
`ball_jets`, `tails` and `rational_jets` evaluate it over balls, on all of |x| ≥ T and at
rationals. `roots` and `pieces` find every zero. `piecewise`, `ranges`, `monotonicity`,
`asymptotes`, `gaussian` and `mean_field` draw the conclusions. `properties` collects them, or says
why one is missing.
"""

from .certify_activation import certify_activation
from .properties import BITS, certify, finite
from .unproven import Unproven

__all__ = ["BITS", "Unproven", "certify", "certify_activation", "finite"]
