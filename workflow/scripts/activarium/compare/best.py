"""Which is the best: those that it may be, and whether it is the control."""

import math

import pandas as pd

from .paired_tests import paired_t_test
from .pairwise_max_t import find_beaten
from .scores import differences_from, significance_level, sorted_values


def list_possible_best(scores: pd.DataFrame, confidence: float) -> list[str]:
    """The activations that are not ruled out as the best of a setting, in the order of `scores`.

    Each is held against all others by a `permutation_tests.max_t` of its own. It is ruled out when
    one of them is shown to be better. The best one is among those that are left with at least
    `confidence`. No correction over the candidates is needed, for ruling one out is wrong only of
    the best (after
    Gupta 1965, Technometrics 7, and Hsu 1981, Annals of Statistics 9, whose tests are normal). One
    without a pair with any other is left in. `scores` is from `pivot_scores`.
    """
    beaten = find_beaten(scores, confidence)
    return [name for name in scores if name not in beaten]


def judge_control(
    scores: pd.DataFrame, control: str, contrasts: list[dict], confidence: float
) -> dict:
    """The claim in one setting, from `pivot_scores` and the setting's primary `contrasts`.

    Supported when a one-sided paired t test shows the control above every other, uncorrected: a
    claim that is a conjunction is tested by its weakest part (intersection–union; Berger 1982,
    Technometrics 24). Contradicted when any contrast is "better", else undecided; None without a
    control or without another. Returns {"verdict", "p", "weakest", "better"}.
    """
    d = differences_from(scores, control)
    p = {a: paired_t_test(sorted_values(d[a]), "less") for a in d}
    better = [row["activation"] for row in contrasts if row["verdict"] == "better"]
    if control not in scores or not p:
        return {"verdict": None, "p": math.nan, "weakest": None, "better": []}
    unknown = [a for a in p if math.isnan(p[a])]
    weakest = unknown[0] if unknown else max(p, key=lambda name: p[name])
    word = "supported" if p[weakest] < significance_level(confidence) else "undecided"
    return {
        "verdict": "contradicted" if better else word,
        "p": p[weakest],
        "weakest": weakest,
        "better": better,
    }


def judge_control_in_study(settings: list[dict], contrasts: list[dict], confidence: float) -> dict:
    """The claim for the whole study: {"verdict", "p", "better"}.

    `settings` are the answers of `judge_control`, `contrasts` the primary ones of all settings.
    Supported when it is in every setting; contradicted when any contrast is better by
    p_max_t_study, the correction over all contrasts of the study.
    """
    better = [
        {k: row[k] for k in ("recipe", "network", "dataset", "activation")}
        for row in contrasts
        if row["p_max_t_study"] < significance_level(confidence) and row["mean_diff"] > 0
    ]
    words = {setting["verdict"] for setting in settings}
    word = "supported" if words == {"supported"} else "undecided"
    return {
        "verdict": None if words <= {None} else "contradicted" if better else word,
        "p": max((setting["p"] for setting in settings), default=math.nan),
        "better": better,
    }
