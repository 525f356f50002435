"""Files that appear whole or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic(path):
    """A dot-prefixed temporary Path beside `path`, moved onto it when the block ends well.

    The temporary file is flushed to disk before it gets its name, and removed when the block
    raises, so that a reader never sees half a file under the real name.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """`text` as UTF-8 into `path`, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
