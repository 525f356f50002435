"""A run's score: its final-epoch test accuracy, what a diverged run counts as, and its pairs."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..runtime.errors import UserError

SETTING = ["recipe", "network", "dataset"]
CELL = [*SETTING, "activation"]
SettingScores = list[tuple[dict, pd.DataFrame]]  # of `score_tables`
FAILURES = ("chance", "complete_case")  # the primary analysis, and its sensitivity check
DIGITS = 10  # differences are rounded to 1e-10, so that equal scores tie whatever the last bit


class CompareError(UserError):
    """A table of runs that cannot be compared; the message names the rows and the way out."""


def add_scores(runs: pd.DataFrame, failures: str, chance: Mapping[str, float]) -> pd.DataFrame:
    """The runs with a column `score` (fraction).

    `runs` is a DataFrame of the runs table; `failures` is "chance" (a diverged run scores the
    accuracy of guessing, `chance[dataset]`) or "complete_case" (a diverged run is left out).
    Raises CompareError where a failure needs the chance of a data set that nobody gave.
    """
    diverged = runs["status"] == "diverged"
    if failures == "complete_case":
        return runs[~diverged].assign(score=lambda r: r["test_accuracy"])
    unknown = sorted(set(runs.loc[diverged, "dataset"]) - set(chance))
    if unknown:
        raise CompareError(
            f"chance: '{unknown[0]}' has diverged runs, which score the accuracy of guessing; "
            f"write chance: {{{unknown[0]}: …}} in the study, or --chance {unknown[0]}=… behind "
            "activarium compare"
        )
    return runs.assign(score=runs["test_accuracy"].where(~diverged, runs["dataset"].map(chance)))


def group_by_setting(table: pd.DataFrame) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Yield ({recipe, network, dataset}, rows) of every setting, in the order of their names."""
    for setting, group in table.groupby(SETTING, sort=True):
        yield dict(zip(SETTING, setting, strict=True)), group


def group_rows_by_setting(rows: list[dict]) -> Iterator[tuple[dict, list[dict]]]:
    """The same for dicts: yield ({recipe, network, dataset}, rows) of every setting."""
    key = itemgetter(*SETTING)
    for setting, group in groupby(sorted(rows, key=key), key):
        yield dict(zip(SETTING, setting, strict=True)), list(group)


def pivot_scores(group: pd.DataFrame, column: str = "score") -> pd.DataFrame:
    """One setting's scores, DataFrame [seeds, activations], both sorted, NaN where no run is."""
    table = group.pivot(index="seed", columns="activation", values=column)
    return table.sort_index().sort_index(axis=1).astype(float)


def score_tables(runs: pd.DataFrame, failures: str, chance: Mapping[str, float]) -> SettingScores:
    """[({recipe, network, dataset}, its `pivot_scores`)] of every setting that has runs."""
    scored = add_scores(runs, failures, chance)
    return [(setting, pivot_scores(group)) for setting, group in group_by_setting(scored)]


def differences_from(scores: pd.DataFrame, control: str) -> pd.DataFrame:
    """Differences from the control, DataFrame [seeds, other activations], NaN where no pair is.

    `scores` is from `pivot_scores`. Pairs are the seeds that both have; without the control there
    are none.
    """
    others = scores.drop(columns=control, errors="ignore")
    reference = scores.get(control, np.nan)
    return others.sub(reference, axis=0).round(DIGITS)


def significance_level(confidence: float) -> float:
    """1 − confidence, the level of every test; without the last bits of 1 − 0.95."""
    return round(1 - confidence, 12)


def sorted_values(values: ArrayLike) -> np.ndarray:
    """The values that are numbers, from the least to the greatest.

    In this order a sum over pairs has the same last bit whatever the seeds and rows are called.
    """
    values = np.asarray(values, float)
    return np.sort(values[~np.isnan(values)])
