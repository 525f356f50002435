"""Ranks with two ends: how good and how bad the place of each activation may truly be."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from .permutation_tests import max_t
from .scores import DIGITS, significance_level


def rank_intervals(scores: pd.DataFrame, confidence: float) -> dict[str, dict]:
    """{activation: {"rank_low", "rank_high"}} in one setting; rank 1 has the highest mean score.

    All pairs are compared in one family of `permutation_tests.max_t`. An activation's best possible
    rank is one after those shown to be better, its worst possible one before those shown to be
    worse. All true ranks lie in their intervals together with at least `confidence` (Mogstad,
    Romano, Shaikh and Wilhelm 2024, Inference for ranks, Review of Economic Studies 91). For the
    first place alone `best.list_possible_best` needs fewer comparisons. `scores` is from
    `pivot_scores`.
    """
    names = list(scores)
    pairs = list(combinations(range(len(names)), 2))
    better, worse = np.zeros(len(names), int), np.zeros(len(names), int)
    if pairs:
        d = pair_differences(scores, pairs)
        for (a, b), row, p in zip(pairs, d, max_t(d), strict=True):
            if p < significance_level(confidence):
                winner, loser = (a, b) if np.nansum(row) > 0 else (b, a)
                better[loser] += 1
                worse[winner] += 1
    ends = zip(names, 1 + better, len(names) - worse, strict=True)
    return {name: {"rank_low": int(low), "rank_high": int(high)} for name, low, high in ends}


def pair_differences(scores: pd.DataFrame, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Paired differences [pairs, seeds] of the columns a − b for each (a, b) of `pairs`."""
    table = scores.to_numpy().T
    first, second = np.transpose(pairs)
    return np.round(table[first] - table[second], DIGITS)
