"""Balanced accuracy of each run: the mean over classes of the share that is right in each.

It is found from what a run has kept, which test images were right, and from their labels. So no
other table changes by it, and runs that were trained before have it as well.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from .. import tables
from ..runtime.errors import UserError
from .schemas import KEY

BALANCED = pa.schema(
    [
        *(tables.RUNS.field(name) for name in KEY),
        pa.field("balanced_accuracy", pa.float64(), metadata={"unit": "fraction"}),
    ]
)


def balanced_accuracy(correct: np.ndarray, labels: np.ndarray) -> float:
    """The mean over classes of the share of `correct` (bool [n]) among the images of each.

    `labels` [n] are whole numbers; classes without an image do not count. K. Brodersen and others,
    "The Balanced Accuracy and Its Posterior Distribution", ICPR 2010.
    """
    sizes = np.bincount(labels)
    right = np.bincount(labels, weights=correct, minlength=len(sizes))
    return float((right[sizes > 0] / sizes[sizes > 0]).mean())


def balanced_table(runs: pd.DataFrame, labels: Mapping[str, np.ndarray]) -> pa.Table:
    """A row in BALANCED for each of the `runs` on the data sets of which `labels` are given.

    `labels` maps a data set to the labels of its test images. Runs without a score have null.
    Raises UserError for a run that was tested on another number of images.
    """
    rows = []
    for run in runs[runs["dataset"].isin(list(labels))].to_dict("records"):
        y, score = labels[run["dataset"]], None
        if run["status"] == "ok":
            if run["n_test"] != len(y):
                raise UserError(_other_images(run, len(y)))
            bits = np.unpackbits(np.frombuffer(run["correct"], np.uint8), count=len(y))
            score = balanced_accuracy(bits.astype(bool), y)
        rows.append({name: run[name] for name in KEY} | {"balanced_accuracy": score})
    return tables.table(rows, BALANCED)


def _other_images(run: Mapping, n: int) -> str:
    """The error for a `run` whose test images are not the `n` that there are labels of."""
    cell = "/".join(str(run[name]) for name in KEY)
    had = f"the run {cell} was tested on {run['n_test']} images"
    return f"balanced accuracy: {had}, and {run['dataset']} has {n} test labels; train it again"
