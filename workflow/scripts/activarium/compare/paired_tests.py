"""One contrast: estimates, intervals and tests from its paired differences alone.

`d` is always a float array of differences, one a pair, from `sorted_values`.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy import special, stats

from .permutation_tests import SUM_DIGITS, sign_patterns

EXACT_RANKS = 200  # the exact distribution has n² values; by then it is normal


def t_interval(values: np.ndarray, confidence: float) -> tuple[float, float]:
    """(low, high) for the mean of `values`, Student t on n − 1 degrees; NaN below two values.

    Student 1908, The probable error of a mean. Unlike the percentile bootstrap it keeps its
    coverage at three to ten seeds.
    """
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    half = t_quantile(confidence, n) * np.std(values, ddof=1) / math.sqrt(n)
    return float(np.mean(values) - half), float(np.mean(values) + half)


@lru_cache
def t_quantile(confidence: float, n: int) -> float:
    """How many standard errors a two-sided Student-t interval of `n` values reaches."""
    return float(stats.t.ppf((1 + confidence) / 2, n - 1))


def mean(values: np.ndarray) -> float:
    """The mean, NaN of nothing."""
    return float(np.mean(values)) if len(values) else math.nan


def sd(values: np.ndarray) -> float:
    """The standard deviation on n − 1 degrees, exactly 0 of equal values, NaN below two."""
    if len(values) < 2:
        return math.nan
    return float(np.std(values, ddof=1)) if np.ptp(values) else 0.0


def paired_t_test(d: np.ndarray, alternative: str = "two-sided") -> float:
    """p of Student's paired t test; NaN below two pairs.

    1 where all differences are 0. NaN where all are equal and not 0: that is rounding, and no
    estimate of an error.
    """
    if len(d) < 2:
        return math.nan
    if np.ptp(d) == 0:
        return math.nan if d[0] else 1.0
    return float(t_test_p(d, alternative))


def t_test_p(d: np.ndarray, alternative: str = "two-sided") -> np.ndarray:
    """p of Student's paired t test along the last axis of `d`, where not all are equal.

    The same bits as `scipy.stats.ttest_1samp`, which takes milliseconds for each call.
    """
    n = d.shape[-1]
    mean = d.mean(-1, keepdims=True)
    variance = ((d - mean) ** 2).mean(-1) * (n / (n - 1))
    t = mean[..., 0] / np.sqrt(variance / n)
    match alternative:
        case "less":
            return special.stdtr(n - 1, t)
        case "greater":
            return special.stdtr(n - 1, -t)
    return 2 * special.stdtr(n - 1, -np.abs(t))


def tost(d: np.ndarray, margin: float) -> float:
    """p of two one-sided paired t tests: that the mean difference is not within ± margin.

    Schuirmann 1987, A comparison of the two one-sided tests procedure and the power approach. NaN
    where all are equal, 0 too: that is rounding, one run counted twice or failures only, and no
    estimate of an error.
    """
    if len(d) < 2 or np.ptp(d) == 0:
        return math.nan
    return max(paired_t_test(d + margin, "greater"), paired_t_test(d - margin, "less"))


def sign_flip_test(d: np.ndarray) -> float:
    """Two-sided p of the mean difference under flips of its sign; 1 where all are 0, NaN of none.

    Fisher 1935, The design of experiments, section 21. Exact up to 14 pairs, else 20 000 flips.
    """
    if len(d) == 0:
        return math.nan
    d = d[np.argsort(np.abs(d), kind="stable")]  # drawn flips must not know what a seed is called
    sums = np.abs(np.round(sign_patterns(len(d)) @ d, SUM_DIGITS))
    return float(np.count_nonzero(sums >= sums[0]) / len(sums))


def wilcoxon_test(d: np.ndarray) -> float:
    """Two-sided exact p of the signed-rank test; 1 where all differences are 0, NaN of none.

    Wilcoxon 1945, Individual comparisons by ranking methods: zeros are dropped, ties get mean
    ranks. The distribution given the ties is summed rank by rank (Streitberg and Röhmel 1986),
    because scipy falls back on the normal approximation where there are ties. Above 200 nonzero
    differences that approximation is good enough and used here too.
    """
    d = d[d != 0]
    if len(d) > EXACT_RANKS:
        return float(stats.wilcoxon(d, method="asymptotic").pvalue)
    ranks = np.rint(2 * stats.rankdata(np.abs(d))).astype(int)  # doubled: mean ranks become whole
    total, positive = ranks.sum(), ranks[d > 0].sum()
    share = np.zeros(total + 1)  # of the sign patterns whose positive ranks sum to the index
    share[0] = 1
    for rank in ranks:
        half = share / 2
        share = half.copy()
        share[rank:] += half[: total + 1 - rank]
    tail = share[: min(positive, total - positive) + 1].sum()
    return float(min(1.0, 2 * tail))


def superiority(d: np.ndarray) -> float:
    """P(A > B): the share of pairs that the activation wins, ties counting half; NaN of none."""
    return mean((d > 0) + 0.5 * (d == 0))


def cliffs_delta(a: np.ndarray, b: np.ndarray) -> float:
    """P(a > b) − P(a < b) over all pairs of the two samples, unpaired (Cliff 1993); NaN of none."""
    return float(np.sign(np.subtract.outer(a, b)).mean()) if len(a) and len(b) else math.nan


def holm(p_values: np.ndarray) -> np.ndarray:
    """A family of p-values [n] corrected so that any false claim is rare (Holm 1979).

    Step-down Bonferroni; statsmodels' own takes 50 ms a call, for it collects garbage each time.
    """
    order = np.argsort(p_values)
    steps = np.arange(len(order), 0, -1) * np.asarray(p_values)[order]
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected


def adjust_p_values(p_values: Sequence[float], method: Callable = holm) -> list[float]:
    """The p-values of a family corrected together by `method`; NaN stays and counts for nothing."""
    raw = np.asarray(p_values, float)
    corrected, known = np.full_like(raw, np.nan), ~np.isnan(raw)
    if known.any():
        corrected[known] = method(raw[known])
    return corrected.tolist()
