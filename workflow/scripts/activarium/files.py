"""Files that appear whole or not at all."""

import errno
import fcntl
import glob
import os
import platform
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic(path):
    """A dot-prefixed temporary Path beside `path`, moved onto it when the block ends well.

    The temporary file is flushed to disk before it gets its name, and removed when the block
    raises, so that a reader never sees half a file under the real name. What a killed process
    left of earlier attempts is removed first: its lock, unlike a living one's, can be had.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path)
    temporary = path.with_name(f".{path.name}.{platform.node()}.{os.getpid()}")
    try:
        with temporary.open("wb") as held:
            with suppress(OSError):  # not every file system has locks
                fcntl.flock(held, fcntl.LOCK_SH)
            yield temporary
            if not temporary.stat().st_size:
                raise FileNotFoundError(errno.ENOENT, "nothing was written", str(path))
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(path):
    """Remove the temporary files beside `path` that no living process writes any more."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def write_text(path, text):
    """`text` as UTF-8 into `path`, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
