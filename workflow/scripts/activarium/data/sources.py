"""The images of a data set from wherever it comes: a built-in file, a folder, or arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import datasets
from ..datasets import MOST_CLASSES, DatasetError, Images
from ..runtime.errors import describe_error
from . import prepare
from .arrays import array_keys
from .folder import list_pictures, smallest_class, test_size
from .image_checks import check_images, load_checked_images
from .image_size import height_width
from .pictures import read_picture, stack_pictures
from .stratified_sample import stratified_sample

GLANCE = 20  # pictures that are opened to see whether a folder is grey, before it is prepared


@dataclass(frozen=True)
class About:
    """What is said of a data set beside its images, as a file of datasets/ states it."""

    label: str
    classes: int
    n_train: int
    image_size: tuple[int, int]
    channels: int
    class_names: tuple[str, ...] = ()
    test_files: tuple[str, ...] = ()  # class/file of each test picture


def load_images(name: str, source: Mapping | None, root: Path | str) -> tuple[Images, Any]:
    """(the checked `Images` of data set `name`, what is said of it: `label`, `classes`, …).

    `source` is None for a built-in one, which reads the data root `root`. Else it is a study's
    entry: `folder`, `npz` or `file`, and `size`, `test`, `channels`, `skip_other_files` where they
    stand there. Raises DatasetError, one line.
    """
    if source is None or "file" in source:
        file = source["file"] if source else name
        return load_checked_images(name, root, file), datasets.load(file)
    if "npz" in source:
        images = read_arrays(name, source["npz"], source.get("test"))
        about = _about(name, images, ())
        return check_images(images, about, name, str(source["npz"])), about
    options = {key: value for key, value in source.items() if key != "folder"}
    images, names, test_files = read_folder(name, source["folder"], **options)
    about = replace(_about(name, images, names), test_files=test_files)
    return check_images(images, about, name, str(source["folder"])), about


def read_folder(
    name: str,
    folder: Path | str,
    size: int | list[int] | None = None,
    test: float | None = None,
    channels: int | None = None,
    skip_other_files: bool = False,
) -> tuple[Images, tuple[str, ...], tuple[str, ...]]:
    """(Images, names of the classes by label, class/file of each test picture) of a folder.

    `folder.list_pictures` says which pictures, `pictures.read_picture` how each is read. Without
    `size` all must be of one size. The share `test` is drawn once and for all: stratified, from the
    pictures in the order of their names. Raises DatasetError that names the file.
    """
    pictures = list_pictures(name, folder, test, skip_other_files)
    names = tuple(next(iter(pictures.values())))
    parts = [list(_read_split(name, pictures[split], size)) for split in pictures]
    _check_sizes(name, [file for part in parts for file in part])
    channels = channels or max(3 if p.ndim == 3 else 1 for part in parts for _, p, _ in part)
    arrays = []
    for part in parts:
        arrays.append(stack_pictures([picture for _, picture, _ in part], channels))
        arrays.append(np.array([label for _, _, label in part], np.int64))
    files = ["/".join(file.parts[-2:]) for file, _, _ in parts[-1]]
    if test is None:
        return Images(*arrays), names, tuple(files)
    x, y = arrays
    _, drawn = draw_indices(y, test)
    return draw_test(x, y, test), names, tuple(files[i] for i in drawn)


def read_arrays(name: str, file: Path | str, test: float | None = None) -> Images:
    """The `Images` in an .npz file; grey [n, h, w] gets its channel, labels [n, 1] become [n].

    `arrays.array_keys` says which arrays. Nothing is unpickled. Raises DatasetError.
    """
    keys = array_keys(name, file, test)
    try:
        with np.load(Path(file).expanduser(), allow_pickle=False) as held:
            arrays = [_as_images(held[key]) if i % 2 == 0 else _as_labels(held[key])
                      for i, key in enumerate(keys)]  # fmt: skip
    except Exception as error:
        raise DatasetError(name, f"{file} cannot be read ({describe_error(error)})") from error
    if test is None:
        return Images(*arrays)
    x, y = arrays
    if not _can_be_drawn(x, y):
        return Images(x, y, x, y)  # which the check refuses by what is wrong
    _check_drawn(name, y, test)
    return draw_test(x, y, test)


def draw_test(x: np.ndarray, y: np.ndarray, test: float) -> Images:
    """`Images` of which the share `test` of every class is tested on; the same for all time."""
    left, drawn = draw_indices(y, test)
    return Images(x[left], y[left], x[drawn], y[drawn])


def draw_indices(y: np.ndarray, test: float) -> tuple[np.ndarray, np.ndarray]:
    """(indices that are trained on, indices that are tested on) of the labels `y`."""
    drawn = stratified_sample(y, test_size(len(y), test), np.random.Generator(np.random.PCG64(0)))
    return np.setdiff1d(np.arange(len(y)), drawn), drawn


def known_shape(name: str, source: Mapping, description: Path | str) -> dict:
    """{channels, size, classes} of a source's images: by the file `description`, else a glance."""
    if "file" in source:  # which says it, and may have been edited since
        return datasets.shape(source["file"])
    if Path(description).exists():
        return prepare.prepared_shape(prepare.description(description))
    return glance(name, source)


