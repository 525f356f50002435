"""Ranks with two ends: how good and how bad the place of each activation may truly be."""

from itertools import combinations

import numpy as np
import pandas as pd

from .pairwise_max_t import pair_differences, pairwise_max_t
from .scores import significance_level


def rank_intervals(scores: pd.DataFrame, confidence: float) -> dict[str, dict]:
    """{activation: {"rank_low", "rank_high"}} in one setting; rank 1 has the highest mean score.

    All pairs are compared in one family of `pairwise_max_t`. An activation's best possible
    rank is one after those shown to be better, its worst possible one before those shown to be
    worse. All true ranks lie in their intervals together with at least `confidence` (Mogstad,
    Romano, Shaikh and Wilhelm 2024, Inference for ranks, Review of Economic Studies 91). For the
    first place alone `best.list_possible_best` needs fewer comparisons. `scores` is from
    `pivot_scores`.
    """
    names, d = list(scores), pair_differences(scores)
    better, worse = np.zeros(len(names), int), np.zeros(len(names), int)
    pairs = combinations(range(len(names)), 2)
    for (a, b), total, p in zip(pairs, np.nansum(d, axis=1), pairwise_max_t(scores), strict=True):
        if p < significance_level(confidence):
            winner, loser = (a, b) if total > 0 else (b, a)
            better[loser] += 1
            worse[winner] += 1
    ends = zip(names, 1 + better, len(names) - worse, strict=True)
    return {name: {"rank_low": int(low), "rank_high": int(high)} for name, low, high in ends}
