"""Two questions about a study that `make` asks: where is its report, are its runs whole?

python -m activarium where STUDY | python -m activarium check STUDY
"""

import sys
from pathlib import Path

from . import study
from .grid import Grid, rebuild
from .refusal import in_one_line


def where(grid, file):
    """Print where the report stands."""
    print(f"The report: {grid.report}")


def check(grid, file):
    """Read every run's file; name each that is gone or broken, and the command that rebuilds it."""
    from .collect import CollectError, read_run

    broken = {}
    for run in grid.runs:
        try:
            read_run(run)
        except CollectError as error:
            broken[run] = error
    for error in broken.values():
        print(error)
    if broken:
        sys.exit(f"{len(broken)} of {len(grid.runs)} runs are not whole; rebuild them: "
                 f"{rebuild(list(broken), file)}")  # fmt: skip
    print(f"{len(grid.runs)} of {len(grid.runs)} runs of {grid.study.name} are whole")


def main(question, file):
    """Answer one question about the study in `file`."""
    library = Path(__file__).parent
    with in_one_line():
        config = study.mapping(file)
        asked = study.load(config, [file], library.parents[2] / "config/schema.yaml")
    {"where": where, "check": check}[question](Grid(asked, str(library)), file)


if __name__ == "__main__":
    main(*sys.argv[1:])
