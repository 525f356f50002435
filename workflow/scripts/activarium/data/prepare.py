"""Writes a data set once into one Arrow file, which every training job maps into its memory."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .. import datasets
from ..datasets import DatasetError, Images
from ..runtime.files import atomic

SPLITS = ("train", "test")


def write(
    images: Images,
    path: Path | str,
    name: str,
    about: Any | None = None,
    repeated: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the `images` of data set `name` to `path`, whole or not at all; its description.

    They and `about` are what `data.sources.load_images` gives; without `about` it is a built-in
    one. `repeated` is what `repeated_images.find_repeated` found in a study's own. The description
    is a dict: name, label, classes, shape [height, width, channels], n_train, n_test, mean and sd
    of each channel over the training images (pixels as 0 … 1), sha256 of the content, where one
    class has more than its equal share of the test images, that share as majority, and class_names
    and repeated where there are any. Raises DatasetError where a channel has one value only, which
    nothing can normalise.
    """
    images = Images(*map(np.ascontiguousarray, images))
    description = _describe(images, name, about or datasets.load(name))
    if repeated:
        description["repeated"] = dict(repeated)
    with atomic(path) as temporary:
        _write_arrow(images, temporary, description)
    return description


def _describe(images: Images, name: str, about: Any) -> dict[str, Any]:
    """What `write` returns, without what is repeated."""
    mean, sd = _moments(images.train_images)
    if 0 in sd:
        what = f"channel {sd.index(0)} has one value in every pixel of every training image"
        raise DatasetError(name, f"train: {what}; leave it out of load and of channels")
    description: dict[str, Any] = {
        "name": name,
        "label": about.label,
        "classes": about.classes,
        "shape": list(images.train_images.shape[1:]),
        "n_train": len(images.train_labels),
        "n_test": len(images.test_labels),
        "mean": mean,
        "sd": sd,
        "sha256": sha256(images),
    }
    share = int(np.bincount(images.test_labels).max()) / len(images.test_labels)
    if share > 1 / about.classes:
        description["majority"] = share
    if getattr(about, "class_names", ()):
        description["class_names"] = list(about.class_names)
    return description


def read(path: Path | str) -> Images:
    """The `Images` in `path`: read-only views of the mapped file, nothing is copied.

    Raises DatasetError where the file cannot be read; `verify` also notices changed pixels.
    """
    try:
        file = pa.ipc.open_file(pa.memory_map(str(path)))
        shape = [int(n) for n in file.schema.metadata[b"shape"].split()]
        if not file.schema.equals(_schema(shape, int(file.schema.metadata[b"classes"]))):
            raise ValueError("its columns are not split, label and image")
        arrays = [array for i in range(2) for array in _views(file.get_batch(i), SPLITS[i], shape)]
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise _damaged(path, str(error).splitlines()[0] if str(error) else "empty") from error
    return Images(*arrays)


def description(file: Path | str) -> dict[str, Any]:
    """The description that `write` gave, out of its JSON file; DatasetError where it is damaged."""
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        return content | {
            "sha256": content["sha256"]
        }  # an error where it is not a mapping with one
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(file, f"it is not a description ({type(error).__name__})") from error


def chance(description: dict[str, Any]) -> float:
    """The accuracy of always guessing the most frequent class of the test images."""
    return description.get("majority", 1 / description["classes"])


def prepared_shape(description: dict[str, Any]) -> dict[str, Any]:
    """What a network is built for: {channels, size [height, width], classes} of prepared images."""
    height, width, channels = description["shape"]
    return {"channels": channels, "size": [height, width], "classes": description["classes"]}


def verify(path: Path | str, description: dict[str, Any]) -> Images:
    """As `read`, after a check that the content is that of the `description` which `write` gave.

    Raises DatasetError that names the file and the way out. Hashes all images: 0.1 to 0.5 s for
    CIFAR. The description stands in a file of its own. It must equal the one that is kept with the
    images, because they are normalised by its mean and sd.
    """
    images = read(path)
    found = sha256(images)
    if found != description["sha256"]:
        raise _damaged(path, f"its sha256 is {found[:12]}…, not {description['sha256'][:12]}…")
    if _kept_description(path) != description:
        raise _damaged(path, f"{Path(path).with_suffix('.json')} is not what was written with it")
    return images


