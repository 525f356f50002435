"""What `make` asks about a study: where is its report, are its runs whole, what stopped it?

python -m activarium (where | check | stopped | alone) STUDY
"""

import sys
from pathlib import Path

from . import study
from .runtime import lock
from .runtime.errors import exit_on_error
from .study.grid import Grid, rebuild


def where(grid, file):
    """Print where the report stands."""
    print(f"The report: {grid.report}")


def check(grid, file):
    """Read every run's file; name each that is gone or broken, and the command that rebuilds it."""
    from .tables.collect import CollectError, read_run

    if grid.study.shards:
        from .tables import shards

        with exit_on_error():
            whole = shards.read(grid.study.shards, grid.trained)[0].num_rows
        print(f"{whole} of {whole} runs of {grid.study.name} are whole, in "
              f"{', '.join(grid.study.shards)}")  # fmt: skip
        return
    broken = {}
    for run in grid.runs:
        try:
            read_run(run)
        except CollectError as error:
            broken[run] = error
    for error in broken.values():
        print(str(error).partition("; ")[0])  # the way out is one for all of them
    if broken:
        sys.exit(f"{len(broken)} of {len(grid.runs)} runs are not whole; rebuild them: "
                 f"{rebuild(list(broken), file)}")  # fmt: skip
    print(f"{len(grid.runs)} of {len(grid.runs)} runs of {grid.study.name} are whole")


def stopped(grid, file):
    """After Snakemake has failed: the one command, where the lock of a killed one is the reason."""
    if lock.locked():
        alone(grid, file)
        sys.exit("make: an execution was killed here and has left its lock; take it away: "
                 "make unlock")  # fmt: skip
    sys.exit(1)


def alone(grid, file):
    """Nothing where no Snakemake works in this folder; else it is named and must end first."""
    if found := lock.other_executions():
        sys.exit(f"make: {found[0]}")


def main(question, file):
    """Answer one question about the study in `file`."""
    library = Path(__file__).parent
    with exit_on_error():
        config = study.mapping(file)
        asked = study.load(config, [file], library.parents[2] / "config/schema.yaml")
    answer = {"where": where, "check": check, "stopped": stopped, "alone": alone}[question]
    answer(Grid(asked, str(library)), file)


if __name__ == "__main__":
    main(*sys.argv[1:])
