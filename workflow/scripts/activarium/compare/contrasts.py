"""Contrasts: each activation against the control, paired by seed, within one setting."""

import math
import warnings

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from .scores import FAILURES, SETTING, scored
from .summaries import t_interval

EXACT = 14  # up to 2¹⁴ sign patterns are enumerated


def paired_t(differences):
    """Two-sided p of Student's paired t test; 1 where all are zero, NaN below two pairs."""
    if len(differences) < 2:
        return math.nan
    if np.ptp(differences) == 0:
        return 1.0 if differences[0] == 0 else 0.0
    return float(stats.ttest_1samp(differences, 0).pvalue)


def wilcoxon(differences):
    """Two-sided p of Wilcoxon's signed-rank test (1945), zeros dropped, ties by mean ranks.

    Exact by enumeration up to 14 nonzero differences, beyond that scipy's own exact or normal
    distribution; 1 where all are zero, NaN without a pair.
    """
    nonzero = differences[differences != 0]
    if len(differences) == 0:
        return math.nan
    if len(nonzero) == 0:
        return 1.0
    method = "auto"
    if len(nonzero) <= EXACT:
        method = stats.PermutationMethod(n_resamples=2**EXACT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy warns of ties, which are stated above
        return float(stats.wilcoxon(nonzero, method=method).pvalue)


def cliffs_delta(a, b):
    """P(a > b) − P(a < b) over all pairs of the two samples, unpaired (Cliff 1993)."""
    return float(np.sign(np.subtract.outer(a, b)).mean()) if len(a) and len(b) else math.nan


def holm(p_values):
    """Holm's (1979) correction of a family; NaN stays NaN and counts for nothing."""
    p_values = np.asarray(p_values, float)
    corrected, known = np.full_like(p_values, np.nan), ~np.isnan(p_values)
    if known.any():
        corrected[known] = multipletests(p_values[known], method="holm")[1]
    return corrected.tolist()


def verdict(mean_diff, p, confidence):
    """better or worse where the corrected p is below 1 − confidence, else not shown."""
    if p < 1 - confidence:
        return "better" if mean_diff > 0 else "worse"
    return "not shown"


def contrast(scores, control, confidence):
    """The numbers of one contrast from two Series of scores indexed by seed.

    Pairs are the seeds that both have; differences are rounded to 1e-10 so that equal scores
    are ties whatever the last bit says.
    """
    seeds = scores.index.intersection(control.index).sort_values()
    a, b = scores.loc[seeds].to_numpy(float), control.loc[seeds].to_numpy(float)
    d = np.round(a - b, 10)
    low, high = t_interval(d, confidence)
    return {
        "n_pairs": len(d),
        "mean_diff": float(np.mean(d)) if len(d) else math.nan,
        "sd_diff": float(np.std(d, ddof=1)) if len(d) > 1 else math.nan,
        "low": float(low),
        "high": float(high),
        "p_t": paired_t(d),
        "p_wilcoxon": wilcoxon(d),
        "p_superior": float(np.mean((d > 0) + 0.5 * (d == 0))) if len(d) else math.nan,
        "cliffs_delta": cliffs_delta(scores.to_numpy(float), control.to_numpy(float)),
        "wins": int((d > 0).sum()),
        "ties": int((d == 0).sum()),
        "losses": int((d < 0).sum()),
    }


def contrasts(runs, control, chance, confidence):
    """One dict a contrast and way to treat failures, in the columns of `tables.CONTRASTS`.

    The family of the correction is the contrasts of one setting, each way to treat failures
    for itself.
    """
    rows = []
    for failures in FAILURES:
        table = scored(runs, failures, chance)
        for setting, group in table.groupby(SETTING, sort=True):
            family = _family(group.set_index("seed"), control, confidence)
            key = dict(zip(SETTING, setting, strict=True))
            rows += [key | {"control": control, "failures": failures} | row for row in family]
    return rows


def _family(group, control, confidence):
    """All contrasts of one setting with their corrected p and verdict."""
    scores = {name: cell["score"] for name, cell in group.groupby("activation", sort=True)}
    reference = scores.pop(control, group["score"].iloc[:0])
    rows = [{"activation": a} | contrast(s, reference, confidence) for a, s in scores.items()]
    for row, p in zip(rows, holm([row["p_t"] for row in rows]), strict=True):
        row["p_t_holm"] = p
        row["verdict"] = verdict(row["mean_diff"], p, confidence)
    return rows
