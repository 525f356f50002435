"""The command `activarium`: its subcommands, each read by argparse and answered in a few lines.

What a subcommand needs is imported inside it, so that `activarium --help` is quick.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from io import TextIOWrapper
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, NoReturn

from .report.citation import VERSION
from .runtime.errors import UserError, exit_on_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .study.grid import Grid

LIBRARY = Path(__file__).parent
ABOUT = "Compare activation functions with statistics, and prove what can be proven about them."
USES = """\
examples:
  activarium certify gelu                        what is proven about GELU
  activarium certify "x*ndtr(1.1*x)"             the same for an expression in x
  activarium compare runs.csv --control gelu     the report of results from elsewhere
  activarium challenge mine.py                   train it against published runs
  activarium new activation mine                 a file for an activation of your own

Studies are trained by make or snakemake, see README.md.
"""


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line `words`, by default that of this process.

    Exit codes: 0 for success, 1 for an error of one line, 2 for words that are no command.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without φ shows ? there
    arguments = parser().parse_args(
        _protect_leading_minus(sys.argv[1:] if words is None else list(words))
    )
    try:
        with exit_on_error():
            arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as in `activarium list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        sys.exit(f"{error.filename or 'activarium'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)


class Parser(argparse.ArgumentParser):
    """An argparse parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one line that says where the help is."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help of one line a command, where the terminal has 80 columns."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=min(_columns(), 100) - 2)
        self._action_max_length = 20  # argparse forgets how far commands are indented


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    made = Parser("activarium", description=ABOUT, epilog=USES, formatter_class=_Help)
    made.add_argument("--version", action="version", version=f"activarium {VERSION}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_certify(commands)
    _add_compare(commands)
    _add_list(commands)
    _add_new(commands)
    _add_challenge(commands)
    _add(commands, claims).add_argument("--json", action="store_true", help="print JSON")
    _add_train_queue(commands)
    for run in (report_path, check_runs):
        _add(commands, run).add_argument("study", metavar="STUDY", help="the study's YAML file")
    for run in (explain_stop, check_idle):
        _add(commands, run)
    _add(commands, check_submission).add_argument("folder", metavar="FOLDER", type=Path)
    return made


def _add(commands: argparse._SubParsersAction, run: Callable) -> argparse.ArgumentParser:
    """The parser of one subcommand: its name and its help are those of the function."""
    name, about = run.__name__.strip("_").replace("_", "-"), run.__doc__ or ""
    short = about.splitlines()[0].rstrip(".")
    command = commands.add_parser(
        name,
        help=short[0].lower() + short[1:],
        description=re.sub("\n +", "\n", about),
        formatter_class=_Help,
    )
    command.set_defaults(run=run)
    return command


def _add_certify(commands: argparse._SubParsersAction) -> None:
    command = _add(commands, certify)
    command.add_argument(
        "activation",
        metavar="ACTIVATION",
        help='a name from `activarium list`, a file mine.py, or an expression as "x*sigmoid(x)"',
    )
    command.add_argument(
        "values",
        metavar="PARAMETER=VALUE",
        nargs="*",
        default=[],  # else Python 3.11 and 3.12 call it required where the activation is missing
        help="prove it at these values of what is learned, as slope=0.11; default: at the start",
    )
    command.add_argument("--json", action="store_true", help="print the whole profile as JSON")


def _add_compare(commands: argparse._SubParsersAction) -> None:
    command = _add(commands, compare)
    add = command.add_argument
    # fmt: off
    add("tables", metavar="TABLE", nargs="+", help="CSV or Parquet files, taken together")
    add("--control", required=True, metavar="NAME", help="what all others are compared with")
    add("--output", default="report.html", metavar="FILE", help="default: report.html")
    add("--name", help="the report's heading; default: the first table's name")
    add("--margin", type=float, default=0.005, metavar="FRACTION",
        help="smaller differences are equivalent; default: 0.005, half a percentage point")
    add("--confidence", type=float, default=0.95, metavar="FRACTION", help="default: 0.95")
    add("--chance", action="append", default=[], metavar="NAME=FRACTION",
        help="accuracy of guessing on the data set NAME, which failed runs score; repeatable")
    # fmt: on


def _add_list(commands: argparse._SubParsersAction) -> None:
    command = _add(commands, list_)
    command.add_argument("files", metavar="FILE", nargs="*", help="files of your own")
    command.add_argument("--json", action="store_true", help="print JSON")


def _add_new(commands: argparse._SubParsersAction) -> None:
    command = _add(commands, new)
    command.add_argument("kind", choices=("activation", "network", "dataset"))
    command.add_argument("name", metavar="NAME", help="the file's name, without .py")
    command.add_argument(
        "--folder",
        type=Path,
        default=Path("my"),
        metavar="FOLDER",
        help="where it is written; default: my, beside your study",
    )


def _add_challenge(commands: argparse._SubParsersAction) -> None:
    command = _add(commands, challenge)
    add = command.add_argument
    # fmt: off
    add("activation", metavar="ACTIVATION",
        help='a file mine.py, a built-in name, or an expression as "x*tanh(softplus(x))"')
    add("--suite", metavar="SUITE",
        help="a folder of reference/ by its name, or the file of a study; "
        "default: the first study of config/suite.yaml")
    add("--name", metavar="NAME", help="what yours is called; default: the file's name, or mine")
    add("--cores", type=int, metavar="N", help="default: all")
    add("--dry-run", action="store_true", help="say how long it takes, and train nothing")
    # fmt: on


def _add_train_queue(commands: argparse._SubParsersAction) -> None:
    command = _add(commands, train_queue)
    add = command.add_argument
    # fmt: off
    add("queue", metavar="QUEUE", help="a YAML list of studies, such as config/queue.yaml")
    add("--minutes", type=float, required=True, metavar="N", help="in which everything ends")
    add("--tables", default="results/queue", metavar="FOLDER",
        help="where finished runs are kept as tables; default: results/queue")
    add("--cores", type=int, metavar="N", help="default: all")
    add("--dry-run", action="store_true", help="say what is left of each study, train nothing")
    # fmt: on


def _protect_leading_minus(words: list[str]) -> list[str]:
    """The words, with a blank before an expression such as -x*exp(x), so that it is no option."""
    if words[:1] not in (["certify"], ["challenge"]):
        return words
    return [f" {word}" if re.match(r"-[^-h]", word) else word for word in words]


def certify(arguments: argparse.Namespace) -> None:
    """Prove the properties of an activation, and print them with the built-in one nearest to it.

    All numbers hold for every real x; what cannot be proven is named with the reason.
    """
    from .certify import certify as prove
    from .certify.find_activation import look_up
    from .certify.given_values import read_values
    from .proven_claims.nearest import comparable, find_nearest
    from .report.profile_page import profile_page
    from .runtime.files import as_json

    found, values = look_up(arguments.activation), read_values(arguments.values)
    definition = found.at(values)
    profile = prove(definition, draws=found.draws)
    if arguments.json:
        print(as_json(profile), end="")
        return
    beside = find_nearest(definition, comparable(but=arguments.activation))
    head = (found.title, found.formula, found.source)
    print(profile_page(profile, *head, at_given_values=bool(values), beside=beside))


def compare(arguments: argparse.Namespace) -> None:
    """Write the report of runs that were made elsewhere.

    A table needs the columns dataset, activation, seed, test_accuracy (a fraction) and status
    ("ok" or "diverged"); recipe, network and others are used where they are there.
    """
    from .report.build import build_external_report
    from .report.verdicts import headline
    from .runtime.files import write_text

    output = _replaceable(Path(arguments.output))
    for table in arguments.tables:
        if not Path(table).is_file():
            raise UserError(f"no file {table}")
    chance = dict(_fraction_of(text) for text in arguments.chance)
    for key in ("margin", "confidence"):
        if not 0 < getattr(arguments, key) < 1:
            raise UserError(f"--{key} {getattr(arguments, key)} must lie between 0 and 1")
    report = build_external_report(
        arguments.tables, arguments.control, arguments.confidence, arguments.margin, chance,
        arguments.name,
    )  # fmt: skip
    write_text(output, report.html)
    print(f"{headline(report.tables)}\nThe report: {output}")


def _replaceable(file: Path) -> Path:
    """The path `file`, where nothing stands there or an earlier report; else a UserError."""
    if file.is_dir():
        raise UserError(f"--output {file} is a folder; name a file in it: {file / 'report.html'}")
    if file.exists():
        with file.open("rb") as opened:
            if b"Activarium</title>" not in opened.read(4000):
                raise UserError(f"--output {file} is there and is no report; name another file")
    return file


def _fraction_of(text: str) -> tuple[str, float]:
    """("moons", 0.5) of "moons=0.5"."""
    name, _, number = text.rpartition("=")
    try:
        chance = float(number)
    except ValueError:
        chance = -1
    if not name or not 0 < chance < 1:
        raise UserError(f"--chance {text} must be a data set and a fraction, as moons=0.5")
    return name, chance


def list_(arguments: argparse.Namespace) -> None:
    """Print the built-in activations, or those in files: class of smoothness, formula, source."""
    from .activations import NOT_CERTIFIED
    from .certify.activation_list import activation_rows
    from .report.proven_properties import CLASSES
    from .runtime.files import as_json

    rows = activation_rows(arguments.files)
    if arguments.json:
        print(as_json(rows), end="")
        return
    cells = [("name", "class", "formula", "source")]
    for row in rows:
        kind = CLASSES.get(row["class"], row["class"]) or NOT_CERTIFIED
        cells.append((row["name"], kind, row["formula"], row["source"]))
    print("\n".join(_align_columns(cells, _terminal_width())))


def _terminal_width() -> int | None:
    """Characters of a line where a person reads; None where a program or a file does."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _align_columns(rows: Sequence[tuple[str, ...]], width: int | None) -> Iterator[str]:
    """Lines of four columns; the last two are wrapped to fit into `width`, if there is one."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if width:
        half = max(24, (width - widths[0] - widths[1] - 6) // 2)
        widths[2:] = [min(widths[2], half), half]
    for row in rows:
        cells = [wrap(cell, size) for cell, size in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (f"{part:<{size}}" for part, size in zip(parts, widths, strict=True))
            yield "  ".join(padded).rstrip()


def new(arguments: argparse.Namespace) -> None:
    """Write a commented file for an activation, a network or a data set of your own.

    The file works as it is.
    """
    from .study.new_files import write_new_file

    kind, name = arguments.kind, arguments.name
    file = write_new_file(kind, name, arguments.folder)
    print(f"Wrote {file}.")
    if kind == "activation":
        print(f"Prove it: activarium certify {file}")
    entry = f"{{name: {name}, file: {file}}}"
    print(f"Train with it: write {entry} among the {kind}s of a study")


def challenge(arguments: argparse.Namespace) -> None:
    """Train a new activation alone and compare it with published runs.

    It says first how long that takes. Then come the report, where the new activation stands out,
    and its numbers in challenge.json.
    """
    from .challenge.run import run_challenge

    given = arguments
    word = given.activation.strip()
    run_challenge(word, given.suite, given.name, given.cores, given.dry_run)


def claims(arguments: argparse.Namespace) -> None:
    """Print what published runs say of the claims of the literature.

    JSON has the contrasts that each verdict rests on, too.
    """
    from .claims import read_claims, settle_claims
    from .claims.published_studies import read_studies
    from .runtime.files import as_json
    from .tables import finite

    clone = LIBRARY.parents[2]
    if not (clone / "claims").is_dir():
        raise UserError("claims: the claims are not installed with the command; use a clone")
    folders = [file.parent for file in clone.glob("reference/*/study.yaml")]
    settled, evidence = settle_claims(
        read_claims(clone / "claims"), read_studies(folders, schema_file())
    )
    if arguments.json:
        rows = {c["claim"]: [e for e in evidence if e["claim"] == c["claim"]] for c in settled}
        found = [claim | {"evidence": rows[claim["claim"]]} for claim in settled]
        print(as_json(finite(found)), end="")
        return
    cells = [("verdict", "paper", "claim", "why")]
    keys = ("verdict", "identifier", "sentence", "reason")
    cells += [tuple(claim[key] for key in keys) for claim in settled]
    print("\n".join(_align_columns(cells, _terminal_width())))


def train_queue(arguments: argparse.Namespace) -> None:
    """Train the studies of a queue in the minutes that there are.

    It stops by itself in time. Finished runs are kept as tables, which `reuse` and `shards` take.
    The same command goes on from there.
    """
    from .training_queue.train_queue import train_queue as train

    given = arguments
    train(given.queue, given.minutes, given.tables, given.cores, given.dry_run)


def _grid(file: str) -> Grid:
    """The study in `file`, laid out as files without what it reuses. Raises UserError."""
    from . import study
    from .study.grid import Grid
    from .study.reused_runs import with_reused_runs

    declared = study.load(study.mapping(file), [file], schema_file())
    return with_reused_runs(Grid(declared), str(LIBRARY), schema_file())


def schema_file() -> Path:
    """The schema of study files: the clone's, or the one in an installed package."""
    installed = LIBRARY / "study/schema.yaml"
    return installed if installed.exists() else LIBRARY.parents[2] / "config/schema.yaml"


def report_path(arguments: argparse.Namespace) -> None:
    """Print a study's verdict, once it has one, and where its report is."""
    from .study.handlers import print_result

    print_result(_grid(arguments.study).paths.report, sys.stdout)


def check_runs(arguments: argparse.Namespace) -> None:
    """Read every run of a study again and name what is damaged.

    The last line is the command that trains again what is missing.
    """
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
    if tables := grid.study.reuse:
        print(f"{grid.study.size - declared} more are taken from {', '.join(tables)}")


def check_submission(arguments: argparse.Namespace) -> None:
    """Check a folder that `snakemake reference` made, as CI does.

    Every line names one thing that is missing or wrong.
    """
    from .submission.check import find_problems
    from .submission.study_status import study_status

    folder = arguments.folder
    if not folder.is_dir():
        raise UserError(f"no folder {folder}; make one: snakemake reference --configfile STUDY")
    problems = list(find_problems(folder, schema_file()))
    for problem in problems:
        print(problem)
    if problems:
        found = "1 thing is" if len(problems) == 1 else f"{len(problems)} things are"
        raise UserError(f"{found} missing or wrong in {folder}; see SUBMIT.md")
    print(f"{folder} is whole: its checksums match and its verdicts follow from its runs")
    print(f"Its status: {study_status(folder)}")


def explain_stop(arguments: argparse.Namespace) -> None:
    """Say why Snakemake failed here, where a lock is the reason.

    The exit code is 1, as Snakemake's was.
    """
    from .runtime import snakemake_internals

    if snakemake_internals.is_locked():
        check_idle(arguments)
        raise UserError(
            "make: an execution was killed here and has left its lock; take it away: make unlock"
        )
    sys.exit(1)


def check_idle(arguments: argparse.Namespace) -> None:
    """Fail where a Snakemake is at work in this folder."""
    from .runtime import lock

    if found := lock.other_executions():
        raise UserError(f"make: {found[0]}")
