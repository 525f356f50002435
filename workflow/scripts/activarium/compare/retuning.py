"""What tuning chose, and whether verdicts would stand if it chose again.

All scored seeds of an activation share the values that were chosen for it. So a contrast is about
these values. Other tuning seeds might have chosen others, and that is in no interval of a contrast.
Here it is: a prediction of the true difference after another tuning.
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from .paired_tests import adjust_p_values
from .scores import CELL, group_by_setting, significance_level

DRAWS, SEED = 20_000, 0
SAME = 1e-9  # two mean accuracies that differ by less are equal
METHOD = {
    "question": "would it stand if tuned again",
    "method": "prediction of the true difference after another tuning on the same held-out images: "
    "true accuracies drawn around those of the tuning runs, a tuning from each; Holm for a "
    "difference, for an equivalence the whole range in the margin",
    "columns": ["tuning"],
    "family": "contrasts of a setting whose recipe is tuned",
    "status": "check",
    "source": None,
}


def gains_of_another_tuning(
    means: np.ndarray, chosen: np.ndarray, sd: float, n_seeds: int, draws: int = DRAWS
) -> np.ndarray:
    """True accuracy at what another tuning takes, less that at what this one took; [draws, cells].

    `means` [cells, candidates] are mean validation accuracies over `n_seeds` tuning seeds, `chosen`
    [cells] the index of the candidate taken, `sd` that of one tuning run. True accuracies are drawn
    around the means, as a flat prior has them, and a tuning from each.
    """
    rng = np.random.Generator(np.random.PCG64(SEED))
    noise = sd / math.sqrt(n_seeds)
    true = means + noise * rng.standard_normal((draws, *means.shape))
    again = (true + noise * rng.standard_normal(true.shape)).argmax(-1)
    at_again = np.take_along_axis(true, again[..., None], -1)[..., 0]
    return at_again - true[:, np.arange(len(means)), chosen]


def predict_difference(
    mean: float, sd: float, n: int, gains: np.ndarray, confidence: float
) -> tuple[float, float, float]:
    """(low, high, p) of the true difference after another tuning.

    `mean` and `sd` are those of `n` paired differences, `gains` [draws] what another tuning adds to
    it. The error of the mean is drawn from Student's t on n − 1 degrees. p is twice the smaller
    share of draws on one side of 0.
    """
    rng = np.random.Generator(np.random.PCG64(SEED + 1))
    drawn = mean + gains + sd / math.sqrt(n) * rng.standard_t(n - 1, len(gains))
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    fewer = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    return float(low), float(high), min(1.0, 2 * (fewer + 1) / (len(drawn) + 1))


def run_sd(accuracies: np.ndarray) -> float:
    """The sd of one tuning run, pooled over the two best candidates of each cell.

    `accuracies` [cells, candidates, seeds]. Between these two a choice is made; bad candidates are
    noisier. NaN with one tuning seed.
    """
    if accuracies.shape[-1] < 2:
        return math.nan
    best = np.argsort(accuracies.mean(-1), axis=1)[:, -2:]
    deciding = np.take_along_axis(accuracies, best[..., None], 1)
    return float(np.sqrt(deciding.var(-1, ddof=1).mean()))


def describe_tuning(
    tuning: pd.DataFrame,
    primary: list[dict],
    chance: Mapping[str, float],
    confidence: float,
    margin: float,
) -> dict:
    """What the table `tuning` holds of each cell, and each contrast after another tuning.

    {"cells": one dict a cell, "contrasts": one a row of `primary` whose recipe is tuned}; what they
    hold says schema.yaml. Diverged runs validate as `chance`, by data set.
    """
    cells: list[dict] = []
    contrasts: list[dict] = []
    for setting, found, gains in _tuned_settings(tuning, chance):
        rows = [row for row in primary if all(row[k] == v for k, v in setting.items())]
        cells += found
        contrasts += _predict(rows, gains, confidence, margin)
    return {"cells": cells, "contrasts": contrasts}


def gains_by_setting(
    tuning: pd.DataFrame, chance: Mapping[str, float]
) -> dict[tuple[str, str, str], dict[str, np.ndarray]]:
    """{(recipe, network, data set): {activation: its `gains_of_another_tuning`}} of a table.

    Of a setting with one tuning seed nothing can be said: it has no activation.
    """
    found = _tuned_settings(tuning, chance)
    return {tuple(setting.values()): gains for setting, _, gains in found}


def _tuned_settings(tuning, chance):
    """(setting, its cells as schema.yaml has them, gains by activation) of each tuned setting."""
    diverged = tuning["status"] == "diverged"
    guess = tuning["dataset"].map(chance)
    scored = tuning.assign(accuracy=tuning["validation_accuracy"].where(~diverged, guess))
    for setting, group in group_by_setting(scored):
        names = _candidate_order(group)
        cells = [
            setting | {"activation": activation} | _describe_cell(rows, names)
            for activation, rows in group.groupby("activation", sort=True)
        ]
        yield setting, cells, _gains(group, cells, names)


def _candidate_order(group):
    """The names of a setting's candidates, smaller values first."""
    columns = ["value", "second_value", "candidate"]
    return list(dict.fromkeys(group.sort_values(columns)["candidate"]))


