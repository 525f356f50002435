"""Which runs of a study's grid are taken from published tables: found once, and noted for its jobs.

Imported by the Snakefile at the start of every job, so pyarrow is imported only where tables are
read. That is in the process that a person started; its jobs read a note of what was found.
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import networks
from ..report.formatting import count
from ..runtime.errors import UserError
from ..runtime.files import read_json, write_json
from .code_inputs import CodeFiles
from .schema import definitions as schema_definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..tables.reuse import Definitions
    from .grid import Grid


def with_reused_runs(
    grid: Grid, library: str, schema: Path | str, read_tables: bool = True
) -> Grid:
    """`grid` without the runs that published tables hold; itself where its study reuses none.

    Without `read_tables` the note of the start is read, if it is of the same study and tables.
    Raises UserError where the tables cannot be reused.
    """
    if not grid.study.reuse:
        return grid
    made = CodeFiles(grid, library).definitions()
    if not read_tables and (noted := _read_note(grid, made)) is not None:
        return noted
    from ..tables import reuse

    today = todays_definitions(grid.study.networks, made, grid.dataset_descriptions, schema)
    taken: dict[str, set[int]] = {}
    found = reuse.read(grid.study.reuse, grid.declared_training, today)
    for *cell, seed in found.keys:
        taken.setdefault("/".join(cell), set()).add(seed)
    tuned = frozenset(map("/".join, found.tuning.cells))
    reused = {cell: frozenset(seeds) for cell, seeds in taken.items()}
    return replace(grid, reused=reused, tuned=tuned)


def todays_definitions(
    declared: Mapping[str, Mapping],
    made: Mapping[str, Mapping[str, str]],
    descriptions: Iterable[str],
    schema: Path | str,
) -> Definitions:
    """What defines runs that are trained now: `declared` networks, digests, images, defaults.

    `made` is from `CodeFiles.definitions`. Of the `descriptions` of images those are read that are
    there. The JSON schema of studies is in the file `schema`.
    """
    from ..tables.collect import image_checksums
    from ..tables.reuse import Definitions

    keys = schema_definitions(schema)["recipe"]["properties"]
    return Definitions(
        activations=made["activations"],
        code=made["code"],
        images=image_checksums(descriptions),
        recipe={key: about["default"] for key, about in keys.items() if "default" in about},
        networks={name: networks.parameters(said["file"]) for name, said in declared.items()},
    )


def write_note(grid: Grid, library: str) -> None:
    """Note which runs are taken, for the jobs of this start; nothing where none can be."""
    if grid.study.reuse:
        made = CodeFiles(grid, library).definitions()
        found = {cell: sorted(seeds) for cell, seeds in grid.reused.items()}
        note = {"of": _fingerprint(grid, made), "reused": found, "tuned": sorted(grid.tuned)}
        write_json(grid.paths.reused, note)


def announce(grid: Grid) -> None:
    """Say how many runs are taken from where, on the standard error."""
    if grid.study.reuse:
        size, trained = grid.study.size, len(grid.runs)
        where = ", ".join(grid.study.reuse)
        what = f"{size - trained} of {size} runs are taken from {where}; {trained} are trained here"
        if grid.tuned:
            here = count(len(grid.tuning.choices), "cell is tuned", "cells are tuned")
            what += f"; so is the tuning of {count(len(grid.tuned), 'cell')}, and {here} here"
        print(f"reuse: {what}", file=sys.stderr)


def _read_note(grid: Grid, made: Mapping) -> Grid | None:
    """`grid` without what was noted; None without a note of this study and its tables."""
    with suppress(UserError, KeyError, OSError):
        note = read_json(grid.paths.reused)
        if note["of"] == _fingerprint(grid, made):
            reused = {cell: frozenset(seeds) for cell, seeds in note["reused"].items()}
            return replace(grid, reused=reused, tuned=frozenset(note["tuned"]))
    return None


def _fingerprint(grid: Grid, made: Mapping) -> str:
    """The same while neither the study, nor its code, nor the tables change."""
    files: list[Any] = []
    for file in sorted({*grid.study.reuse, *grid.companion_files}):
        about = Path(file).stat()
        files.append([file, about.st_size, about.st_mtime_ns])
    said = json.dumps([grid.declared_training, made, files], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