def glance(name: str, source: Mapping) -> dict:
    """{channels, size, classes} of images that are not prepared yet, from a few of them.

    Colour that only other pictures have is not seen. Raises DatasetError.
    """
    if "npz" in source:
        images = read_arrays(name, source["npz"], source.get("test"))
        about = _about(name, images, ())
        return {"channels": about.channels, "size": about.image_size, "classes": about.classes}
    pictures = list_pictures(
        name, source["folder"], source.get("test"), source.get("skip_other_files", False)
    )
    classes = next(iter(pictures.values()))
    some = {label: files[:1] for label, files in list(classes.items())[:GLANCE]}
    seen = [picture for _, picture, _ in _read_split(name, some, source.get("size"))]
    channels = source.get("channels") or max(3 if p.ndim == 3 else 1 for p in seen)
    return {"channels": channels, "size": seen[0].shape[:2], "classes": len(classes)}


def _read_split(
    name: str, classes: Mapping[str, list[Path]], size: int | list[int] | None
) -> Iterable[tuple[Path, np.ndarray, int]]:
    """(file, picture, label) of each picture of one split."""
    target = None if size is None else height_width(size)
    for label, files in enumerate(classes.values()):
        for file in files:
            try:
                yield file, read_picture(file, target), label
            except Exception as error:  # Pillow has as many kinds as formats
                why = f"cannot be read as a picture ({describe_error(error)})"
                raise DatasetError(name, f"{file} {why}; replace it or take it away") from error


def _check_sizes(name: str, pictures: list[tuple[Path, np.ndarray, int]]) -> None:
    """Refuse pictures of two sizes, which only `size` makes alike."""
    first, shape = pictures[0][0], pictures[0][1].shape[:2]
    for file, picture, _ in pictures:
        if picture.shape[:2] != shape:
            sizes = ["{} × {}".format(*of) for of in (shape, picture.shape[:2])]
            one, other = f"{first} is {sizes[0]} (height × width)", f"{file} is {sizes[1]}"
            way = f"write size: {min(shape)} to scale and cut them all alike"
            raise DatasetError(name, f"{one}, {other}; {way}")


def _can_be_drawn(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether there is a label from 0 for every image."""
    if len(x) != len(y) or not len(y) or y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        return False
    return y.min() >= 0 and y.max() < MOST_CLASSES


def _check_drawn(name: str, labels: np.ndarray, test: float) -> None:
    """Refuse a class that is too small for the share `test` of it to be drawn."""
    needed = smallest_class(test)
    values, counts = np.unique(labels, return_counts=True)
    if counts.min() < needed:
        few = f"class {values[counts.argmin()]} has {counts.min()} images"
        raise DatasetError(name, f"{few}; with test: {test:g} it needs {needed}")


def _about(name: str, images: Images, class_names: tuple[str, ...]) -> About:
    """What the arrays say of themselves; what is wrong with them is not this function's to say."""
    x, y = images.train_images, images.train_labels
    shape = (*x.shape[1:], *(1, 1, 1))[:3]
    last = int(y.max()) if y.size and np.issubdtype(y.dtype, np.integer) else 0
    classes = len(class_names) or max(2, last + 1)
    return About(name, classes, len(x), shape[:2], shape[2], class_names)


def _as_images(x: np.ndarray) -> np.ndarray:
    return x[..., np.newaxis] if x.ndim == 3 else x


def _as_labels(y: np.ndarray) -> np.ndarray:
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
