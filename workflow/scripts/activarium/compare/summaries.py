"""The summary of a cell: its mean score over seeds with a Student-t interval, and its rank."""

import numpy as np

from .paired_tests import mean, sd, t_interval
from .rank_intervals import rank_intervals
from .scores import by_setting, known, scored, wide


def summaries(runs, chance, confidence):
    """One dict a cell in the columns of `tables.SUMMARIES`; failures score as chance."""
    rows = []
    for setting, group in by_setting(scored(runs, "chance", chance)):
        scores = wide(group)
        ranks = rank_intervals(scores, confidence)
        failed = group[group["status"] == "diverged"].groupby("activation").size()
        for activation in scores:
            row = summary(known(scores[activation]), int(failed.get(activation, 0)), confidence)
            rows.append(setting | {"activation": activation} | row | ranks[activation])
    return rows


def summary(scores, n_failed, confidence):
    """The numbers of one cell from its scores, `scores.known`, `n_failed` of which are failures."""
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
