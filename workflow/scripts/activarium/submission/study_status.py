"""What SUBMIT.md calls a published study: self-reported, or reproduced here.

The runs that were trained again stand in reproduction/ of the study's folder, with what they cost.
Whether they are the same decides, so that nobody has to say it.
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
TRAINED_AGAIN = "reproduction"  # a folder in that of the study
TABLES = ("runs.parquet", "costs.parquet")


def study_status(folder: Path) -> str:
    """One of the two words for the study in `folder`; UserError where a table is damaged."""
    if not (folder / TRAINED_AGAIN).exists() or any(find_differences(folder)):
        return SELF_REPORTED
    return REPRODUCED


def find_differences(folder: Path) -> Iterator[str]:
    """A line for each way in which the runs that were trained again fall short; none if equal.

    Compared are status and score of each run: on another machine the last bits may differ. A run
    that started when the study's own did was copied, and not trained again.
    """
    place = folder / TRAINED_AGAIN
    if missing := [name for name in TABLES if not (place / name).is_file()]:
        yield f"{place / missing[0]} is missing"
        return
    runs, costs = (tables.read(folder / name) for name in TABLES)
    again, spent = (tables.read(place / name) for name in TABLES)
    both = again.merge(runs, "left", tables.KEY, suffixes=("_again", ""))
    scores = both["n_correct_again"].fillna(-1) != both["n_correct"].fillna(-1)
    other = int((scores | (both["status_again"] != both["status"])).sum())
    if other:
        yield f"{place}: {other} of {len(again)} runs have another score"
    started = spent.merge(costs, "left", tables.KEY, suffixes=("_again", ""))
    if copied := int((started["started_again"] == started["started"]).sum()):
        yield f"{place}: {copied} of {len(again)} runs are those of the study, not trained again"
    counted, cells = (table.groupby(CELL).size() for table in (again, runs))
    short = counted.reindex(cells.index, fill_value=0) < FEWEST_AGAIN
    for cell in short.index[short][:1]:
        yield f"{place}: {'/'.join(cell)} has fewer than {FEWEST_AGAIN} seeds"
