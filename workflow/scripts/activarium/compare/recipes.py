"""One learning rate for all? Whether verdicts survive another recipe, and each at its own best."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter

import pandas as pd

from .contrasts import compute_contrasts
from .scores import CELL, FAILURES

BEST = "own best"  # stands where a recipe's name does
SAME = ["network", "dataset", "activation"]  # what two recipes have in common


def find_surviving_verdicts(rows: list[dict]) -> list[dict]:
    """One dict a network × data set × activation that was trained by at least two recipes.

    {"verdicts": {recipe: word}, "differences": {recipe: mean_diff}, "survives", "reverses"}: it
    survives when every recipe says the same word, and reverses when one says better and one worse.
    None survives where no recipe shows anything: “not shown” is no verdict that could, for the
    differences may lie far apart. `rows` are the primary contrasts.
    """
    found = []
    for cell, group in groupby(sorted(rows, key=itemgetter(*SAME)), itemgetter(*SAME)):
        differences = {row["recipe"]: row for row in group}
        words = {recipe: row["verdict"] for recipe, row in differences.items()}
        if len(words) > 1:
            found.append(
                dict(zip(SAME, cell, strict=True))
                | {
                    "verdicts": words,
                    "differences": {recipe: r["mean_diff"] for recipe, r in differences.items()},
                    "survives": _survives(set(words.values())),
                    "reverses": {"better", "worse"} <= set(words.values()),
                }
            )
    return found


def _survives(words):
    """Whether one verdict stands in every recipe; None without any."""
    return None if words == {"not shown"} else len(words) == 1


def compare_at_best_recipes(
    runs: pd.DataFrame, control: str, chance: Mapping[str, float], confidence: float, margin: float
) -> dict:
    """Each activation at the recipe of its highest mean validation accuracy, never test.

    {"left_out": reason or None, "chosen": one dict a network × data set × activation with its
    recipe, "contrasts": primary contrasts of the chosen cells}. Ties go to the first recipe by
    name; a failure validates as chance. The scores compared are those on the test set, which the
    choice has not seen; but both come of the same runs.
    """
    reason = reason_left_out(runs)
    if reason:
        return {"left_out": reason, "chosen": [], "contrasts": []}
    ok = runs["status"] == "ok"
    guess = runs["dataset"].map(chance)
    validated = runs.assign(validation_accuracy=runs["validation_accuracy"].where(ok, guess))
    means = validated.groupby(CELL, sort=True)["validation_accuracy"].mean()
    best = means.groupby(SAME, sort=True).idxmax().tolist()
    chosen = [
        dict(zip(CELL, cell, strict=True)) | {"validation_accuracy": float(means[cell])}
        for cell in best
    ]
    kept = runs[runs.set_index(CELL).index.isin(best)].assign(recipe=BEST)
    rows = compute_contrasts(kept, control, chance, confidence, margin)
    return {
        "left_out": None,
        "chosen": chosen,
        "contrasts": [row for row in rows if row["failures"] == FAILURES[0]],
    }


def reason_left_out(runs: pd.DataFrame) -> str | None:
    """Why there is nothing to choose a recipe by, or None."""
    if runs["recipe"].nunique() < 2:
        return "one recipe only"
    if runs.loc[runs["status"] == "ok", "validation_accuracy"].isna().any():
        return "not every run has a validation accuracy; the study says validation: 0"
    return None
