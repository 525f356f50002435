"""The data sets: one file each, and the file's name is the data set's name.

A file declares `label` for people, `classes`, `n_train`, `image_size`, `channels` and
`needs_files` (whether it reads the data root). Its `load(root)` gives the `Images`, with labels of
any whole-number type: they are checked against `classes`, then stored in the smallest type. It may
declare a `caveat`, one sentence that readers of results must know. Where one class has more than
its equal share of the test images, `majority` may declare that share. Whatever is slow to import is
imported inside `load`, because the Snakefile imports this folder at every job's start.
"""

import inspect
import os
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from ..runtime import own_files, source
from ..runtime.errors import UserError

FOLDER = Path(__file__).parent
MOST_CLASSES = 65536  # a prepared file holds labels of 16 bits at most

FORMS = {
    "label": 'label = "…"',
    "classes": "classes = 10",
    "n_train": "n_train = 50000, how many images load gives to train on",
    "image_size": "image_size = 32, the height and width of an image",
    "channels": "channels = 3, or 1 for grey images",
    "needs_files": "needs_files = True where load reads the data root, else False",
    "load": "def load(root)",
}


_own_labels: dict[str, str] = {}


class Images(namedtuple("Images", "train_images train_labels test_images test_labels")):
    """A data set in memory: uint8 images [n, height, width, channels], labels [n] from 0.

    Labels are uint8, or uint16 where there are more than 256 classes.
    """

    __slots__ = ()


class DatasetError(UserError):
    """Files of a data set are missing, damaged or out of reach; one line with the way out."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"data: {name}: {problem}")


def data_root(declared: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """The official files' folder: ACTIVARIUM_DATA, else the study's `data_root`, else data."""
    return environment.get("ACTIVARIUM_DATA") or declared or "data"


def data_root_key(environment: Mapping[str, str] = os.environ) -> str:
    """What sets the data root: ACTIVARIUM_DATA, or the study's key data_root."""
    return "ACTIVARIUM_DATA" if environment.get("ACTIVARIUM_DATA") else "data_root"


def expand_home(root: Path | str, key: str | None = None) -> Path:
    """The path `root` with ~ written out; a UserError that names `key` where ~ has no user."""
    try:
        return Path(root).expanduser()
    except RuntimeError as error:
        line = (
            f"config: {key or data_root_key()}: '{root}' names no user's home; write the folder out"
        )
        raise UserError(line) from error


def names() -> list[str]:
    """The names of all data sets, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in FOLDER.glob("[a-z]*.py"))


def label(name: str) -> str:
    """What people read for a data set: its file's label, else the name.

    Of a study's own ones it is what `set_labels` was given.
    """
    return _own_labels.get(name) or _built_in_label(name)


@cache
def _built_in_label(name):
    return load(name).label if name in names() else name


def set_labels(labels: Mapping[str, str]) -> None:
    """From now on `label` knows a study's own data sets, {name: what people read}."""
    _own_labels.clear()
    _own_labels.update(labels)


def own_labels(sources: Mapping[str, Mapping]) -> dict[str, str]:
    """{name: the label in its file} of the data sets that files beside the study define.

    `sources` are `Study.image_sources`. Where two share a file, it is the names that tell them
    apart.
    """
    return source.labels_in({n: place["file"] for n, place in sources.items() if "file" in place})


def file_of(name: str) -> Path:
    """The file of data set `name`: a built-in one, or the path of a file beside the study."""
    return Path(name) if own_files.is_own_file(name) else FOLDER / f"{name}.py"


def load(name: str) -> Any:
    """The file `name`, or at that path, as a Python module with `label` and its own `load(root)`.

    Raises a UserError with the file's name and line where it lacks what every file declares.
    """
    file, own = file_of(name), own_files.is_own_file(name)
    declared = source.require_names(file, FORMS)
    try:
        module = own_files.import_file(name) if own else import_module(f"{__name__}.{name}")
    except Exception as error:
        raise source.error_raised_in(file, error) from error
    for key, problem in _problems(module):
        raise source.error_at(file, getattr(declared.get(key), "lineno", None), problem)
    return module


def _problems(module: ModuleType) -> Iterator[tuple[str, str]]:
    """(name, what is wrong with its value) of all that a data set's file declares."""
    for key, value in vars(module).items():
        problem = _problem(key, value)
        if problem:
            shown = "" if key == "load" else f" = {value!r:.60}"
            yield key, f"{key}{shown} must be {problem}"


def _problem(key: str, value: Any) -> str | None:
    """What the value of the name `key` must be, where it is not; else None."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    match key:
        case "label" | "caveat" if not (isinstance(value, str) and value.strip()):
            return "a text in quotes"
        case "classes" if not (whole and 2 <= value <= MOST_CLASSES):
            return f"a whole number from 2 to {MOST_CLASSES}"
        case "image_size" if not (whole and value >= 1):
            return "one whole number, at least 1: images are square"
        case "n_train" | "channels" if not (whole and value >= 1):
            return "a whole number, at least 1"
        case "needs_files" if not isinstance(value, bool):
            return "True or False"
        case "majority" if not (isinstance(value, int | float) and 0 < value <= 1):
            return "a fraction, as 0.25"
        case "load" if not _takes_root(value):
            return "a function of the data root alone: def load(root)"
    return None


def _takes_root(function: Callable) -> bool:
    try:
        inspect.signature(function).bind("data")
    except (TypeError, ValueError):
        return False
    return True


def shape(name: str) -> dict:
    """What a network is built for: {channels, size, classes} of a built-in data set's images."""
    file = load(name)
    return {"channels": file.channels, "size": file.image_size, "classes": file.classes}


def chance(name: str) -> float:
    """The accuracy of always guessing the most frequent class of the test images.

    Without a declared `majority` equal classes are assumed; `prepare.chance` counts the images.
    """
    file = load(name)
    return getattr(file, "majority", 1 / file.classes)
