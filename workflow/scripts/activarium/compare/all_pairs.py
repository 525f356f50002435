"""All pairs of activations in one setting: exploratory, a matrix, and no verdict comes of it."""

import math
from collections.abc import Collection

import numpy as np
import pandas as pd
from scipy import stats

from .paired_tests import adjust_p_values, t_quantile, t_test_p
from .pairwise_max_t import pair_differences, pairs_of

NAMES = ("mean_diff", "low", "high", "p_superior", "p_t")


def compare_all_pairs(
    scores: pd.DataFrame, confidence: float, shown: Collection[str] | None = None
) -> list[dict]:
    """One dict a pair (a before b by name): the paired difference a − b and what goes with it.

    p_t_bh is corrected over all pairs of the setting by Benjamini and Hochberg (1995), whose
    false discovery rate is a weaker promise than that of the contrasts. `scores` is from
    `pivot_scores`. `shown` limits what is returned to pairs of these activations.
    """
    columns = _describe(np.sort(pair_differences(scores), axis=1), confidence)
    columns["p_t_bh"] = np.array(
        adjust_p_values(columns["p_t"], stats.false_discovery_control), float
    )
    names = scores.columns.to_numpy(object)
    first, second = pairs_of(len(names))
    if shown is not None:
        kept = np.isin(names, list(shown))
        kept = kept[first] & kept[second]
        first, second = first[kept], second[kept]
        columns = {name: column[kept] for name, column in columns.items()}
    columns = {"activation": names[first], "other": names[second]} | columns
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _describe(d, confidence):
    """{column: values [pairs]} of the differences [pairs, seeds], sorted in each row, NaN last.

    Pairs of as many differences are described together. The values are those of `paired_tests`.
    """
    counts = (~np.isnan(d)).sum(1)
    columns = {"n_pairs": counts} | {n: np.full(len(d), np.nan) for n in NAMES}
    for n in np.unique(counts[counts > 0]):
        of_n = counts == n
        for name, values in zip(NAMES, _describe_equal(d[of_n, :n], confidence), strict=True):
            columns[name][of_n] = values
    return columns


def _describe_equal(d, confidence):
    """The columns `NAMES` of differences [pairs, n] without NaN."""
    n, mean = d.shape[1], d.mean(1)
    superior = ((d > 0) + 0.5 * (d == 0)).mean(1)
    if n < 2:
        return mean, np.nan, np.nan, superior, np.nan
    half = t_quantile(confidence, n) * np.std(d, axis=1, ddof=1) / math.sqrt(n)
    p, varies = np.where(d[:, 0], np.nan, 1.0), np.ptp(d, axis=1) > 0
    p[varies] = t_test_p(d[varies])
    return mean, mean - half, mean + half, superior, p
