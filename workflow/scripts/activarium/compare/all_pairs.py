"""All pairs of activations in one setting: exploratory, a matrix, and no verdict comes of it."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from .paired_tests import adjust_p_values, mean, paired_t_test, superiority, t_interval
from .rank_intervals import pair_differences
from .scores import sorted_values


def compare_all_pairs(scores: pd.DataFrame, confidence: float) -> list[dict]:
    """One dict a pair (a before b by name): the paired difference a − b and what goes with it.

    p_t_bh is corrected over all pairs of the setting by Benjamini and Hochberg (1995), whose
    false discovery rate is a weaker promise than that of the contrasts. `scores` is from
    `pivot_scores`.
    """
    names = list(scores)
    pairs = list(combinations(range(len(names)), 2))
    found = pair_differences(scores, pairs) if pairs else np.empty((0, len(scores)))
    rows = [
        {"activation": names[a], "other": names[b]} | _pair(sorted_values(d), confidence)
        for (a, b), d in zip(pairs, found, strict=True)
    ]
    corrected = adjust_p_values([row["p_t"] for row in rows], stats.false_discovery_control)
    return [row | {"p_t_bh": p} for row, p in zip(rows, corrected, strict=True)]


def _pair(d, confidence):
    low, high = t_interval(d, confidence)
    return {
        "n_pairs": len(d),
        "mean_diff": mean(d),
        "low": low,
        "high": high,
        "p_superior": superiority(d),
        "p_t": paired_t_test(d),
    }
