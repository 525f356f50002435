"""The labels of a data set's test images in a small file beside the prepared images.

So whoever has the runs can find their balanced accuracy without the images.
"""

from pathlib import Path

import numpy as np

from ..runtime.files import read_json, write_json
from . import prepare


def write_test_labels(labels: np.ndarray, path: Path | str) -> None:
    """Write `labels` (whole numbers [n]) to the JSON file `path`."""
    write_json(path, {"test_labels": labels.tolist()})


def read_test_labels(path: Path | str) -> np.ndarray:
    """The labels in `path` as int64 [n]; UserError where they are not what was written."""
    return np.array(read_json(path)["test_labels"], np.int64)


def find_test_labels(prepared: Path | str) -> np.ndarray | None:
    """The test labels that belong to the file `prepared`; None where neither of them is there.

    They are in NAME.labels.json. Where that is missing they are read from the images themselves,
    which are held against their description. Raises UserError for a damaged file.
    """
    kept, description = (Path(prepared).with_suffix(end) for end in (".labels.json", ".json"))
    if kept.exists():
        return read_test_labels(kept)
    if Path(prepared).exists() and description.exists():
        return prepare.verify(prepared, prepare.description(description)).test_labels
    return None
