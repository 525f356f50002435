"""What SUBMIT.md calls a published study: self-reported, or reproduced here.

The runs that were trained again stand in reproduction/runs.parquet of the study's folder. Whether
they are the same decides, so that nobody has to say it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import tables
from ..compare.scores import CELL

if TYPE_CHECKING:
    from collections.abc import Iterator

SELF_REPORTED, REPRODUCED = "self-reported", "reproduced here"
FEWEST_AGAIN = 2  # seeds of every cell
TRAINED_AGAIN = "reproduction/runs.parquet"


def study_status(folder: Path) -> str:
    """One of the two words for the study in `folder`; UserError where a table is damaged."""
    if not (folder / TRAINED_AGAIN).exists() or any(find_differences(folder)):
        return SELF_REPORTED
    return REPRODUCED


def find_differences(folder: Path) -> Iterator[str]:
    """A line for each way in which the runs that were trained again fall short; none if equal.

    Compared are status and score of each run: on another machine the last bits may differ.
    """
    runs, again = (tables.read(folder / name) for name in ("runs.parquet", TRAINED_AGAIN))
    both = again.merge(runs, "left", tables.KEY, suffixes=("_again", ""))
    scores = both["n_correct_again"].fillna(-1) != both["n_correct"].fillna(-1)
    other = int((scores | (both["status_again"] != both["status"])).sum())
    if other:
        yield f"{folder / TRAINED_AGAIN}: {other} of {len(again)} runs have another score"
    counted = again.groupby(CELL).size()
    expected = runs.groupby(CELL).size().index
    short = counted.reindex(expected, fill_value=0) < FEWEST_AGAIN
    for cell in short.index[short][:1]:
        name = "/".join(cell)
        yield f"{folder / TRAINED_AGAIN}: {name} has fewer than {FEWEST_AGAIN} seeds"
