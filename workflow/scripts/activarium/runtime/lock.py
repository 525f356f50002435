"""Which executions of Snakemake work in this folder, each on a study of its own.

Snakemake's lock does not tell: after a kill it stays, and any Snakemake that ends in the folder
takes away all of it, also what another one holds. So each execution locks a file that is called as
its study and says who it is; the lock ends with the process, however that ends.
"""

import atexit
import fcntl
import os
import platform
import time
from contextlib import suppress
from pathlib import Path

from .errors import UserError

FOLDER = Path(".snakemake/alive")
_held = []


def acquire(study, folder=FOLDER):
    """Say that this process executes `study` here; a UserError where another one does."""
    with suppress(OSError):  # nowhere to write, or no locks: who could be refused is not known
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / study).open("a+")  # it may hold what another one has said
        _held.append(file)  # the lock goes with the file
        if not _locked(file):
            file.seek(0)
            who = file.read() or "which has just begun"
            raise UserError(
                f"another Snakemake works on {study} here, {who}; wait for its end, or stop it"
            )
        file.truncate(0)
        print(f"process {os.getpid()} on {platform.node()}", end="", file=file, flush=True)
        atexit.register(file.truncate, 0)  # an empty file is the word of one that has ended


def _locked(file, tries=10):
    """Whether the lock could be had; `other_executions` holds it for a moment while it asks."""
    for n in range(tries):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1 * (n + 1 < tries))
    return False


def other_executions(folder=FOLDER):
    """What is to be said of each execution that lives here, or of which nobody can tell."""
    return [said for path in sorted(folder.glob("*")) if (said := _said(path))]


def _said(path):
    """What is to be said of the execution behind one file; None where it has ended."""
    who = ""
    with suppress(OSError):
        who = path.read_text()
    try:
        with path.open("r+") as file:  # over NFS only what may be written can be locked
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if who.endswith(f" on {platform.node()}"):
            return None
    except BlockingIOError:
        who = who or "which has just begun"
        return f"another Snakemake works here on {path.name}, {who}; wait for its end, or stop it"
    except OSError:
        pass
    if not who:
        return None
    # Not every file system carries locks to other hosts, or to other users.
    return f"another Snakemake may work here, {who}; if it has ended: rm {path}, then start again"
