"""Locks of executions: which Snakemake works in this folder, and on which study.

Snakemake's own lock does not tell. It stays after a kill, and any Snakemake that ends in the folder
removes all of it, even what another one holds. So each execution locks a file named after its
study, which says who it is. The operating system releases that lock when the process ends.
"""

import atexit
import fcntl
import os
import platform
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from .errors import UserError

FOLDER = Path(".snakemake/execution_locks")
STARTING = "which has just begun"  # it holds the lock and has not written who it is
_held: list[TextIO] = []


def acquire(study: str, folder: Path = FOLDER) -> None:
    """Lock `study` for this process until it ends; a UserError where another one has it.

    Where locks cannot be had, because of the file system or its rights, nothing is locked.
    """
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / study).open("a+")  # it may hold what another process has written
        _held.append(file)  # closing it would release the lock
        if not _try_lock(file):
            file.seek(0)
            owner = file.read() or STARTING
            raise UserError(
                f"another Snakemake works on {study} here, {owner}; wait for its end, or stop it"
            )
        file.truncate(0)
        print(f"process {os.getpid()} on {platform.node()}", end="", file=file, flush=True)
        atexit.register(file.truncate, 0)  # an empty file says that the execution has ended


def _try_lock(file: TextIO, tries: int = 10, wait: float = 0.1) -> bool:
    """Whether the lock could be had; `other_executions` holds it for a moment while it looks."""
    for n in range(tries):
        if n > 0:
            time.sleep(wait)
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def other_executions(folder: Path = FOLDER) -> list[str]:
    """A line for each execution that works here, or of which nobody can tell."""
    lines = [_describe(path) for path in sorted(folder.glob("*"))]
    return [line for line in lines if line]


def _describe(path: Path) -> str | None:
    """The line for the execution behind one lock file; None where it has ended."""
    owner = ""
    with suppress(OSError):
        owner = path.read_text()
    try:
        with path.open("r+") as file:  # over NFS only what may be written can be locked
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if owner.endswith(f" on {platform.node()}"):
            return None
    except BlockingIOError:
        owner = owner or STARTING
        return f"another Snakemake works here on {path.name}, {owner}; wait for its end, or stop it"
    except OSError:
        pass
    if not owner:
        return None
    # Not every file system carries locks to other hosts, or to other users.
    return f"another Snakemake may work here, {owner}; if it has ended: rm {path}, then start again"
