"""What becomes of the seeds of a pack: each finished run kept at once, each crash said once."""

import os
import traceback
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from .. import activations, networks
from ..runtime import own_files
from ..runtime.errors import UserError, describe_error
from .progress import Progress
from .unfinished_runs import RunStore

FOLDERS = {Path(str(package.__file__)).parent for package in (activations, networks)}


class CrashedError(UserError):
    """Runs that ended in an exception; the message names their seeds and what is kept."""


class Pack:
    """The seeds of one job: `finished` {seed: table or None}, `crashed` {seed: why in a line}.

    A seed that crashes costs only itself. What is finished is in `finished`, whatever becomes of
    the `store` meanwhile: another execution of the same pack clears it.
    """

    def __init__(self, seeds: Iterable[int], store: RunStore, progress: Progress):
        self.store, self.progress = store, progress
        self.finished = {seed: store.load_run(seed) for seed in seeds}
        self.missing = [seed for seed, table in self.finished.items() if table is None]
        self.crashed: dict[int, str] = {}
        kept = len(self.finished) - len(self.missing)
        if kept:
            n = len(self.finished)
            progress.log(f"{kept} of {n} runs were finished before and are taken as they are")

    def keep(self, seed: int, table: pa.Table) -> None:
        """Take the one-row table of a finished run, and put it into the store."""
        try:
            self.finished[seed] = table
            self.store.save_run(seed, table)
            self.progress.end_seed(seed)
        except Exception as error:
            self.crash(seed, error)

    def crash(self, seed: int, error: BaseException) -> None:
        """Note and say the error that ended a run.

        As text: the exception itself would hold the crashed network in memory.
        """
        place = find_place(error)
        why = f"{place}: {describe_error(error)}" if place else describe_error(error)
        if why not in self.crashed.values():  # the log shows where once, and not for each seed
            self.progress.log("".join(traceback.format_exception(error)), terminal=False)
        self.crashed[seed] = why
        self.progress.log(f"seed {seed} crashed: {why}")
        self.progress.end_seed(seed)

    def check_crashes(self) -> None:
        """Raise a CrashedError that names the seeds that crashed, where any has."""
        if self.crashed:
            seeds = ", ".join(map(str, self.crashed))
            raise CrashedError(
                f"seed {seeds} of {self.progress.label} crashed "
                f"({next(iter(self.crashed.values()))}); "
                "the other seeds are kept: the next start trains only what is missing"
            )


def find_place(error: BaseException) -> str:
    """Path and line of the innermost frame in an activation's or network's file; else empty."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{os.path.relpath(error.filename)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    folders = FOLDERS | own_files.imported_folders()
    ours = [f for f in frames if Path(f.filename).parent in folders]
    ours = [f for f in ours if Path(f.filename).stem != "__init__"]
    return f"{os.path.relpath(ours[-1].filename)}, line {ours[-1].lineno}" if ours else ""
