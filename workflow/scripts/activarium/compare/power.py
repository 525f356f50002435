"""Power: the smallest difference that a study could have seen, and the seeds that others need."""

import math

import numpy as np
from scipy.optimize import brentq
from statsmodels.stats.power import TTestPower

from .permutation_tests import smallest_p
from .scores import group_rows_by_setting, significance_level

POWER = 0.8
DIFFERENCES = (0.001, 0.002, 0.005)  # fractions: 0.1, 0.2 and 0.5 pp
CLOSE = 8  # pairs; with 6 the max-T has a power of 0.54 where the formula says 0.8, with 7 of 0.77
MOST = 100_000  # seeds; more are not counted


def estimate_power(contrasts: list[dict], confidence: float) -> list[dict]:
    """One dict a setting from its primary contrasts: sd, detectable differences, seeds needed.

    By the power of the two-sided paired t test (Cohen 1988; statsmodels' TTestPower) at 80 %, for
    the median sd_diff and the median pairs of the setting; once at 1 − confidence, once at that
    divided by the number of contrasts (Bonferroni, which the max-T is close to from 8 pairs on). A
    difference is None where the sign flips of so few seeds cannot reach the level at all, the
    corrected one below 8 pairs, where the max-T has less power than that formula says. Contrasts
    whose differences are all equal, as those of one run counted twice, say nothing of the spread.
    """
    return [
        setting | _setting(rows, confidence) for setting, rows in group_rows_by_setting(contrasts)
    ]


def _setting(rows, confidence):
    rows = [row for row in rows if row["sd_diff"] > 0]
    if not rows:
        return {"n_contrasts": 0, "n_pairs": 0, "sd_diff": math.nan, "mde": math.nan,
                "mde_corrected": math.nan, "seeds_needed": []}  # fmt: skip
    sd = float(np.median([row["sd_diff"] for row in rows]))
    n, alpha = int(np.median([row["n_pairs"] for row in rows])), significance_level(confidence)
    fewest = next(n for n in range(2, 64) if smallest_p(n) < alpha)
    close = max(fewest, CLOSE)
    return {
        "n_contrasts": len(rows),
        "n_pairs": n,
        "sd_diff": sd,
        "mde": sd * detectable_effect(n, alpha) if n >= fewest else math.nan,
        "mde_corrected": sd * detectable_effect(n, alpha / len(rows)) if n >= close else math.nan,
        "seeds_needed": [
            {
                "difference": difference,
                "seeds": seeds_needed(difference, sd, alpha, fewest),
                "seeds_corrected": seeds_needed(difference, sd, alpha / len(rows), close),
            }
            for difference in DIFFERENCES
        ],
    }


def detectable_effect(n: int, alpha: float) -> float:
    """The mean difference, in sds of the differences, that `n` pairs show with 80 % power."""
    return float(brentq(lambda effect: _power(effect, n, alpha) - POWER, 1e-3, 1e3))


def seeds_needed(difference: float, sd: float, alpha: float, fewest: int = 2) -> int | None:
    """How many seeds show `difference` with 80 % power, at least `fewest`; None above 100 000."""
    if sd == 0:
        return fewest
    low, high = fewest - 1, fewest
    while _power(difference / sd, high, alpha) < POWER:
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = _power(difference / sd, middle, alpha) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


def _power(effect, n, alpha):
    """Power of the two-sided paired t test at `effect` sds; 1 where it is beyond computing."""
    found = TTestPower().power(effect, n, alpha)
    return 1.0 if math.isnan(found) else float(found)
