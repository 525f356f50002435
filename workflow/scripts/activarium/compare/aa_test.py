"""A/A: the control against itself, which an honest comparison cannot tell apart."""

from collections.abc import Mapping

import pandas as pd

from .contrasts import compute_family
from .permutation_tests import smallest_p
from .scores import add_scores, group_by_setting, pivot_scores, significance_level


def aa_test(
    runs: pd.DataFrame, control: str, chance: Mapping[str, float], confidence: float, margin: float
) -> list[dict]:
    """One dict a setting with the control: what comparing the control with itself came to.

    Its seeds are split in two halves, the upper renumbered onto the lower, and put through the
    same `compute_family` as any activation. "passed" is None where there are too few pairs to fail;
    otherwise False should come about once in twenty settings (1 − confidence), by chance alone.
    """
    rows = []
    own = runs[runs["activation"] == control]
    for setting, group in group_by_setting(add_scores(own, "chance", chance)):
        found = compute_family(pivot_scores(split_halves(group)), "lower", confidence, margin)
        for row in found:
            can_fail = smallest_p(row["n_pairs"]) < significance_level(confidence)
            passed = row["verdict"] in ("not shown", "equivalent") if can_fail else None
            rows.append(setting | row | {"control": control, "passed": passed})
    return rows


def split_halves(group: pd.DataFrame) -> pd.DataFrame:
    """One cell's rows as two activations, "lower" and "upper", of equal size by seed.

    The last seed is left out where their number is odd; the upper half gets the lower's seeds.
    """
    group = group.sort_values("seed")
    half = len(group) // 2
    lower = group.iloc[:half].assign(activation="lower")
    upper = group.iloc[half : 2 * half].assign(
        activation="upper", seed=group["seed"].to_numpy()[:half]
    )
    return pd.concat([lower, upper])
