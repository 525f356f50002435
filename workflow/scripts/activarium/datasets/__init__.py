"""The data sets: one file each, and the file's name is the data set's name.

A file holds `label` for people, `classes`, `n_train`, `image_size` and `channels`, `needs_files`
(whether it reads the data root), `load(root)`, which gives its `Images`, and where a reader of
results must know something, a `caveat` in a sentence. Where one class has more than its equal
share of the test images, `majority` may say that share. Whatever is slow to import is imported
inside `load`, because the Snakefile imports this folder at every job's start.
"""

import os
from collections import namedtuple
from importlib import import_module
from pathlib import Path

from ..refusal import Refusal


class Images(namedtuple("Images", "train_images train_labels test_images test_labels")):
    """A data set in memory: uint8 images [n, height, width, channels], uint8 labels [n]."""

    __slots__ = ()


class DatasetError(Refusal):
    """Files of a data set are missing, damaged or out of reach; one line with the way out."""

    def __init__(self, name, problem):
        super().__init__(f"data: {name}: {problem}")


def root(stated=None, environment=os.environ):
    """The official files' folder: ACTIVARIUM_DATA, else the study's `data_root`, else data."""
    return environment.get("ACTIVARIUM_DATA") or stated or "data"


def root_key(environment=os.environ):
    """Which of the two says where the official files are."""
    return "ACTIVARIUM_DATA" if environment.get("ACTIVARIUM_DATA") else "data_root"


def at_home(root):
    """The folder `root` as a Path, ~ written out; a Refusal where it names no user's home."""
    try:
        return Path(root).expanduser()
    except RuntimeError as error:
        line = f"config: {root_key()}: '{root}' names no user's home; write the folder out"
        raise Refusal(line) from error


def names():
    """The names of all data sets, sorted; reads the folder and imports nothing."""
    return sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))


def load(name):
    """The file `name` as a Python module with `label`, `classes` and its own `load(root)`."""
    return import_module(f"{__name__}.{name}")


def chance(name):
    """The accuracy of guessing the test images' most frequent class, as far as the file says it.

    `prepare.chance` knows it of every data set that is prepared.
    """
    file = load(name)
    return getattr(file, "majority", 1 / file.classes)
