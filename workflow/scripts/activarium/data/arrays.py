"""Images and labels from an .npz file of numpy arrays."""

import ast
import struct
import zipfile
from pathlib import Path

from ..datasets import DatasetError
from ..runtime.errors import describe_error

SPLIT_KEYS = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),  # as Keras calls them
)
WHOLE_KEYS = (("images", "labels"), ("x", "y"))


def array_keys(name: str, file: Path | str, test: float | None) -> tuple[str, ...]:
    """The keys of the arrays that are read: four, or two where the share `test` is drawn.

    Four are train_images, train_labels, test_images, test_labels, or x_train, y_train, x_test,
    y_test; two are images and labels, or x and y. Others are passed over. Raises DatasetError, also
    for a single number in place of an array.
    """
    shapes = array_shapes(name, file)
    has = set(shapes)
    for keys in WHOLE_KEYS if test is not None else SPLIT_KEYS:
        if set(keys) <= has:
            for key in keys:
                if not shapes[key]:
                    raise DatasetError(name, f"{file}: {key} is one number; it must be an array")
            return keys
    other = [keys for keys in (SPLIT_KEYS if test is not None else WHOLE_KEYS) if set(keys) <= has]
    wanted = ", ".join((WHOLE_KEYS if test is not None else SPLIT_KEYS)[0])
    shown = ", ".join(sorted(has)) or "nothing"
    if other:
        way = f"leave out test: {test:g}" if test is not None else "write test: 0.2 to draw a fifth"
        raise DatasetError(name, f"{file} holds {', '.join(other[0])}; {way}")
    raise DatasetError(name, f"{file} holds {shown}; it needs {wanted}")


def array_shapes(name: str, file: Path | str) -> dict[str, tuple[int, ...]]:
    """{key: shape} of the arrays in an .npz file, from their heads alone and without numpy."""
    try:
        with zipfile.ZipFile(Path(file).expanduser()) as held:
            arrays = [entry for entry in held.namelist() if entry.endswith(".npy")]
            return {entry.removesuffix(".npy"): _shape(held, entry) for entry in arrays}
    except Exception as error:  # zip files and heads of arrays are damaged in many ways
        gone = isinstance(error, FileNotFoundError)
        why = describe_error(error)
        what = "is not there" if gone else f"is no .npz file that can be read ({why})"
        raise DatasetError(name, f"{file} {what}; write it with numpy.savez_compressed") from error


def _shape(held: zipfile.ZipFile, entry: str) -> tuple[int, ...]:
    """The shape in the head of an .npy file, as numpy.lib.format describes it."""
    with held.open(entry) as file:
        magic = file.read(8)
        if magic[:6] != b"\x93NUMPY":
            raise ValueError(f"{entry} is no array")
        kind, size = ("<H", 2) if magic[6] == 1 else ("<I", 4)
        (length,) = struct.unpack(kind, file.read(size))
        shape = ast.literal_eval(file.read(length).decode("latin1"))["shape"]
        return tuple(int(n) for n in shape)
