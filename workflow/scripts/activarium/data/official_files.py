"""The official files of a torchvision data set: checked, extracted where packed, fetched once."""

import posixpath
import shutil
import socket
import sys
import tarfile
from contextlib import contextmanager
from http.client import HTTPException

from torchvision.datasets.utils import calculate_md5, download_url

from ..datasets import DatasetError, expand_home
from ..runtime.files import atomic


def ensure_official_files(name, source, root):
    """The data root as a Path, once every file that torchvision's class `source` reads is there.

    A root that is the files' own folder stands for the one above. Files that are there are
    compared with torchvision's md5 list and used; nothing is written then. Only what is missing
    comes out of the archive, and only a missing archive is fetched. A file that is not the
    official one is named and left alone, and nothing is unpickled.
    Raises DatasetError: one line with what is wrong, where, and the way out.
    """
    root = expand_home(root)
    with _named(name, source, root, "cannot read"):
        _refuse_unreadable(root)
        root = _above(name, source, root)
        missing = _missing(name, source, root)
        packed = not missing or _official(name, source, root / source.filename, source.tgz_md5)
    if not packed:
        _fetch(name, source, root / source.filename)
    if missing:
        _extract(name, source, root / source.filename, missing)
    return root


OWN_FOLDERS = ("cifar-10-batches-py", "cifar-100-python", "stl10_binary")


def _above(name, source, root):
    """The data root, where `root` may be the official files' own folder and not the one above.

    Nothing may be fetched into such a folder, neither its own archive nor that of another set.
    Raises DatasetError where the files lie in a folder of another name.
    """
    if (root / source.base_folder).exists() or (root / source.filename).exists():
        return root
    place = root.resolve()
    if place.name in OWN_FOLDERS:
        print(f"data: {name}: {root} is the files' own folder; the one above is the data root",
              file=sys.stderr)  # fmt: skip
        return place.parent
    listed = [file for file, _ in source.train_list + source.test_list]
    if all((root / file).is_file() for file in listed):
        raise DatasetError(
            name,
            f"{root} holds {listed[0]} itself; call this folder {source.base_folder} and set "
            "ACTIVARIUM_DATA or data_root to the folder above it",
        )
    return root


def _missing(name, source, root):
    """The paths under `root` that are not there yet; DatasetError for one that is wrong."""
    listed = source.train_list + source.test_list
    if hasattr(source, "meta"):
        listed = [*listed, (source.meta["filename"], source.meta["md5"])]
    files = [(f"{source.base_folder}/{file}", md5) for file, md5 in listed]
    return [file for file, md5 in files if not _official(name, source, root / file, md5)]


def _official(name, source, path, md5):
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


def _fetch(name, source, archive):
    """Download the archive; it gets its name only when it is whole and its md5 is right."""
    print(f"data: {name}: fetching {source.url} into {archive.parent}, once", file=sys.stderr)
    with _named(name, source, archive.parent, "cannot write to"), atomic(archive) as temporary:
        temporary.touch()  # a folder that cannot be written is noticed before the network is
        try:
            with _patience(60):
                download_url(source.url, archive.parent, temporary.name, source.tgz_md5)
        except (OSError, RuntimeError, HTTPException) as error:
            wrong = type(error) is RuntimeError  # torchvision's word for another md5
            said = " ".join(str(error).split())  # one line, also of a redirect without end
            problem = "what came is not the official archive" if wrong else said
            raise DatasetError(
                name,
                f"cannot fetch {source.url} ({problem}); put {source.filename} "
                f"into {archive.parent} by hand, or set ACTIVARIUM_DATA to a folder that has it",
            ) from error


def _extract(name, source, archive, wanted):
    """Take the `wanted` files out of the archive, each whole or not at all."""
    print(f"data: {name}: extracting {archive}, once", file=sys.stderr)
    left = set(wanted)
    with _named(name, source, archive.parent, "cannot extract into"), tarfile.open(archive) as tar:
        while left and (member := tar.next()):
            file = posixpath.normpath(member.name)
            if file in left:
                with atomic(archive.parent / file) as temporary, temporary.open("wb") as out:
                    shutil.copyfileobj(tar.extractfile(member), out, 1 << 20)
                left.remove(file)
        left = _missing(name, source, archive.parent)
    if left:
        raise DatasetError(name, f"{archive} holds no {left[0]}")


def _refuse_unreadable(root):
    """Raise the OSError of a root that is there and is no folder, or not ours to read."""
    try:
        next(root.iterdir(), None)
    except FileNotFoundError:
        return  # it is made when something is fetched


@contextmanager
def _named(name, source, root, cannot):
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
def _patience(seconds):
    """A connection that says nothing for so long has failed; else a firewall stops us for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
