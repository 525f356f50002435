"""What the methods rest on: seed sds, how pairs go together, and how normal differences are."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from .paired_tests import sd
from .scores import differences_from, sorted_values

QUANTILES = 99


def check_assumptions(scores: pd.DataFrame, control: str) -> dict:
    """One setting: {"control_sd", "correlations": {activation: r}, "qq": {…}} from `pivot_scores`.

    The correlation of paired scores says what pairing gains. `qq` holds quantiles of the normal
    distribution and of all differences, each contrast's standardised by its own mean and sd.
    """
    d = differences_from(scores, control)
    reference = sorted_values(scores.get(control, []))
    theoretical, observed = _qq(d)
    return {
        "control_sd": sd(reference),
        "correlations": {a: _correlation(scores, a, control) for a in d},
        "qq": {"theoretical": theoretical, "observed": observed},
    }


def _correlation(scores, a, control):
    """Pearson's r of paired scores; NaN below three pairs or where either is constant."""
    if control not in scores:
        return math.nan
    pairs = scores[[a, control]].dropna().to_numpy().T
    if pairs.shape[1] < 3 or not np.ptp(pairs, axis=1).all():
        return math.nan
    return float(stats.pearsonr(*pairs).statistic)


def _qq(d):
    """([normal quantiles], [quantiles of standardised differences]); empty where nothing varies."""
    samples = [sorted_values(d[a]) for a in d]
    varied = [(v - v.mean()) / sd(v) for v in samples if len(v) > 2 and sd(v) > 0]
    if not varied:
        return [], []
    pooled = np.concatenate(varied)
    p = (np.arange(min(QUANTILES, len(pooled))) + 0.5) / min(QUANTILES, len(pooled))
    return stats.norm.ppf(p).tolist(), np.quantile(pooled, p, method="hazen").tolist()
