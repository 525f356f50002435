"""Finds the official files of a torchvision data set: checked, extracted, downloaded once."""

import gzip
import posixpath
import shutil
import socket
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from torchvision.datasets.utils import calculate_md5, download_url

from ..datasets import DatasetError, Images, expand_home
from ..runtime.files import atomic


def ensure_official_files(name: str, source: Any, root: Path | str) -> Path:
    """The data root as a Path, once every file that torchvision's class `source` reads is there.

    A root that is the files' own folder stands for the one above. Files that exist are compared
    with torchvision's md5 list and used as they are. Only what is missing is extracted from the
    archive, and only a missing archive is downloaded. A file that is not the official one is named
    and left alone, and nothing is unpickled.
    Raises DatasetError: one line with what is wrong, where, and the way out.
    """
    folder, holds = expand_home(root), f"{source.base_folder}/ or {source.filename}"
    with _as_dataset_error(name, holds, folder, "cannot read"):
        _check_readable(folder)
        folder = _data_root(name, source, folder)
        archive = folder / source.filename
        missing = _missing(name, source, folder)
        packed = not missing or _is_official(name, source.url, archive, source.tgz_md5)
    if not packed:
        _download(name, [source.url], archive, source.tgz_md5, holds)
    if missing:
        _extract(name, source, archive, missing)
    return folder


def ensure_files(name: str, root: Path | str, files: Mapping[str, tuple[list[str], str]]) -> Path:
    """The data root as a Path, once each of `files` is there and right.

    `files` maps a path below the root to (the addresses it may be fetched from, its md5). It is
    `ensure_official_files` for what is not packed. Raises DatasetError for a wrong file as well.
    """
    place, holds = expand_home(root), " and ".join(files)
    with _as_dataset_error(name, holds, place, "cannot read"):
        _check_readable(place)
        if place.resolve().name in OWN_FOLDERS:
            place = _one_above(name, place)
        missing = [f for f, (urls, md5) in files.items()
                   if not _is_official(name, urls[0], place / f, md5)]  # fmt: skip
    for file in missing:
        urls, md5 = files[file]
        _download(name, urls, place / file, md5, file)
    return place


def load_idx(name: str, source: Any, root: Path | str) -> Images:
    """The `Images` of a torchvision class in MNIST's format, from its packed official files.

    They are MNIST/raw/*.gz, as torchvision lays them, and are read as they are: a head of 16 or 8
    bytes, then one byte a pixel or a label. Unpacked copies are not looked at, since nobody has
    published a checksum of them.
    """
    folder = f"{source.__name__}/raw"
    listed = {f"{folder}/{file}": ([mirror + file for mirror in source.mirrors], md5)
              for file, md5 in source.resources}  # fmt: skip
    place = ensure_files(name, root, listed)
    images, labels, test_images, test_labels = (
        np.frombuffer(gzip.decompress((place / file).read_bytes()), np.uint8) for file in listed
    )
    return Images(
        images[16:].reshape(-1, 28, 28, 1), labels[8:],
        test_images[16:].reshape(-1, 28, 28, 1), test_labels[8:],
    )  # fmt: skip


OWN_FOLDERS = (
    "cifar-10-batches-py", "cifar-100-python", "stl10_binary", "MNIST", "FashionMNIST", "KMNIST"
)  # fmt: skip


def _one_above(name: str, root: Path) -> Path:
    """The folder above official files' own, which is the data root; that is said."""
    print(f"data: {name}: {root} is the files' own folder; the one above is the data root",
          file=sys.stderr)  # fmt: skip
    return root.resolve().parent


def _data_root(name: str, source: Any, root: Path) -> Path:
    """The data root: `root`, or the folder above where `root` is the official files' own folder.

    Nothing may be downloaded into such a folder, neither its own archive nor that of another set.
    Raises DatasetError where the files lie in a folder of another name.
    """
    if (root / source.base_folder).exists() or (root / source.filename).exists():
        return root
    if root.resolve().name in OWN_FOLDERS:
        return _one_above(name, root)
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
    return [file for file, md5 in files if not _is_official(name, source.url, root / file, md5)]


def _is_official(name: str, url: str, path: Path, md5: str) -> bool:
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
        f"again, or replace it by the one of {url}, or set ACTIVARIUM_DATA to a folder "
        "that has the right one",
    )


def _download(name: str, urls: list[str], file: Path, md5: str, holds: str) -> None:
    """Download `file` from the first of its `urls` that has it.

    It gets its name only when it is whole and its md5 is right.
    """
    writing = _as_dataset_error(name, holds, file.parent, "cannot write to")
    with writing, atomic(file) as temporary:
        temporary.touch()  # a folder that cannot be written is noticed before the network is
        for url in urls:
            print(f"data: {name}: fetching {url} into {file.parent}, once", file=sys.stderr)
            try:
                with _socket_timeout(60):
                    download_url(url, file.parent, temporary.name, md5)
                return
            except (OSError, RuntimeError, HTTPException) as error:
                failed = error
        raise _download_error(name, urls[-1], file, failed) from failed


def _download_error(name: str, url: str, file: Path, error: Exception) -> DatasetError:
    """The DatasetError of a file whose download from `url`, the last one, ended in `error`."""
    problem = " ".join(str(error).split())  # one line, also of an endless redirect
    if type(error) is RuntimeError:  # torchvision's error for another md5
        problem = "what came is not the official archive"
    return DatasetError(
        name,
        f"cannot fetch {url} ({problem}); put {file.name} "
        f"into {file.parent} by hand, or set ACTIVARIUM_DATA to a folder that has it",
    )


def _extract(name: str, source: Any, archive: Path, wanted: list[str]) -> None:
    """Take the `wanted` files out of the archive, each whole or not at all."""
    print(f"data: {name}: extracting {archive}, once", file=sys.stderr)
    left = set(wanted)
    holds = f"{source.base_folder}/ or {source.filename}"
    extracting = _as_dataset_error(name, holds, archive.parent, "cannot extract into")
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
def _as_dataset_error(name: str, holds: str, root: Path, cannot: str) -> Iterator[None]:
    """Turn an OSError about files into a DatasetError that names the file and the way out."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            name,
            f"{cannot} {error.filename or root} ({error.strerror or error}); set ACTIVARIUM_DATA "
            f"to a folder of yours, empty or with {holds} in it",
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
