"""Where a study stands: which of its runs are whole, and who works on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tables.collect import CollectError, read_run

if TYPE_CHECKING:
    from .grid import Grid


def read_shards(grid: Grid) -> int:
    """How many runs the study's shards hold. Raises CollectError where one is damaged."""
    from ..tables import shards

    return shards.read(grid.study.shards, grid.declared_training)[0].num_rows


def broken_runs(grid: Grid) -> dict[str, str]:
    """{file: what is wrong with it} of each run's file that is gone or damaged; reads them all."""
    broken = {}
    for run in grid.tuning.runs + grid.runs:
        try:
            read_run(run)
        except CollectError as error:
            broken[run] = str(error).partition("; ")[0]  # the way out is one for all of them
    return broken
