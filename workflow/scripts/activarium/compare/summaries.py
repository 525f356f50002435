"""The summary of a cell: its mean score over seeds with a Student-t interval, and its rank."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .paired_tests import mean, sd, t_interval
from .rank_intervals import rank_intervals
from .scores import add_scores, group_by_setting, pivot_scores, sorted_values


def summarize_cells(
    runs: pd.DataFrame, chance: Mapping[str, float], confidence: float
) -> list[dict]:
    """One dict a cell in the columns of `tables.SUMMARIES`; failures score as chance."""
    rows = []
    for setting, group in group_by_setting(add_scores(runs, "chance", chance)):
        scores = pivot_scores(group)
        ranks = rank_intervals(scores, confidence)
        failed = group[group["status"] == "diverged"].groupby("activation").size()
        for activation in scores:
            row = summarize_scores(
                sorted_values(scores[activation]), int(failed.get(activation, 0)), confidence
            )
            rows.append(setting | {"activation": activation} | row | ranks[activation])
    return rows


def summarize_scores(scores: np.ndarray, n_failed: int, confidence: float) -> dict:
    """The numbers of one cell from its `sorted_values`, `n_failed` of which are failures."""
    low, high = t_interval(scores, confidence)
    return {
        "n_ok": len(scores) - n_failed,
        "n_failed": n_failed,
        "mean": mean(scores),
        "sd": sd(scores),
        "median": float(np.median(scores)),
        "low": low,
        "high": high,
    }