def _describe_cell(rows, names):
    """What was tried for one cell and what came out, as schema.yaml has it."""
    tried = [_describe_candidate(name, rows[rows["candidate"] == name]) for name in names]
    taken = rows.loc[rows["chosen"], "candidate"].iloc[0]
    chosen = tried[names.index(taken)]
    best = [c for c in tried if c["mean"] > max(t["mean"] for t in tried) - SAME]
    return {
        "n_seeds": int(rows["seed"].nunique()),
        "chosen": chosen["values"],
        "candidates": tried,
        "tied": [c["candidate"] for c in best] if len(best) > 1 else [],
        "at_edge": _edges(chosen["values"], [c["values"] for c in tried]),
    }


def _describe_candidate(name, rows):
    first = rows.iloc[0]
    values = {first["number"]: float(first["value"])}
    if isinstance(first["second_number"], str):
        values[first["second_number"]] = float(first["second_value"])
    return {
        "candidate": name,
        "values": values,
        "mean": float(rows["accuracy"].mean()),
        "n_failed": int((rows["status"] == "diverged").sum()),
    }


def _edges(chosen, tried):
    """{number: "smallest" or "largest"} of those chosen at the end of what was tried."""
    found = {}
    for key, value in chosen.items():
        values = [other[key] for other in tried]
        if value in (min(values), max(values)):
            found[key] = "smallest" if value == min(values) else "largest"
    return found


def _gains(group, cells, names):
    """{activation: its `gains_of_another_tuning`} of one setting; empty with one tuning seed."""
    accuracies = np.array(
        [
            [part[part["candidate"] == name].sort_values("seed")["accuracy"] for name in names]
            for _, part in group.groupby("activation", sort=True)
        ],
        float,
    )
    sd, n_seeds = run_sd(accuracies), accuracies.shape[-1]
    if math.isnan(sd):
        return {}
    chosen = [[tried["values"] for tried in c["candidates"]].index(c["chosen"]) for c in cells]
    gains = gains_of_another_tuning(accuracies.mean(-1), np.array(chosen), sd, n_seeds)
    return {cell["activation"]: gains[:, i] for i, cell in enumerate(cells)}


def _predict(rows, gains, confidence, margin):
    """The contrasts of a setting after another tuning; "holds" is None where nothing was shown.

    A difference holds by its corrected p, an equivalence where the whole range is in the margin.
    """
    found = []
    for row in rows:
        low = high = p = math.nan
        if row["n_pairs"] > 1 and {row["activation"], row["control"]} <= gains.keys():
            more = gains[row["activation"]] - gains[row["control"]]
            about = row["mean_diff"], row["sd_diff"], row["n_pairs"]
            low, high, p = predict_difference(*about, more, confidence)
        found.append({k: row[k] for k in CELL} | {"low": low, "high": high, "p": p})
    corrected = adjust_p_values([row["p"] for row in found])
    for prediction, row, p in zip(found, rows, corrected, strict=True):
        prediction["p_holm"], prediction["holds"] = p, None
        if row["verdict"] in ("better", "worse") and not math.isnan(p):
            same_side = (prediction["low"] + prediction["high"]) * row["mean_diff"] > 0
            prediction["holds"] = same_side and p < significance_level(confidence)
        if row["verdict"] == "equivalent" and not math.isnan(p):
            prediction["holds"] = -margin < prediction["low"] and prediction["high"] < margin
    return found
