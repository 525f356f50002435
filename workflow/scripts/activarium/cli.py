"""The command `activarium`: its subcommands, each read by argparse and answered in a few lines.

What a subcommand needs is imported inside it, so that `activarium --help` is quick.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .report.citation import VERSION
from .runtime.errors import UserError, exit_on_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .study.grid import Grid

LIBRARY = Path(__file__).parent
ABOUT = "Compare activation functions, and prove what can be proven about them."
WAYS = """\
examples:
  activarium list
"""


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one line that says where the help is."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line `words`, by default that of this process.

    Exit codes: 0 for success, 1 for an error of one line, 2 for words that are no command.
    """
    arguments = parser().parse_args(words)
    try:
        with exit_on_error():
            arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as `activarium list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    made = Parser(
        "activarium",
        description=ABOUT,
        epilog=WAYS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"activarium {VERSION}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for run in (report_path, check_runs):
        command = _add(commands, run)
        command.add_argument("study", metavar="STUDY", help="the study's YAML file")
    for run in (explain_stop, check_idle):
        _add(commands, run)
    return made


def _add(commands: argparse._SubParsersAction, run: Callable) -> argparse.ArgumentParser:
    """The parser of one subcommand: its name and its help are those of the function."""
    about = (run.__doc__ or "").splitlines()[0]
    command = commands.add_parser(
        run.__name__.replace("_", "-"), help=about[0].lower() + about[1:-1], description=about
    )
    command.set_defaults(run=run)
    return command


def _grid(file: str) -> Grid:
    """The study in `file`, laid out as files. Raises StudyError."""
    from . import study
    from .study.grid import Grid

    declared = study.load(study.mapping(file), [file], schema_file())
    return Grid(declared)


def schema_file() -> Path:
    """The schema of study files: the clone's, or the one in an installed package."""
    installed = LIBRARY / "study/schema.yaml"
    return installed if installed.exists() else LIBRARY.parents[2] / "config/schema.yaml"


def report_path(arguments: argparse.Namespace) -> None:
    """Print where the study's report stands, or will stand."""
    print(f"The report: {_grid(arguments.study).paths.report}")


def check_runs(arguments: argparse.Namespace) -> None:
    """Read every run's file; name each that is gone or broken, and the command that rebuilds it."""
    from .study import status
    from .study.start_warnings import rebuild_command

    grid = _grid(arguments.study)
    name, parts = grid.study.name, grid.study.shards
    if parts:
        whole = status.read_shards(grid)
        print(f"{whole} of {whole} runs of {name} are whole, in {', '.join(parts)}")
        return
    broken, declared = status.broken_runs(grid), len(grid.runs)
    for problem in broken.values():
        print(problem)
    if broken:
        way = rebuild_command(list(broken), arguments.study)
        raise UserError(f"{len(broken)} of {declared} runs are not whole; rebuild them: {way}")
    print(f"{declared} of {declared} runs of {name} are whole")


def explain_stop(arguments: argparse.Namespace) -> None:
    """After Snakemake failed: name the way out where a killed execution left its lock here."""
    from .runtime import snakemake_internals

    if snakemake_internals.is_locked():
        check_idle(arguments)
        raise UserError(
            "make: an execution was killed here and has left its lock; take it away: make unlock"
        )
    sys.exit(1)


def check_idle(arguments: argparse.Namespace) -> None:
    """End well where no Snakemake works in this folder; else name it."""
    from .runtime import lock

    if found := lock.other_executions():
        raise UserError(f"make: {found[0]}")
