"""Finds the official files of a torchvision data set: checked, extracted, downloaded once."""

import posixpath
import shutil
import socket
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

from torchvision.datasets.utils import calculate_md5, download_url

from ..datasets import DatasetError, expand_home
from ..runtime.files import atomic


def ensure_official_files(name: str, source: Any, root: Path | str) -> Path:
    """The data root as a Path, once every file that torchvision's class `source` reads is there.

    A root that is the files' own folder stands for the one above. Files that exist are compared
    with torchvision's md5 list and used as they are. Only what is missing is extracted from the
    archive, and only a missing archive is downloaded. A file that is not the official one is named
    and left alone, and nothing is unpickled.
    Raises DatasetError: one line with what is wrong, where, and the way out.
    """
    folder = expand_home(root)
    with _as_dataset_error(name, source, folder, "cannot read"):
        _check_readable(folder)
        folder = _data_root(name, source, folder)
        archive = folder / source.filename
        missing = _missing(name, source, folder)
        packed = not missing or _is_official(name, source, archive, source.tgz_md5)
    if not packed:
        _download(name, source, archive)
    if missing:
        _extract(name, source, archive, missing)
    return folder


OWN_FOLDERS = ("cifar-10-batches-py", "cifar-100-python", "stl10_binary")


def _data_root(name: str, source: Any, root: Path) -> Path:
    """The data root: `root`, or the folder above where `root` is the official files' own folder.

    Nothing may be downloaded into such a folder, neither its own archive nor that of another set.
    Raises DatasetError where the files lie in a folder of another name.
    """
    if (root / source.base_folder).exists() or (root / source.filename).exists():
        return root
    resolved = root.resolve()
    if resolved.name in OWN_FOLDERS:
        print(f"data: {name}: {root} is the files' own folder; the one above is the data root",
              file=sys.stderr)  # fmt: skip
        return resolved.parent
    listed = [file for file, _ in source.train_list + source.test_list]
    if all((root / file).is_file() for file in listed):
        raise DatasetError(
            name,
            f"{root} holds {listed[0]} itself; call this folder {source.base_folder} and set "
            "ACTIVARIUM_DATA or data_root to the folder above it",
        )
    return root


def _missing(name: str, source: Any, root: Path) -> list[str]:
    """The paths under `root` that are not there yet; DatasetError for one that is wrong."""
    listed = source.train_list + source.test_list
    if hasattr(source, "meta"):
        listed = [*listed, (source.meta["filename"], source.meta["md5"])]
    files = [(f"{source.base_folder}/{file}", md5) for file, md5 in listed]
    return [file for file, md5 in files if not _is_official(name, source, root / file, md5)]


def _is_official(name: str, source: Any, path: Path, md5: str) -> bool:
    """Whether `path` is there; DatasetError where it is and its md5 is another one."""
    try:
        found = calculate_md5(path)
    except FileNotFoundError:
        return False
    if found == md5:
        return True
    raise DatasetError(
        name,
        f"{path} is not the official file (its md5 is {found}, not {md5}); delete it and run "
        f"again, or replace it by the one of {source.url}, or set ACTIVARIUM_DATA to a folder "
        "that has the right one",
    )


def _download(name: str, source: Any, archive: Path) -> None:
    """Download the archive; it gets its name only when it is whole and its md5 is right."""
    print(f"data: {name}: fetching {source.url} into {archive.parent}, once", file=sys.stderr)
    writing = _as_dataset_error(name, source, archive.parent, "cannot write to")
    with writing, atomic(archive) as temporary:
        temporary.touch()  # a folder that cannot be written is noticed before the network is
        try:
            with _socket_timeout(60):
                download_url(source.url, archive.parent, temporary.name, source.tgz_md5)
        except (OSError, RuntimeError, HTTPException) as error:
            problem = " ".join(str(error).split())  # one line, also of an endless redirect
            if type(error) is RuntimeError:  # torchvision's error for another md5
                problem = "what came is not the official archive"
            raise DatasetError(
                name,
                f"cannot fetch {source.url} ({problem}); put {source.filename} "
                f"into {archive.parent} by hand, or set ACTIVARIUM_DATA to a folder that has it",
            ) from error


def _extract(name: str, source: Any, archive: Path, wanted: list[str]) -> None:
    """Take the `wanted` files out of the archive, each whole or not at all."""
    print(f"data: {name}: extracting {archive}, once", file=sys.stderr)
    left = set(wanted)
    extracting = _as_dataset_error(name, source, archive.parent, "cannot extract into")
    with extracting, tarfile.open(archive) as tar:
        while left and (member := tar.next()):
            file = posixpath.normpath(member.name)
            if file in left:
                content = tar.extractfile(member)
                if content is None:  # a folder or a link
                    raise DatasetError(name, f"{archive} holds no file {file}")
                with atomic(archive.parent / file) as temporary, temporary.open("wb") as out:
                    shutil.copyfileobj(content, out, 1 << 20)
                left.remove(file)
        missing = _missing(name, source, archive.parent)
    if missing:
        raise DatasetError(name, f"{archive} holds no {missing[0]}")


def _check_readable(root: Path) -> None:
    """Raise OSError for a root that exists and is not a folder, or may not be read."""
    try:
        next(root.iterdir(), None)
    except FileNotFoundError:
        return  # it is made when something is downloaded


@contextmanager
def _as_dataset_error(name: str, source: Any, root: Path, cannot: str) -> Iterator[None]:
    """Turn an OSError about files into a DatasetError that names the file and the way out."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            name,
            f"{cannot} {error.filename or root} ({error.strerror or error}); set ACTIVARIUM_DATA "
            f"to a folder of yours, empty or with {source.base_folder}/ or {source.filename} in it",
        ) from error


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Let a connection without an answer fail after so long; a firewall would block for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
