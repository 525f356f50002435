"""Ranks with two ends: how good and how bad the place of each activation may truly be."""

import numpy as np
import pandas as pd

from .pairwise_max_t import pair_differences, pairs_of, pairwise_max_t
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
    names, total = list(scores), np.nansum(pair_differences(scores), axis=1)
    shown = pairwise_max_t(scores) < significance_level(confidence)
    first, second = pairs_of(len(names))
    losers = np.where(total > 0, second, first)[shown]
    winners = np.where(total > 0, first, second)[shown]
    better, worse = (np.bincount(who, minlength=len(names)) for who in (losers, winners))
    ends = zip(names, 1 + better, len(names) - worse, strict=True)
    return {name: {"rank_low": int(low), "rank_high": int(high)} for name, low, high in ends}
