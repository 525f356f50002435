"""How often runs diverge: a failure is an outcome, and this is its own table."""

import pandas as pd
from scipy import stats

from .scores import CELL


def count_failures(runs: pd.DataFrame, confidence: float) -> list[dict]:
    """One dict a cell: runs, failures, and their share with Clopper–Pearson ends (1934).

    The interval is exact for a binomial share and reaches from 0 where none failed.
    """
    rows = []
    for cell, group in runs.groupby(CELL, sort=True):
        n, failed = len(group), int((group["status"] == "diverged").sum())
        ends = stats.binomtest(failed, n).proportion_ci(confidence, method="exact")
        rows.append(
            dict(zip(CELL, cell, strict=True))
            | {"n_runs": n, "n_failed": failed, "share": failed / n}
            | {"low": float(ends.low), "high": float(ends.high)}
        )
    return rows
