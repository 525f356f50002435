"""Writes files that appear whole or not at all, and JSON files with a checksum."""

import errno
import fcntl
import glob
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import UserError, first_line


@contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
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
        with temporary.open("w+b") as held:  # over NFS it must be readable to be shared
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


def _remove_abandoned(path: Path) -> None:
    """Remove the temporary files beside `path` that no living process writes any more."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with suppress(OSError), left.open("r+b") as file:  # over NFS writable, to be locked
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def write_text(path: Path | str, text: str) -> None:
    """`text` as UTF-8 into `path`, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path | str, content: bytes) -> None:
    """`content` into `path`, atomically."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def as_json(value: Any) -> str:
    """`value` as the JSON text of a file, the same for the same value."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def write_json(path: Path | str, value: dict) -> None:
    """The mapping `value` as JSON into `path`, atomically; its last key is a checksum of it."""
    write_text(path, as_json(value | {"sha256": _sha256(value)}))


def read_json(path: Path | str) -> dict:
    """The mapping that `write_json` wrote; a UserError that names the file where it is damaged."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
        if value.pop("sha256", None) != _sha256(value):
            raise ValueError("its values do not match its checksum")
        return value
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise unreadable_error(path, error) from error


def unreadable_error(path: Path | str, error: BaseException) -> UserError:
    """The UserError for a made file that cannot be read because of `error`, with the way out."""
    return UserError(
        f"{path} cannot be read ({first_line(error)}); rebuild it: rm -f {path}, then start again"
    )


def digest_files(paths: Iterable[Path | str]) -> str:
    """16 hexadecimal digits for the names and the contents of files, wherever they stand."""
    sha = hashlib.sha256()
    for path in sorted(map(Path, paths), key=lambda path: (path.name, str(path))):
        sha.update(f"{path.name}\n".encode() + path.read_bytes())
    return sha.hexdigest()[:16]


def _sha256(value: Any) -> str:
    """Of the values and their order, whatever white space stands between them."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
