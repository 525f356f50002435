"""Which picture of a folder belongs to which class and split: read from names, nothing opened.

Imported by the Snakefile at the start of every job, so nothing slow is here.
"""

import math
import os
from pathlib import Path

from ..datasets import DatasetError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")
SPLITS = ("train", "test")
OTHER_NAMES = {  # that people give the splits, in any case
    "train": ("training",),
    "test": ("testing", "val", "valid", "validation", "dev", "eval"),
}
SKIP = "leave such out with skip_other_files: true"


def list_pictures(
    name: str, folder: Path | str, test: float | None = None, skip_other_files: bool = False
) -> dict[str, dict[str, list[Path]]]:
    """{split: {class: its pictures, sorted}} of data set `name`, classes sorted, from `folder`.

    A folder with train/ and test/ holds a folder a class in each; the splits are those. Any other
    holds the classes themselves, of which the share `test` is to be drawn; the only split is "all"
    then. A picture is a file whose name ends as one of SUFFIXES says, in any case; names that begin
    with a dot are passed over. Raises DatasetError, one line, for what is no picture (unless
    `skip_other_files`), a folder within a class, a class without pictures, a folder that may not
    be read, two splits whose classes differ, and one split alone.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        where = "is no folder" if root.exists() else "is not there"
        raise DatasetError(name, f"{root} {where}; a path is relative to where snakemake runs")
    folders, others = _entries(name, root)
    found = {}
    if set(SPLITS) <= set(folders):
        if test is not None:
            raise DatasetError(name, f"{root} has its own test/; leave out test: {test:g}")
        others += [path for split, path in sorted(folders.items()) if split not in SPLITS]
        _refuse(name, others, skip_other_files)
        found = {s: _classes(name, folders[s], skip_other_files) for s in SPLITS}
        _check_alike(name, root, found)
    else:
        _refuse_splits_of_other_names(name, root, folders, test)
        found = {"all": _classes(name, root, skip_other_files)}
        _check_draw(name, root, found["all"], test, folders)
    return found


def count_training_images(pictures: dict[str, dict[str, list[Path]]], test: float | None) -> int:
    """How many images of `list_pictures` are trained on, once the share `test` is drawn."""
    n = sum(len(files) for files in pictures.get("train", pictures.get("all", {})).values())
    return n - test_size(n, test) if "all" in pictures and test else n


def smallest_class(test: float) -> int:
    """How many images a class needs at least, so that the share `test` of it can be drawn."""
    return max(2, math.ceil(1 / min(test, 1 - test)))


def test_size(n: int, test: float) -> int:
    """How many of `n` images the share `test` is, at least one."""
    return max(1, round(test * n))


def _entries(name: str, folder: Path) -> tuple[dict[str, Path], list[Path]]:
    """({name: folder}, files) in a folder; those that begin with a dot are passed over."""
    folders, files = {}, []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders[entry.name] = Path(entry.path)
                else:
                    files.append(Path(entry.path))
    except OSError as error:
        raise DatasetError(name, f"{folder} cannot be read ({error.strerror or error})") from error
    return folders, sorted(files)


def _refuse_splits_of_other_names(
    name: str, root: Path, folders: dict[str, Path], test: float | None
) -> None:
    """Refuse one split alone, and two that are not called train/ and test/, with the way out.

    A folder of such a name is a split where it holds folders; else it may be a class.
    """
    called = {split: _find_split(name, folders, split) for split in SPLITS}
    if not any(called.values()):
        return
    there = [split for split in SPLITS if called[split] == split]
    lacking = [split for split in SPLITS if split not in there]
    has = f"{there[0]}/ but no {lacking[0]}/" if there else "neither train/ nor test/"
    renamed = [f"{called[split]}/ to {split}/" for split in lacking if called[split]]
    added = [f"add {split}/ with the same classes" for split in lacking if not called[split]]
    ways = [f"rename {' and '.join(renamed)}"] if renamed else []
    way = " and ".join(ways + added)
    top = f"put the classes at the top and write test: {test or 0.2:g}"
    raise DatasetError(name, f"{root} has {has}; {way}, or {top}")


def _find_split(name: str, folders: dict[str, Path], split: str) -> str | None:
    """The name of the folder of folders that is called as `split` is; its own name comes first."""
    words = (split, *OTHER_NAMES[split])
    found = [folder for folder in folders if folder.lower() in words]
    found.sort(key=lambda folder: (folder != split, words.index(folder.lower()), folder))
    return next((folder for folder in found if _entries(name, folders[folder])[0]), None)


def _classes(name: str, folder: Path, skip: bool) -> dict[str, list[Path]]:
    """{class: pictures} of a folder with a folder a class."""
    folders, others = _entries(name, folder)
    classes = {}
    for label, place in sorted(folders.items()):
        inner, files = _entries(name, place)
        if inner:
            deep = min(inner.values())
            raise DatasetError(name, f"{deep} is a folder within a class; put its pictures above")
        classes[label] = [file for file in files if file.suffix.lower() in SUFFIXES]
        others += [file for file in files if file.suffix.lower() not in SUFFIXES]
    _refuse(name, others, skip)
    if len(classes) < 2:
        way = "it must hold a folder of pictures for each of two classes or more"
        raise DatasetError(name, f"{folder} has {len(classes)} folders; {way}")
    for label, pictures in classes.items():
        if not pictures:
            known = ", ".join(SUFFIXES)
            raise DatasetError(name, f"class {folder / label} has 0 pictures ({known})")
    return classes


def _refuse(name: str, others: list[Path], skip: bool) -> None:
    """Refuse the first of some files or folders that are no pictures of a class."""
    if others and not skip:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        line = f"{others[0]}{more} is no picture of a class; take it away, or {SKIP}"
        raise DatasetError(name, line)


def _check_alike(name: str, root: Path, found: dict[str, dict[str, list[Path]]]) -> None:
    """Refuse a class that only one of the two splits has."""
    for split, other in (SPLITS, SPLITS[::-1]):
        alone = sorted(set(found[split]) - set(found[other]))
        if alone:
            line = f"class {alone[0]} has 0 pictures in {root / other}, but is in {split}/"
            raise DatasetError(name, line)


def _check_draw(
    name: str,
    root: Path,
    classes: dict[str, list[Path]],
    test: float | None,
    folders: dict[str, Path],
) -> None:
    """Refuse one folder of classes without `test`, and a class too small to be drawn from."""
    if test is None:
        half = [split for split in SPLITS if split in folders]
        has = f"{half[0]}/ alone" if half else "neither train/ nor test/"
        way = "write test: 0.2 to draw a fifth of each class" if not half else "both are needed"
        raise DatasetError(name, f"{root} has {has}; {way}")
    needed = smallest_class(test)
    small = min(classes, key=lambda label: len(classes[label]))
    if len(classes[small]) < needed:
        n = len(classes[small])
        few = f"class {small} has {n} picture{'s' if n > 1 else ''}"
        way = f"with test: {test:g} it needs {needed}; add some, or take the class away"
        raise DatasetError(name, f"{few}; {way}")
