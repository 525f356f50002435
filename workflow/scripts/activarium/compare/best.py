"""Is the control the best? Three words: supported, contradicted, undecided."""

import math

from .paired import paired_t
from .scores import against, known, level


def control_is_best(scores, control, contrasts, confidence):
    """The claim in one setting, from `scores.wide` and the setting's primary `contrasts`.

    Supported when a one-sided paired t test shows the control above every other, uncorrected: a
    claim that is a conjunction is tested by its weakest part (intersection–union; Berger 1982,
    Technometrics 24). Contradicted when any contrast is "better", else undecided; None without a
    control or without another. Returns {"verdict", "p", "weakest", "better"}.
    """
    d = against(scores, control)
    p = {a: paired_t(known(d[a]), "less") for a in d}
    better = [row["activation"] for row in contrasts if row["verdict"] == "better"]
    if control not in scores or not p:
        return {"verdict": None, "p": math.nan, "weakest": None, "better": []}
    unknown = [a for a in p if math.isnan(p[a])]
    weakest = unknown[0] if unknown else max(p, key=p.get)
    word = "supported" if p[weakest] < level(confidence) else "undecided"
    return {
        "verdict": "contradicted" if better else word,
        "p": p[weakest],
        "weakest": weakest,
        "better": better,
    }


def in_the_study(settings, contrasts, confidence):
    """The claim for the whole study: {"verdict", "p", "better"}.

    `settings` are the answers of `control_is_best`, `contrasts` the primary ones of all settings.
    Supported when it is in every setting; contradicted when any contrast is better by
    p_max_t_study, the correction over all contrasts of the study.
    """
    better = [
        {k: row[k] for k in ("recipe", "network", "dataset", "activation")}
        for row in contrasts
        if row["p_max_t_study"] < level(confidence) and row["mean_diff"] > 0
    ]
    words = {setting["verdict"] for setting in settings}
    word = "supported" if words == {"supported"} else "undecided"
    return {
        "verdict": None if words <= {None} else "contradicted" if better else word,
        "p": max((setting["p"] for setting in settings), default=math.nan),
        "better": better,
    }
