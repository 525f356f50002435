"""Over data sets, within one recipe and network: the one place where settings are put together.

The data sets are those of the study and no sample of all there are, so each has the same weight
and none is drawn at random; accuracies are never pooled, only differences.
"""

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.oneway import anova_oneway

from .paired_tests import adjust_p_values, mean, paired_t_test, sd, t_interval
from .plan import max_descriptive_pairs
from .scores import DIGITS, SettingScores, significance_level, sorted_values


def equal_weight_mean(differences: Sequence[pd.Series], confidence: float) -> dict:
    """The mean of the data sets' mean differences, and whether they differ among themselves.

    `differences` holds one Series of paired differences a data set, by seed. A seed draws the same
    weights for every data set, so differences are averaged within each seed that all of them have
    and tested as one sample. Below two such seeds the data sets are taken for independent, each
    with its own error, on Welch–Satterthwaite degrees of freedom (Satterthwaite 1946, Biometrics
    Bulletin 2). `p_interaction` is Welch's analysis of variance over the data sets (1951,
    Biometrika 38), 1 where no difference varies at all, NaN where it cannot be computed.
    """
    by_seed = sorted_values(pd.concat(differences, axis=1, join="inner").mean(axis=1).round(DIGITS))
    row = _one_sample(by_seed, confidence) if len(by_seed) > 1 else None
    differences = [sorted_values(d) for d in differences]
    return (row or _stratified(differences, confidence)) | {
        "p_interaction": _interaction(differences)
    }


def _one_sample(d, confidence):
    """The mean of `d` with Student's t; NaN where equal values tell nothing of the error."""
    low, high = t_interval(d, confidence) if sd(d) else (math.nan, math.nan)
    se, df = sd(d) / math.sqrt(len(d)), len(d) - 1
    return {
        "mean_diff": mean(d),
        "se": se,
        "df": df,
        "low": low,
        "high": high,
        "p": paired_t_test(d),
    }


def _stratified(differences, confidence):
    """The same from samples that share nothing; NaN where one has no error of its own."""
    variances = np.array([sd(d) ** 2 / max(len(d), 1) for d in differences])
    estimate = float(np.mean([mean(d) for d in differences]))
    se = math.sqrt(variances.sum()) / len(variances)
    row = {"mean_diff": estimate, "se": se}
    if not np.isfinite(variances).all() or not variances.all():
        return row | dict.fromkeys(("df", "low", "high", "p"), math.nan)
    df = variances.sum() ** 2 / (variances**2 / [len(d) - 1 for d in differences]).sum()
    low, high = stats.t.interval(confidence, df, estimate, se)
    p = float(2 * stats.t.sf(abs(estimate) / se, df))
    return row | {"df": float(df), "low": float(low), "high": float(high), "p": p}


def _interaction(differences):
    """p that the data sets' mean differences are one and the same."""
    if len(np.unique(np.concatenate(differences))) == 1:
        return 1.0
    if not all(len(d) > 1 and np.ptp(d) for d in differences):
        return math.nan
    return float(anova_oneway(differences, use_var="unequal").pvalue)


def compare_across_datasets(settings: SettingScores, control: str, confidence: float) -> list[dict]:
    """One dict a recipe × network with at least two data sets, with `rows` and perhaps a `winner`.

    `settings` are (key, `pivot_scores`) in the order of their keys. Each row is an activation's
    `equal_weight` difference from the control; p_holm and p_interaction_holm are corrected over the
    rows. Its verdict is better, worse or not shown, and None where the data sets are shown to
    disagree. So few seeds as are descriptive only in a setting show nothing here either.
    """
    found = []
    for (recipe, network), group in groupby(settings, lambda s: (s[0]["recipe"], s[0]["network"])):
        tables = {key["dataset"]: scores for key, scores in group}
        shared = sorted(set.intersection(*(set(table) for table in tables.values())))
        if len(tables) > 1 and control in shared:
            head = {"recipe": recipe, "network": network, "datasets": list(tables)}
            found.append(head | _group(list(tables.values()), shared, control, confidence))
    return found


def _group(tables, shared, control, confidence):
    """The rows of one recipe × network, whether any shows interaction, and the winner."""
    rows = [
        {"activation": a} | equal_weight_mean([_paired(t, a, control) for t in tables], confidence)
        for a in shared
        if a != control
    ]
    _correct(rows, confidence)
    for row, p in zip(rows, adjust_p_values([row["p"] for row in rows]), strict=True):
        row["p_holm"] = p
        word = "better" if row["mean_diff"] > 0 else "worse"
        shown = (
            word
            if p < significance_level(confidence) and has_enough_seeds(row, confidence)
            else "not shown"
        )
        row["verdict"] = None if row["interaction"] else shown
    interaction = any(row["interaction"] for row in rows)
    top, p, disputed = _winner(tables, shared, confidence)
    named = p < significance_level(confidence) and not interaction and not disputed
    named = named and all(has_enough_seeds(row, confidence) for row in rows)
    return {
        "rows": rows,
        "interaction": interaction,
        "winner": top if named else None,
        "p_winner": p,
    }


def has_enough_seeds(row: dict, confidence: float) -> bool:
    """Whether the degrees of freedom are those of more seeds than are descriptive only."""
    return row["df"] >= max_descriptive_pairs(confidence)


def _correct(rows, confidence):
    """Add p_interaction_holm and whether it shows an interaction to each row of one family."""
    corrected = adjust_p_values([row["p_interaction"] for row in rows])
    for row, p in zip(rows, corrected, strict=True):
        row["p_interaction_holm"], row["interaction"] = p, p < significance_level(confidence)


def _winner(tables, shared, confidence):
    """(activation of the highest equal-weight mean, p that it is above every other, disputed).

    An intersection–union test against each other. Two-sided, for the data have chosen which one
    is on top: of two that are tied, either could be, and a one-sided test would err twice as
    often. Disputed where the data sets are shown to disagree about one of these differences.
    """
    top = max(shared, key=lambda a: np.mean([mean(sorted_values(table[a])) for table in tables]))
    others = [
        equal_weight_mean([_paired(t, top, other) for t in tables], confidence)
        for other in shared
        if other != top
    ]
    if not others:
        return top, math.nan, False
    _correct(others, confidence)
    p = [r["p"] if r["mean_diff"] > 0 else 1.0 for r in others]
    return top, float(np.max(p)), any(r["interaction"] for r in others)


def _paired(scores, a, b):
    """The paired differences a − b of one data set, by seed, without those that lack one."""
    return (scores[a] - scores[b]).round(DIGITS).dropna()
