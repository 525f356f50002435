"""What an execution does before its first job, and what it says after its last one.

Imported by the Snakefile at the start of every job, so neither torch nor pandas is here.
"""

import os
import sys
from pathlib import Path
from typing import Any, TextIO

from ..report import outdated
from ..report.headline import read_headline
from ..runtime import interrupt, lock, manifest
from ..runtime.snakemake_internals import Session
from ..train import preflight, progress
from .grid import Grid

BELOW_MAKE = "ACTIVARIUM_BELOW_MAKE"  # set by the Makefile


def begin(grid: Grid, session: Session) -> None:
    """Try what is to be trained, mark the report where it is outdated, and say how much is left.

    Raises UserError where another execution works on the study, or where a trial fails.
    """
    paths = grid.paths
    lock.acquire(grid.study.name)
    jobs = session.jobs()
    training = [job for job in jobs if grid.has_runs(job.output)]
    if not session.sends_all:
        sources, log = grid.study.image_sources, paths.log("sanity_check")
        preflight.check_before_training(training, paths.sanity_checks, log, sources)
    if any(paths.report in job.output for job in jobs):
        outdated.mark(paths.report)
    elif any(paths.report in job.input for job in jobs):
        outdated.unmark(paths.report)
    if training:
        manifest.write(grid.study, grid.packs, paths.manifest)
    made = [file for job in training for file in job.output]
    if not session.is_local:
        _remove(made)
    runs = [file for file in made if file.endswith(".parquet")]
    progress.open_tally(
        paths.tally,
        left=len(runs),
        kept=len(grid.finished_runs(runs)),
        declared=len(grid.runs) + len(grid.tuning.runs),
        at_once=session.jobs_at_once(),
    )


def _remove(files: list[Any]) -> None:
    """Remove older runs, which a remote job that dies before it begins would leave behind."""
    for file in files:
        Path(file).unlink(missing_ok=True)


def say_result(grid: Grid, session: Session) -> None:
    """Say the verdict and where the report is, if this execution has written it.

    Not below `make`, which says so itself, also where there was nothing to do.
    """
    written = any(grid.paths.report in job.output for job in session.jobs(finished=True))
    if written and BELOW_MAKE not in os.environ:
        print_result(grid.paths.report, sys.stderr)


def print_result(report: str, file: TextIO) -> None:
    """Print the first sentence of the page `report`, if it is there, and where it stands."""
    if sentence := read_headline(report):
        print(sentence, file=file)
    print(f"The report: {report}", file=file, flush=True)


def say_stop(grid: Grid, stop_filter: interrupt.StopFilter) -> None:
    """Say how far the study is and how to go on, where a person stopped this execution."""
    runs = grid.tuning.runs + grid.runs
    interrupt.report_stop(stop_filter, len(grid.finished_runs(runs)), len(runs))
