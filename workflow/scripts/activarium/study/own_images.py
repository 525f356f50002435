"""A study's own images, `{name: flowers, folder: …}` or `{name: mine, npz: …}`: read and checked.

Imported by the Snakefile at the start of every job, so neither numpy nor Pillow is here.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from .. import datasets
from ..data.arrays import array_keys, array_shapes
from ..data.folder import count_training_images, list_pictures, test_size
from ..datasets import expand_home
from .content_checksum import content_checksum

PLACES = ("folder", "npz", "file")
FOLDER_KEYS = ("size", "test", "channels", "skip_other_files")
KEYS = {"folder": FOLDER_KEYS, "npz": ("test",), "file": ()}
LARGEST = 4096  # pixels a side


def image_sources(entries: Iterable) -> dict[str, dict]:
    """{name: {folder, npz or file, and options}} of those entries of `datasets:` that have one."""
    own = [dict(entry) for entry in entries if isinstance(entry, Mapping)]
    sources = {entry.pop("name"): entry for entry in own}
    for source in sources.values():
        place = next(key for key in PLACES if key in source)
        source[place] = str(expand_home(source[place], "datasets"))
    return sources


def wrong_entry(entry: Mapping) -> tuple[list[str], str] | None:
    """(key and what is wrong with it) of one entry of `datasets:`; None where it can be read."""
    places = [key for key in PLACES if key in entry]
    if len(places) != 1:
        line = (
            "name one of folder: (a folder of pictures), npz: (a file of arrays) and file: (a "
            "Python file)"
        )
        return [], line
    known = KEYS[places[0]]
    for key in entry:
        if key not in ("name", *places, *known):
            goes = ", ".join(known) or "no other key"
            return [key], f"goes with a folder of pictures only; {places[0]} has {goes}"
    return _wrong_size(entry.get("size"))


def _wrong_size(size: int | list[int] | None) -> tuple[list[str], str] | None:
    """What is wrong with `size`, a number of pixels or [height, width]."""
    pair = [size, size] if isinstance(size, int) else size
    if pair is None or (len(pair) == 2 and all(1 <= n <= LARGEST for n in pair)):
        return None
    way = f"write one number or [height, width], each from 1 to {LARGEST}"
    return ["size"], f"{size} is no size; {way}"


def options(source: Mapping) -> dict:
    """What of a source defines its images beside their content: where they are is left out."""
    return {key: value for key, value in source.items() if key not in PLACES}


def checksum(
    name: str, source: Mapping, prepared: Path | str, cache: Path | str, write: bool = True
) -> str:
    """The checksum of a source's files, as `fingerprint` makes it; `write` is whether it is kept.

    Where they are gone and what was `prepared` from them is there, it is the last one of `cache`.
    Raises UserError where the source is not there.
    """
    place = source.get("folder") or source["npz"]
    return content_checksum(f"datasets: {name}", place, prepared, cache, write)


def training_images(name: str, source: Mapping) -> int | None:
    """How many images of a source are trained on, from names or heads of arrays alone.

    None where it is not there any more. Raises UserError for what cannot be prepared.
    """
    if "file" in source:
        return datasets.load(source["file"]).n_train
    place, test = source.get("folder") or source["npz"], source.get("test")
    if not Path(place).exists():
        return None
    if "folder" in source:
        skip = source.get("skip_other_files", False)
        return count_training_images(list_pictures(name, place, test, skip), test)
    (n, *_), *_ = (array_shapes(name, place)[key] for key in array_keys(name, place, test))
    return n if test is None else n - test_size(n, test)
