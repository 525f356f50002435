"""Checks the images and labels that a data set's `load` gives against what its file declares."""

import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import MOST_CLASSES, DatasetError, Images, expand_home, load
from ..runtime import source
from ..runtime.errors import UserError, first_line

SPLITS = ("train", "test")


def load_checked_images(name: str, root: Path | str, file: str | None = None) -> Images:
    """The `Images` of data set `name` from the data root, as its file declares them.

    That is a built-in one, or the path `file`.

    Raises DatasetError: one line with the file, the line in it where there is one, what is wrong
    and the way out, whatever the file's own code raised.
    """
    about = load(file or name)
    try:
        images = about.load(str(expand_home(root)))
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        problem = source.error_raised_in(about.__file__, error)
        raise DatasetError(name, f"{problem}{_while_reading(error)}") from error
    return check_images(images, about, name, file)


def check_images(images: Any, about: Any, name: str, said: str | None = None) -> Images:
    """`images` with labels of the smallest type; DatasetError where they are not as declared.

    `about` has the `classes`, `n_train`, `image_size` (a number, or height and width) and
    `channels` that datasets/{name}.py declares, or `said`, whatever else they are known from.
    Labels may be of any whole-number type: uint8 comes out, uint16 beyond 256 classes.
    """
    file = said or f"datasets/{name}.py"
    arrays = _arrays(images, name, file)
    if about.classes > MOST_CLASSES:
        raise DatasetError(name, f"{about.classes} classes are more than {MOST_CLASSES}")
    labels = np.uint8 if about.classes <= 256 else np.uint16
    for i, split in enumerate(SPLITS):
        x, y = arrays[2 * i : 2 * i + 2]
        problem = _image_problem(x, about, file) or _label_problem(y, about, file)
        problem = problem or _count_problem(x, y)
        if not problem and split == "train" and len(y) != about.n_train:
            problem = f"{len(y)} images; {file} says n_train = {about.n_train}"
        if problem:
            raise DatasetError(name, f"{split}: {problem}")
        arrays[2 * i + 1] = y.astype(labels)
    _check_majority(arrays[3], about, name, file)
    return Images(*arrays)


def _arrays(images: Any, name: str, file: str) -> list[np.ndarray]:
    """The four arrays of what `load` returned."""
    wanted = "Images(train_images, train_labels, test_images, test_labels)"
    try:
        arrays = [np.asarray(part) for part in Images(*images)]
    except (TypeError, ValueError, RuntimeError) as error:
        problem = f"{file}: load gives no {wanted} of arrays ({first_line(error)})"
        raise DatasetError(name, problem) from error
    return arrays


def _image_problem(x: np.ndarray, about: Any, file: str) -> str | None:
    """What is wrong with the images of one split, and the way out; else None."""
    size, channels = about.image_size, about.channels
    height, width = (size, size) if isinstance(size, int) else size
    if x.dtype != np.uint8:
        return f"images {x.dtype}{_value_range(x)}; they must be uint8 from 0 to 255{_as_uint8(x)}"
    last = "; put the channels last: x.transpose(0, 2, 3, 1)"
    if x.shape[1:] == (height, width, channels):
        channels_first = height <= 4 < min(width, channels)
        return f"images {x.shape}{last}" if channels_first else None
    way = ""
    if x.shape[1:] == (channels, height, width):
        way = last
    if x.shape[1:] == (height, width) and channels == 1:
        way = "; give grey images their channel: x[..., np.newaxis]"
    return f"images {x.shape}; {file} says (n, {height}, {width}, {channels}){way}"


def _value_range(x: np.ndarray) -> str:
    """The range of an array's values in words, where they are numbers."""
    if x.dtype.kind not in "iuf" or not x.size:
        return ""
    if np.isnan(x).any():
        return f", {np.isnan(x).sum()} of them NaN"
    return f" from {x.min():g} to {x.max():g}"


