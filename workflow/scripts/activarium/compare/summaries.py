"""The summary of a cell: its mean score over seeds with a Student-t interval."""

import math

import numpy as np
from scipy import stats

from .scores import CELL, scored


def t_interval(values, confidence):
    """(low, high) for the mean of `values`, Student t on n − 1 degrees; NaN below two values.

    Student 1908. Unlike the percentile bootstrap it keeps its coverage at three to ten seeds.
    """
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    half = stats.t.ppf((1 + confidence) / 2, n - 1) * np.std(values, ddof=1) / math.sqrt(n)
    return np.mean(values) - half, np.mean(values) + half


def summaries(runs, chance, confidence):
    """One dict a cell in the columns of `tables.SUMMARIES`; failures score as chance."""
    rows = []
    for cell, group in scored(runs, "chance", chance).groupby(CELL, sort=True):
        scores = group.sort_values("seed")["score"].to_numpy()
        low, high = t_interval(scores, confidence)
        rows.append(
            dict(zip(CELL, cell, strict=True))
            | {
                "n_ok": int((group["status"] == "ok").sum()),
                "n_failed": int((group["status"] == "diverged").sum()),
                "mean": float(np.mean(scores)),
                "sd": float(np.std(scores, ddof=1)) if len(scores) > 1 else math.nan,
                "median": float(np.median(scores)),
                "low": float(low),
                "high": float(high),
            }
        )
    return rows
