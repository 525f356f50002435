"""Which executions of Snakemake work in this folder: after a kill its own lock does not tell."""

import fcntl
import os
import platform
from contextlib import suppress
from pathlib import Path

FOLDER = Path(".snakemake/alive")
_held = []


def begin(folder=FOLDER):
    """Say that this process executes here, until it ends, however it ends."""
    with suppress(OSError):  # a file system without locks, or nowhere to write: nothing is said
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{platform.node()}.{os.getpid()}").open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
        _held.append(file)  # the lock goes with the file


def others(folder=FOLDER):
    """["process 123 on HOST", …] of those that live; what the dead have left is removed."""
    found = []
    for path in sorted(folder.glob("*.*")):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        except BlockingIOError:
            host, pid = path.name.rsplit(".", 1)
            found.append(f"process {pid} on {host}")
        except OSError:
            continue
    return found


def locked(folder=".snakemake/locks"):
    """Whether Snakemake's own lock is there."""
    return any(Path(folder).glob("*"))
