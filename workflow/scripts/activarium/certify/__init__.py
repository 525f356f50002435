"""Certify: an activation's profile, every number a proven enclosure over all of R.

`certify(definition)` reads the same definition that is trained. The way from it to the profile:
`expression` traces and cuts it, `real`, `tails` and `exact` evaluate it over balls, on all of
|x| ≥ T and at rationals, `roots` and `pieces` find every zero, `shape`, `ranges`, `trends`,
`asymptotes`, `gaussian` and `network` draw the conclusions, and `properties` collects them or says
why not.
"""

from .properties import BITS, certify, finite
from .unproven import Unproven

__all__ = ["BITS", "Unproven", "certify", "finite"]