def sha256(images: Images) -> str:
    """Hex digest of the four arrays in order, each after a line with its name and shape.

    It depends on the pixels and labels only and not on how a file holds them.
    """
    digest = hashlib.sha256()
    for field, array in zip(Images._fields, images, strict=True):
        digest.update(f"{field} {' '.join(map(str, array.shape))}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _moments(images: np.ndarray) -> tuple[list[float], list[float]]:
    """Mean and sd of each channel, pixels as 0 … 1, from exact integer sums."""
    n, channels = images[..., 0].size, images.shape[-1]
    total, squares = np.zeros((2, channels), np.uint64)
    for block in np.array_split(images, math.ceil(len(images) / 1000)):
        rows = block.reshape(len(block), -1).astype(np.uint32)
        total += rows.sum(0, dtype=np.uint64).reshape(-1, channels).sum(0)
        squares += (rows * rows).sum(0, dtype=np.uint64).reshape(-1, channels).sum(0)
    pairs = [(int(s), int(q)) for s, q in zip(total, squares, strict=True)]
    mean = [s / (255 * n) for s, _ in pairs]
    sd = [math.sqrt(n * q - s * s) / (255 * n) for s, q in pairs]
    return mean, sd


def _write_arrow(images: Images, path: Path, description: dict[str, Any]) -> None:
    """One record batch a split, uncompressed; columns split, label and image (its raw bytes)."""
    shape = description["shape"]
    metadata = {"name": description["name"], "shape": " ".join(map(str, shape))}
    metadata |= {"classes": str(description["classes"]), "sha256": description["sha256"]}
    metadata |= {"description": json.dumps(description)}
    schema = _schema(shape, description["classes"], metadata)
    image = schema.field("image").type
    with pa.ipc.new_file(str(path), schema) as file:
        for split, x, y in zip(SPLITS, images[::2], images[1::2], strict=True):
            pixels = pa.FixedSizeBinaryArray.from_buffers(image, len(x), [None, pa.py_buffer(x)])
            columns = [pa.array([split] * len(x)), pa.array(y), pixels]
            file.write_batch(pa.record_batch(columns, schema=schema))


def _schema(shape: list[int], classes: int, metadata: dict | None = None) -> pa.Schema:
    """The columns; a label takes 16 bits where there are more classes than 8 can tell apart."""
    label = pa.uint8() if classes <= 256 else pa.uint16()
    image = pa.binary(math.prod(shape))
    return pa.schema([("split", pa.string()), ("label", label), ("image", image)], metadata)


def _views(batch: pa.RecordBatch, split: str, shape: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of one record batch as arrays on its own memory."""
    batch.validate(full=True)
    if not batch.column("split").equals(pa.array([split] * len(batch))):
        raise ValueError(f"split {split} is not where it should be")
    pixels = np.frombuffer(batch.column("image").buffers()[1], np.uint8)
    images = pixels[: len(batch) * math.prod(shape)].reshape(len(batch), *shape)
    return images, batch.column("label").to_numpy(zero_copy_only=True)


def _kept_description(path: Path | str) -> dict | None:
    """The description in the metadata of a prepared file; None where it cannot be read."""
    with pa.ipc.open_file(pa.memory_map(str(path))) as file:
        try:
            return json.loads(file.schema.metadata[b"description"])
        except (KeyError, ValueError):
            return None


def _damaged(path: Path | str, problem: str) -> DatasetError:
    """The error for a prepared file, whose way out is to prepare it in a start of its own.

    Prepared in one start with runs, it would train them all again.
    """
    alone = f"rm {path} && snakemake --cores 1 {path} --configfile STUDY"
    return DatasetError(
        Path(path).stem,
        f"{path} is damaged: {problem}; rebuild it: {alone}, and only then start again",
    )
