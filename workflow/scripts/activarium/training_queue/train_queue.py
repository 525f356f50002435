"""A queue of studies trained in the minutes that there are, and kept as tables."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from .. import study
from ..report.formatting import count
from ..runtime.errors import UserError
from ..runtime.files import write_text
from ..runtime.snakemake_command import (
    CLONE,
    GRACE,
    check_clone,
    run_until,
    snakemake_command,
    unlock,
)
from ..study.code_inputs import CodeFiles
from ..study.grid import Grid
from ..study.reused_runs import with_reused_runs
from ..tables import collect
from ..train.progress import format_duration
from .kept_tables import KeptTables
from .queue_file import Item, read_queue

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = CLONE / "config/schema.yaml"
LIBRARY = str(Path(__file__).parents[1])
WRITING = 15.0  # seconds that writing tables may take
LEAST = 30.0  # seconds in which a study is worth a start


def train_queue(
    file: Path | str,
    minutes: float,
    folder: Path | str = "results/queue",
    cores: int | None = None,
    dry_run: bool = False,
) -> None:
    """Train the studies in a queue's `file`, in order, and stop so that all ends in `minutes`.

    Finished runs are kept as tables in `folder`/STUDY, and are not trained again where these are.
    Raises UserError, at the end, for studies that failed.
    """
    end = time.monotonic() + 60 * minutes - GRACE - WRITING
    check_clone()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else Snakemake would go on alone
    items = read_queue(file, SCHEMA)
    if end - time.monotonic() < LEAST:
        least = (GRACE + WRITING + LEAST) / 60
        raise UserError(f"queue: {minutes:g} minutes are too few; give it more than {least:g}")
    cores = cores or len(os.sched_getaffinity(0))
    failed = []
    for item in items:
        try:
            left = _train(item, KeptTables(Path(folder, item.name)), end, cores, dry_run)
        except UserError as error:
            _say(f"{item.name}: {error}")
            failed.append(item.name)
            continue
        if left:
            _say("the time is over; the same command goes on from here")
            break
    if failed:
        raise UserError(f"queue: {', '.join(failed)} failed; the lines above say why")


def _train(item: Item, kept: KeptTables, end: float, cores: int, dry_run: bool) -> bool:
    """Train what is not kept of an item, until `end`; whether something is left of it."""
    kept.recover()
    config = {**item.config, "reuse": [*_listed(item.config.get("reuse")), *kept.paths]}
    config = {key: value for key, value in config.items() if value or key != "reuse"}
    grid = with_reused_runs(Grid(study.load(config, [], SCHEMA)), LIBRARY, SCHEMA)
    todo = len(grid.runs) + len(grid.tuning.runs)
    seconds = end - time.monotonic()
    if dry_run or not todo:
        _say(f"{item.name}: {count(todo, 'run')} to train")
        return False
    if seconds < LEAST:
        return True
    _say(f"{item.name}: {count(todo, 'run')} to train, {format_duration(seconds)} left")
    place = Path(grid.paths.folder, "study.yaml")
    write_text(place, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    made = ["collect", *(["tuning"] if grid.tuning.recipes else [])]
    command = snakemake_command(place, cores, "--until", *made)
    try:
        code = _run_and_keep(item, kept, grid, command, end)
    finally:  # Ctrl-C, too
        unlock(place)
        size = f"{kept.size} of {count(grid.study.size, 'run')} are kept"
        _say(f"{item.name}: {size} in {kept.folder}")
    if code:
        raise UserError(f"Snakemake ended with exit code {code}")
    return code is None


def _run_and_keep(
    item: Item, kept: KeptTables, grid: Grid, command: list[str], end: float
) -> int | None:
    """`run_until`, and what it has finished kept, however it ends."""
    began, code = time.time(), None
    try:
        code = run_until(command, end)
    finally:
        since = None if code == 0 else began
        kept.add(grid, since, *_provenance(item, grid))
    return code


def _provenance(item: Item, grid: Grid) -> tuple[dict[str, Any], Mapping[str, str]]:
    """(what a study of these runs declares, {network: digest of the code that trains now})."""
    alone = {key: value for key, value in item.config.items() if key not in ("reuse", "strict")}
    declared = Grid(study.read(alone, SCHEMA)).declared_training
    made = CodeFiles(grid, LIBRARY).definitions()
    known = {
        "activations": made["activations"],
        "datasets": collect.image_checksums(grid.dataset_descriptions),
    }
    chance = collect.chance(grid.dataset_descriptions)
    return declared | {"chance": chance, "definitions": known}, made["code"]


def _listed(files: Any) -> list[str]:
    return [files] if isinstance(files, str) else list(files or ())


def _say(text: str) -> None:
    print(f"queue: {text}", file=sys.stderr, flush=True)
