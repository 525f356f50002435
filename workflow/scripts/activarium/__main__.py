"""Two questions about a study, asked by the Makefile: where its report is, and whether its runs are whole.

python -m activarium where STUDY | python -m activarium check STUDY
"""

import sys
from pathlib import Path

import yaml

from . import study
from .grid import Grid


def where(grid):
    """Print where the report stands."""
    print(f"The report: {grid.report}")


def check(grid):
    """Read every file of a run; name each that is gone or broken, and the command that rebuilds it."""
    from .collect import CollectError, read_run

    broken = []
    for file in grid.runs:
        try:
            read_run(file)
        except CollectError as error:
            broken.append(file)
            print(error)
    if broken:
        print(f"rebuild with: snakemake --cores all --configfile {sys.argv[2]} "
              f"--forcerun collect {' '.join(broken[:1])}")  # fmt: skip
        sys.exit(1)
    print(f"{len(grid.runs)} runs of {grid.study.name}: every file is whole")


if __name__ == "__main__":
    library = Path(__file__).parent
    schema = library.parents[2] / "config/schema.yaml"
    config = yaml.safe_load(Path(sys.argv[2]).read_text(encoding="utf-8"))
    grid = Grid(study.load(config, [sys.argv[2]], schema), str(library))
    {"where": where, "check": check}[sys.argv[1]](grid)
