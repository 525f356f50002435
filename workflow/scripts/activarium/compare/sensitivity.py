"""Does a verdict depend on the method? Each one again by every other test of the plan."""

import math

from .scores import CELL, significance_level

CORRECTED = ("p_max_t", "p_max_t_study", "p_t_holm", "p_wilcoxon_holm")
UNCORRECTED = ("p_t", "p_signflip", "p_wilcoxon")  # what one would have claimed without correction


def verdicts_by_method(contrasts: list[dict], confidence: float) -> list[dict]:
    """One dict a contrast: {"verdicts": {method: word}, "agree": bool}.

    Words are better, worse and not shown, None where a test has nothing to say: equivalence is
    another question. "complete_case" is p_max_t without the failed runs. All but the uncorrected
    tests count for "agree". `contrasts` has the rows of both ways to treat failures.
    """
    complete = {_key(row): row for row in contrasts if row["failures"] == "complete_case"}
    rows = []
    for row in (row for row in contrasts if row["failures"] == "chance"):
        words = {p: verdict_by(row, p, confidence) for p in (*CORRECTED, *UNCORRECTED)}
        other = complete.get(_key(row))
        words["complete_case"] = verdict_by(other, "p_max_t", confidence) if other else None
        counted = {w for p, w in words.items() if p not in UNCORRECTED and w is not None}
        rows.append(
            {name: row[name] for name in CELL} | {"verdicts": words, "agree": len(counted) <= 1}
        )
    return rows


def verdict_by(row: dict, p: str, confidence: float) -> str | None:
    """better, worse or not shown by one p-value of a contrast; None where it is missing."""
    if math.isnan(row[p]):
        return None
    direction = "better" if row["mean_diff"] > 0 else "worse"
    return direction if row[p] < significance_level(confidence) else "not shown"


def _key(row):
    return tuple(row[name] for name in CELL)
