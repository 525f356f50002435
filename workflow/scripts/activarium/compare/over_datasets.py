"""Over data sets, within one recipe and network: the one place where settings are put together.

The data sets are those of the study and no sample of all there are, so each has the same weight
and none is drawn at random; accuracies are never pooled, only differences.
"""

import math
from itertools import groupby

import numpy as np
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from .paired import adjusted, mean, sd
from .scores import DIGITS, known, level


def equal_weight(differences, confidence):
    """The mean of the data sets' mean differences, and whether they differ among themselves.

    `differences` holds one array of paired differences a data set. The error is stratified, each
    data set's own, on Welch–Satterthwaite degrees of freedom (Satterthwaite 1946, Biometrics
    Bulletin 2); `q` is Cochran's (1954, Biometrics 10). With few seeds its weights are uncertain
    and it finds interaction somewhat too often, which errs on the side of not pooling.
    """
    means = np.array([mean(d) for d in differences])
    variances = np.array([sd(d) ** 2 / max(len(d), 1) for d in differences])
    degrees = np.array([len(d) - 1 for d in differences])
    estimate, se = float(means.mean()), math.sqrt(variances.sum()) / len(means)
    row = {"mean_diff": estimate, "se": se}
    if not np.isfinite(variances).all() or not variances.all():
        same = np.isfinite(variances).all() and not np.ptp(means)
        missing = dict.fromkeys(("df", "low", "high", "p", "q", "p_q"), math.nan)
        return row | missing | ({"q": 0.0, "p_q": 1.0} if same else {})
    df = variances.sum() ** 2 / (variances**2 / degrees).sum()
    low, high = stats.t.interval(confidence, df, estimate, se)
    found = combine_effects(means, variances)
    return row | {
        "df": float(df),
        "low": float(low),
        "high": float(high),
        "p": float(2 * stats.t.sf(abs(estimate) / se, df)),
        "q": float(found.q),
        "p_q": float(found.test_homogeneity().pvalue),
    }


def over_datasets(settings, control, confidence):
    """One dict a recipe × network with at least two data sets, with `rows` and perhaps a `winner`.

    `settings` are (key, `scores.wide`) in the order of their keys. Each row is an activation's
    `equal_weight` difference from the control, p_holm corrected over the rows. Its verdict is
    better, worse or not shown, and None where the data sets disagree.
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
        {"activation": a} | equal_weight([_paired(t, a, control) for t in tables], confidence)
        for a in shared
        if a != control
    ]
    for row, p in zip(rows, adjusted([row["p"] for row in rows]), strict=True):
        row["p_holm"], row["interaction"] = p, row["p_q"] < level(confidence)
        word = "better" if row["mean_diff"] > 0 else "worse"
        shown = word if p < level(confidence) else "not shown"
        row["verdict"] = None if row["interaction"] else shown
    interaction = any(row["interaction"] for row in rows)
    top, p, disputed = _winner(tables, shared, confidence)
    named = p < level(confidence) and not interaction and not disputed
    return {
        "rows": rows,
        "interaction": interaction,
        "winner": top if named else None,
        "p_winner": p,
    }


def _winner(tables, shared, confidence):
    """(activation of the highest equal-weight mean, p that it is above every other, disputed).

    An intersection–union test against each other. Two-sided, for the data have chosen which one
    is on top: of two that are tied, either could be, and a one-sided test would err twice as
    often. Disputed where the data sets disagree about one of these differences.
    """
    top = max(shared, key=lambda a: np.mean([mean(known(table[a])) for table in tables]))
    others = [
        equal_weight([_paired(t, top, other) for t in tables], confidence)
        for other in shared
        if other != top
    ]
    if not others:
        return top, math.nan, False
    p = [r["p"] if r["mean_diff"] > 0 else 1.0 for r in others]
    return top, float(np.max(p)), any(r["p_q"] < level(confidence) for r in others)


def _paired(scores, a, b):
    """The paired differences a − b of one data set."""
    return known((scores[a] - scores[b]).round(DIGITS))
