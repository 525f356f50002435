"""Certify every built-in activation on one core: a table of CPU times, the total last.

    PYTHONPATH=workflow/scripts python benchmarks/certify.py

The targets are 60 s in all and 10 s for the slowest.
"""

import time
from decimal import Decimal

from activarium import activations
from activarium.certify import certify
from activarium.certify.enclosure import relative_width
from activarium.certify.profile_table import profile_rows


def widest(profile):
    """The largest width of an enclosure in the profile, relative above 1."""
    rows = [r for r in profile_rows({"": profile}) if r["low_decimal"]]
    found = [(r["low_decimal"], r["high_decimal"]) for r in rows]
    return max(
        (relative_width(ends) for ends in found if "inf" not in "".join(ends)), default=Decimal(0)
    )


def main():
    """Print one line an activation and the totals."""
    spent, refused, widths = {}, {}, {}
    for name in activations.names():
        definition = activations.load(name).definition
        start = time.process_time()
        profile = certify(definition)
        spent[name] = time.process_time() - start
        refused[name], widths[name] = sorted(profile["refused"]), widest(profile)
        print(f"{name:16} {spent[name]:7.3f} s  {widths[name]:9.1e}  {', '.join(refused[name])}")
    slowest = max(spent, key=spent.get)
    print(
        f"whole {sum(not r for r in refused.values())}, in part {sum(map(bool, refused.values()))}"
    )
    print(f"widest enclosure {max(widths.values()):.1e}, slowest {slowest} {spent[slowest]:.2f} s")
    print(f"total {sum(spent.values()):.2f} s for {len(spent)} activations")


if __name__ == "__main__":
    main()
