"""Contrasts: each activation against the control, paired by seed, within one setting."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .paired_tests import (
    adjust_p_values,
    cliffs_delta,
    mean,
    paired_t_test,
    sd,
    sign_flip_test,
    superiority,
    t_interval,
    tost,
    wilcoxon_test,
)
from .permutation_tests import critical_values, max_t
from .scores import FAILURES, differences_from, score_tables, significance_level, sorted_values

RANKS_FROM = 10  # pairs; below that a corrected rank test of many contrasts cannot reach 5 %


def decide_verdict(mean_diff: float, p: float, p_equivalent: float, confidence: float) -> str:
    """One of the four words, from p_max_t and p_tost_holm: the difference is decided first."""
    if p < significance_level(confidence):
        return "better" if mean_diff > 0 else "worse"
    return "equivalent" if p_equivalent < significance_level(confidence) else "not shown"


def compute_contrast(
    d: np.ndarray, scores: np.ndarray, control: np.ndarray, confidence: float, margin: float
) -> dict:
    """The numbers of one contrast that depend on nothing but its two cells.

    `d` are its paired differences, `scores` and `control` all scores of the two cells, each from
    `sorted_values`. There is no interval where all differences are equal: they tell of no error.
    """
    low, high = t_interval(d, confidence) if sd(d) else (np.nan, np.nan)
    return {
        "n_pairs": len(d),
        "mean_diff": mean(d),
        "sd_diff": sd(d),
        "low": low,
        "high": high,
        "p_t": paired_t_test(d),
        "p_wilcoxon": wilcoxon_test(d),
        "p_signflip": sign_flip_test(d),
        "p_tost": tost(d, margin),
        "p_superior": superiority(d),
        "cliffs_delta": cliffs_delta(scores, control),
        "wins": int((d > 0).sum()),
        "ties": int((d == 0).sum()),
        "losses": int((d < 0).sum()),
    }


def compute_family(
    scores: pd.DataFrame, control: str, confidence: float, margin: float
) -> list[dict]:
    """The contrasts of one setting, each corrected for all of them, in the order of their names.

    `scores` is from `pivot_scores`. Returns dicts with the columns of `tables.CONTRASTS` but for
    the setting, the way to treat failures and p_max_t_study.
    """
    d = differences_from(scores, control)
    reference = sorted_values(scores.get(control, []))
    rows = [
        {"activation": a, "control": control}
        | compute_contrast(
            sorted_values(d[a]), sorted_values(scores[a]), reference, confidence, margin
        )
        for a in d
    ]
    matrix = d.to_numpy().T
    reach = critical_values(matrix, confidence)
    corrected = {
        "p_t_holm": adjust_p_values([row["p_t"] for row in rows]),
        "p_max_t": max_t(matrix).tolist(),
        "p_tost_holm": adjust_p_values([row["p_tost"] for row in rows]),
        "p_wilcoxon_holm": adjust_p_values(
            [row["p_wilcoxon"] if row["n_pairs"] >= RANKS_FROM else np.nan for row in rows]
        ),
    }
    for i, row in enumerate(rows):
        half = float(reach[i] * (row["sd_diff"] or np.nan) / np.sqrt(max(row["n_pairs"], 1)))
        row |= {name: values[i] for name, values in corrected.items()}
        row["low_simultaneous"] = row["mean_diff"] - half
        row["high_simultaneous"] = row["mean_diff"] + half
        row["verdict"] = decide_verdict(
            row["mean_diff"], row["p_max_t"], row["p_tost_holm"], confidence
        )
    return rows


def compute_contrasts(
    runs: pd.DataFrame, control: str, chance: Mapping[str, float], confidence: float, margin: float
) -> list[dict]:
    """One dict a contrast and way to treat failures, in the columns of `tables.CONTRASTS`.

    Each setting is a family of its own, and p_max_t_study has all contrasts of the study in one;
    each way to treat failures for itself.
    """
    rows: list[dict] = []
    for failures in FAILURES:
        if rows and not (runs["status"] == "diverged").any():  # both ways are the same
            return rows + [row | {"failures": failures} for row in rows]
        settings = score_tables(runs, failures, chance)
        found = [
            key | {"failures": failures} | row
            for key, scores in settings
            for row in compute_family(scores, control, confidence, margin)
        ]
        for row, p in zip(found, study_wide_p([s for _, s in settings], control), strict=True):
            row["p_max_t_study"] = p
        rows += found
    return rows


def study_wide_p(settings: list[pd.DataFrame], control: str) -> list[float]:
    """p_max_t over the contrasts of all settings together, signs flipped jointly by seed.

    `settings` are tables from `pivot_scores`. Correcting each data set for itself and then over
    data sets by Holm would not hold its level when only part of a data set is rejected.
    """
    whole = [differences_from(scores, control) for scores in settings]
    if not any(d.shape[1] for d in whole):
        return []
    return max_t(pd.concat(whole, axis=1).to_numpy().T).tolist()