def _as_uint8(x: np.ndarray) -> str:
    """How images of another type become uint8, where that loses nothing."""
    if x.dtype.kind not in "biuf" or not x.size or not np.isfinite(x).all():
        return ""
    low, high = x.min(), x.max()
    if x.dtype.kind in "bf" and low >= 0 and high <= 1:
        return ": (255.0 * x).round().astype(np.uint8)"
    if low >= 0 and high <= 255:
        return f": x{'.round()' if x.dtype.kind == 'f' else ''}.astype(np.uint8)"
    return "; load gives raw pixels, and the training normalises them"


def _label_problem(y: np.ndarray, about: Any, file: str) -> str | None:
    """What is wrong with the labels of one split, and the way out; else None."""
    last = about.classes - 1
    says = f"{file} says {about.classes} classes, 0 to {last}"
    if y.ndim != 1:
        one_hot = y.ndim == 2 and y.shape[1] == about.classes
        way = "y.argmax(1)" if one_hot else "y.ravel()"
        return f"labels {y.shape}; they must be one number an image, [n]: {way}"
    if not np.issubdtype(y.dtype, np.integer):
        return f"labels {y.dtype}{_value_range(y)}; {_as_whole_numbers(y)}"
    if not len(y):
        return "no images"
    low, high = int(y.min()), int(y.max())
    if low < 0 or high > last:
        from_one = (low, high) == (1, about.classes)
        way = "labels count from 0: y - 1" if from_one else "correct the labels or classes"
        return f"label {low if low < 0 else high}; {says}; {way}"
    absent = np.flatnonzero(np.bincount(y.astype(np.int64), minlength=about.classes) == 0)
    if not len(absent):
        return None
    more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
    most = int(np.iinfo(y.dtype).max)
    way = "number the labels without gaps, or correct classes"
    if most < last:
        way = f"{y.dtype} holds no label above {most}: give them as int64"
    return f"no image of class {absent[0]}{more}; {says}; {way}"


def _as_whole_numbers(y: np.ndarray) -> str:
    """The way out for labels that are not whole numbers."""
    finite = y.dtype.kind in "bf" and np.isfinite(y).all()
    if finite and np.array_equal(y, y.astype(np.int64)):
        return "they must be whole numbers: y.astype(np.int64)"
    if y.dtype.kind in "USO":
        return "number them from 0: np.unique(y, return_inverse=True)[1]"
    return "they must be whole numbers from 0"


def _count_problem(x: np.ndarray, y: np.ndarray) -> str | None:
    """What is wrong with two arrays that should be as long as each other; else None."""
    return f"{len(x)} images with {len(y)} labels" if len(x) != len(y) else None


def _check_majority(labels: np.ndarray, about: Any, name: str, file: str) -> None:
    """Raise DatasetError for a declared `majority` that the test labels contradict."""
    share = int(np.bincount(labels).max()) / len(labels)
    declared = getattr(about, "majority", share)
    if abs(declared - share) > 1e-9:
        problem = f"test: majority = {declared:g} in {file}; the labels say {share!r}"
        raise DatasetError(name, f"{problem}; correct it or leave it out")


def _while_reading(error: BaseException) -> str:
    """The file that was being read where `error` was raised, as far as that can be told.

    The error of a truncated picture does not name it. The local variables of the frames that lead
    to the error do.
    """
    for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
        for value in reversed(list(frame.f_locals.values())):
            if file := _file(value):
                known = file in str(error)
                return "" if known else f", while reading {file}; replace it or leave it out"
    return ""


def _file(value: Any) -> str | None:
    """The path of an open file or picture, or a text that is the path of a file; else None."""
    for attribute in ("filename", "name", None):
        with suppress(Exception):  # whatever somebody's object does when it is asked
            given = getattr(value, attribute) if attribute else value
            path = Path(given)
            if path.suffix != ".py" and path.is_file():
                return str(path)
    return None
