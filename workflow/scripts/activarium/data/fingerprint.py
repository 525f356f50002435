"""The content of a file or folder as one checksum, and of what changed alone read anew.

Imported by the Snakefile at the start of every job, so nothing slow is here.
"""

import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ..runtime.files import write_text

MANY = 1000  # files whose reading is worth a line on the terminal


_UNWRITTEN: dict[str, dict] = {}  # what this process found, by the cache that it did not write


def fingerprint(root: Path | str, cache: Path | str, write: bool = True) -> str:
    """Hex digest of the names and contents of all files below `root`, or of the file `root`.

    Files that begin with a dot are left out, and so are folders. `cache` keeps size, dates and
    checksum of each file, as git's index does: only a file whose size or dates differ is read. So a
    folder that was copied, moved or touched has the same digest, and one with a new, changed,
    renamed or deleted file has another. Where nothing can be written all are read each time.
    With `write` false, as in a dry run, this process alone remembers it.
    """
    found, known = list_files(root), _UNWRITTEN.get(str(cache)) or _read(cache)
    old = known.get("files", {})
    changed = [name for name, stamp in found.items() if old.get(name, [])[:-1] != stamp]
    if not changed and len(found) == len(old):
        return known["digest"]
    if len(changed) >= MANY:
        print(f"data: reading {len(changed)} files of {root} for their checksum", file=sys.stderr)
    with ThreadPoolExecutor() as pool:
        sums = dict(zip(changed, pool.map(lambda name: _sha256(root, name), changed), strict=True))
    files = {n: [*stamp, sums[n] if n in sums else old[n][-1]] for n, stamp in found.items()}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{files[name][-1]}\n".encode(errors="surrogateescape"))
    found_digest = digest.hexdigest()
    kept = {"digest": found_digest, "files": files}
    if write:
        with suppress(OSError):
            write_text(cache, json.dumps(kept))
    else:
        _UNWRITTEN[str(cache)] = kept
    return found_digest


def list_files(root: Path | str) -> dict[str, list[int]]:
    """{path below `root`: [size, date of its content, of its entry]}; "" for a file itself."""
    root = Path(root)
    if root.is_file():
        return {"": _stamp(root.stat())}
    found: dict[str, list[int]] = {}
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    waiting.append(f"{name}/")
                elif entry.is_file():
                    found[name] = _stamp(entry.stat())
    return found


def known_fingerprint(cache: Path | str) -> str | None:
    """The digest that `fingerprint` kept last, where there is one."""
    return _read(cache).get("digest")


def _stamp(about: os.stat_result) -> list[int]:
    return [about.st_size, about.st_mtime_ns, about.st_ctime_ns]


def _sha256(root: Path | str, name: str) -> str:
    with Path(root, name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(cache: Path | str) -> dict:
    """What an earlier call kept; nothing where it is not there, or damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(Path(cache).read_text(encoding="utf-8"))
        if all(len(entry) == 4 for entry in kept["files"].values()) and kept["digest"]:
            return kept
    return {}
