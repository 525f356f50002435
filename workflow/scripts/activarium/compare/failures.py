"""How often runs diverge: a failure is an outcome, and this is its own table."""

from functools import cache

import pandas as pd
from scipy import stats

from .scores import CELL


def count_failures(runs: pd.DataFrame, confidence: float) -> list[dict]:
    """One dict a cell: runs, failures, and their share with Clopper–Pearson ends (1934).

    The interval is exact for a binomial share and reaches from 0 where none failed.
    """
    rows = []
    diverged = (runs["status"] == "diverged").groupby([runs[name] for name in CELL], sort=True)
    for cell, n, failed in diverged.agg(["size", "sum"]).itertuples():
        low, high = _interval(int(failed), int(n), confidence)
        rows.append(
            dict(zip(CELL, cell, strict=True))
            | {"n_runs": int(n), "n_failed": int(failed), "share": int(failed) / int(n)}
            | {"low": low, "high": high}
        )
    return rows


@cache  # most cells have as many runs, and no failure
def _interval(failed, n, confidence):
    """(low, high) of Clopper and Pearson."""
    ends = stats.binomtest(failed, n).proportion_ci(confidence, method="exact")
    return float(ends.low), float(ends.high)
