"""Do proven properties go with scores? A short list, fixed before any score was seen.

Each property has a reason in mean-field theory; the correlation is over the activations of one
setting, so that it says nothing about causes: activations differ in much else.
"""

import math
from collections.abc import Mapping

import numpy as np
from scipy import stats

from .paired_tests import adjust_p_values

RESAMPLES, SEED = 9_999, 0
ENOUGH = 6  # activations; of 5 the smallest p is 2/120, six times which is no less than 5 %

PROPERTIES = {  # name: (what it is, source)
    "depth_scale": ("1 / |ln χ₁| at its own gain, how deep a signal travels", "Schoenholz 2017"),
    "smooth": ("differentiable everywhere (1) or not (0)", "Hayou et al. 2019"),
    "variance_slope": ("slope of the variance map at its own gain, q = 1", "Poole et al. 2016"),
    "isometry": ("E f′⁴, the spread of singular values", "Pennington et al. 2017"),
    "flat": ("P(f′ = 0), inputs without a gradient", "Hayou et al. 2019"),
    "bend": ("sup |f″|, the smoothness constant", "Hayou et al. 2019"),
}


def correlate_properties(
    summaries: list[dict], profiles: Mapping[str, dict], confidence: float
) -> list[dict]:
    """One dict a setting and property: rank correlation with the mean score over activations.

    `summaries` are rows with setting, activation and mean; `profiles` maps a name to its profile
    (see certify). Spearman's rho with a Fisher interval in Bonett and Wright's form (2000,
    Psychometrika 65), and a two-sided p from seeded permutations of the scores, Holm-corrected
    over the properties of the setting. One function under two names, as ELU and CELU, counts once.
    Of what learns the properties are those at its start values, and of what draws at random those
    of the form that is evaluated. Null where fewer than six activations have both numbers, or where
    all are equal.
    """
    settings: dict[tuple, list[dict]] = {}
    for row in summaries:
        settings.setdefault((row["recipe"], row["network"], row["dataset"]), []).append(row)
    found = []
    for (recipe, network, dataset), rows in settings.items():
        key = {"recipe": recipe, "network": network, "dataset": dataset}
        rows = _once(rows, profiles)
        family = [key | _correlation(name, rows, profiles, confidence) for name in PROPERTIES]
        corrected = adjust_p_values([row["p"] for row in family])
        found += [r | {"p_holm": p} for r, p in zip(family, corrected, strict=True)]
    return found if profiles else []


def _once(rows, profiles):
    """The rows without second names of one function: equal in every property and in the mean."""
    distinct = {}
    for row in rows:
        if row["activation"] in profiles and row["mean"] is not None:
            proven = [property_value(name, profiles[row["activation"]]) for name in PROPERTIES]
            distinct[str(proven), row["mean"]] = row  # as text, for NaN is not itself
    return list(distinct.values())


def _correlation(name, rows, profiles, confidence):
    """Property `name` of each activation against its mean score."""
    pairs = [(property_value(name, profiles[row["activation"]]), row["mean"]) for row in rows]
    x, y = np.array([p for p in pairs if not math.isnan(p[0])], float).reshape(-1, 2).T
    rho = p = low = high = math.nan
    if len(x) >= ENOUGH and len(set(x)) > 1 and len(set(y)) > 1:
        rho = float(stats.spearmanr(x, y).statistic)
        p = _permuted(stats.rankdata(x), stats.rankdata(y))
        if len(set(x)) > 2:  # of a yes or no the interval is not known to hold
            low, high = spearman_interval(rho, len(x), confidence)
    return {"property": name, "n": len(x), "rho": rho, "low": low, "high": high, "p": p}


def _permuted(x, y):
    """Two-sided p of the rank correlation under permutations of y, seeded."""
    generator = np.random.default_rng(SEED)
    return float(
        stats.permutation_test(
            (y,), lambda y: np.corrcoef(x, y)[0, 1], permutation_type="pairings",
            n_resamples=RESAMPLES, rng=generator, vectorized=False,
        ).pvalue
    )  # fmt: skip


def spearman_interval(rho: float, n: int, confidence: float) -> tuple[float, float]:
    """(low, high) of Spearman's rho over n pairs, by Fisher's z with Bonett and Wright's error."""
    if n < 4 or abs(rho) == 1:
        return math.nan, math.nan
    half = stats.norm.ppf((1 + confidence) / 2) * math.sqrt((1 + rho**2 / 2) / (n - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)


def property_value(name: str, profile: Mapping) -> float:
    """A property of one profile as a float, NaN where it is not proven.

    The middle of an enclosure does: ranks are all that is used.
    """
    gaussian = profile.get("gaussian") or {}
    match name:
        case "depth_scale":
            chi = _middle(profile.get("chi1"))
            return math.inf if chi == 1 else 1 / abs(math.log(chi)) if chi > 0 else math.nan
        case "smooth":
            kinks = profile["kinks"]
            return math.nan if kinks is None else float(all(k["smooth_to"] >= 1 for k in kinks))
        case "variance_slope":
            return _middle((profile.get("variance_map") or {}).get("slope"))
        case "isometry":
            return _middle(gaussian.get("Efp4"))
        case "flat":
            return _middle(gaussian.get("P_fp_zero"))
        case "bend":
            return _middle(profile.get("smoothness"))
    raise KeyError(name)


def _middle(enclosure):
    if not enclosure:
        return math.nan
    low, high = map(float, enclosure)
    return low if low == high else (low + high) / 2
