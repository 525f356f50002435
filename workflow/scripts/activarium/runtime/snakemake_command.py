"""The command by which a study is trained from Python, and how it is ended in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import lock
from .errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

CLONE = Path(__file__).parents[4]
GRACE = 15.0  # seconds in which Snakemake ends its jobs and takes its lock away


def check_clone() -> None:
    """Raise UserError where there is no workflow beside the library."""
    if not (CLONE / "Snakefile").exists():
        raise UserError("the workflow is not installed with the command; use a clone")


def snakemake_command(study_file: Path | str, cores: int, *options: str) -> list[str]:
    """The words that start this clone's workflow on a study, where the process stands."""
    snakefile = os.path.relpath(CLONE / "Snakefile")
    words = [sys.executable, "-m", "snakemake", "--snakefile", snakefile]
    return [*words, "--cores", str(cores), *options, "--configfile", str(study_file)]


def run_until(command: Sequence[str], end: float, grace: float = GRACE) -> int | None:
    """The exit code of a `command`, or None where it was stopped at `end`, a `time.monotonic()`.

    It is stopped as by Ctrl-C, with everything that it started. What has not ended `grace` seconds
    later is killed. Ctrl-C here stops it in the same way and is raised afterwards.
    """
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait(max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        _stop(process, grace)
        return None
    except KeyboardInterrupt:
        _stop(process, grace)
        raise


def _stop(process: subprocess.Popen, grace: float) -> None:
    """End a process that leads a group, and all of its group."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)


def unlock(study_file: Path | str) -> None:
    """Take away the lock of a Snakemake that was killed here, unless another one is at work."""
    if any(Path(".snakemake/locks").glob("*")) and not lock.other_executions():
        command = snakemake_command(study_file, 1, "--unlock", "--quiet", "all")
        subprocess.run(command, capture_output=True)
