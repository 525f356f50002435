"""A run's score: its final-epoch test accuracy, and what a diverged run counts as."""

from ..refusal import Refusal

SETTING = ["recipe", "network", "dataset"]
CELL = [*SETTING, "activation"]
FAILURES = ("chance", "complete_case")  # the primary analysis, and its sensitivity check


class CompareError(Refusal):
    """A table of runs that cannot be compared; the message names the rows and the way out."""


def scored(runs, failures, chance):
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
            f"say it in the study as chance: {{{unknown[0]}: …}}"
        )
    return runs.assign(score=runs["test_accuracy"].where(~diverged, runs["dataset"].map(chance)))
