"""What is pointed out at the start: runs that are gone, and recipes that nothing can choose among.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from ..runtime.files import unreadable_error
from .grid import Grid


def rebuild_command(files: list[str], study_file: str = "", changes: Sequence[str] = ()) -> str:
    """The command that makes these files of runs anew, and with them the study's tables.

    It is whole, so that it can be copied, however many files have to be deleted before; `changes`
    are the words of this start behind --config.
    """
    broken = shlex.join(file for file in files if Path(file).exists())
    start = "snakemake --cores all "
    if study_file:
        start += f"--configfile {shlex.quote(os.path.relpath(study_file))} "
    start += "--forcerun collect"
    if changes:
        start += f" --config {shlex.join(changes)}"
    return f"rm {broken} && {start}" if broken else start


def missing_runs(grid: Grid) -> list[str]:
    """Files of runs that the table of runs holds and that are no longer there.

    Snakemake does not look for them: with the tables up to date it has nothing to do.
    """
    table = Path(grid.paths.table("runs"))
    missing = [run for run in grid.runs if table.exists() and not Path(run).exists()]
    if not missing:
        return []
    import pyarrow.parquet as pq

    keys = pq.read_table(table, columns=["recipe", "network", "dataset", "activation", "seed"])
    held = {grid.paths.run.format(**key) for key in keys.to_pylist()}
    return [run for run in missing if run in held]


def warn_missing_runs(grid: Grid, study_file: str = "", changes: Sequence[str] = ()) -> None:
    """Name the `missing_runs` and the command that rebuilds them, on the standard error."""
    try:
        files = missing_runs(grid)
    except (OSError, ValueError, KeyError) as error:  # a damaged table stops nobody at the door
        print(unreadable_error(grid.paths.table("runs"), error), file=sys.stderr)
        return
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        command = rebuild_command(files, study_file, changes)
        print(
            f"results: {files[0]} is gone{more}, though the tables hold it; rebuild: {command}",
            file=sys.stderr,
        )


def warn_no_validation(grid: Grid) -> None:
    """Say, before anything is trained, that no recipe can be chosen for each activation.

    Where one is tuned, each activation has its own best values already.
    """
    recipes = grid.study.recipes
    if len(recipes) < 2 or grid.study.validation or grid.tuning.recipes:
        return
    if all(map(os.path.exists, grid.runs)):
        return
    print(
        f"config: validation: 0 with {len(recipes)} recipes: each activation at its own best "
        "one will not be compared, as that is chosen by validation accuracy, never by test; "
        "write validation: 0.1 now, as a later change trains every run anew",
        file=sys.stderr,
    )
