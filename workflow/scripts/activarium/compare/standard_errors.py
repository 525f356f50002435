"""The error of the accuracies themselves: a test set is a sample of images too.

More seeds do not make it smaller. Interval and verdict are about this test set; whether another
one would say the same is seen here.
"""

import math

import numpy as np
import pandas as pd

from .paired_tests import mean, sd
from .scores import group_by_setting, sorted_values


def standard_errors(runs: pd.DataFrame, control: str) -> list[dict]:
    """One dict a cell: standard errors by seed and by test image, of the accuracy and difference.

    An image's correctness is averaged over seeds and its sd over images divided by √n_test (Miller
    2024, Adding error bars to evals, arXiv 2411.00640). Only runs with per-example correctness
    count; a setting without any, or whose runs were tested on different numbers of images, has no
    rows. The two errors share what is left within seed × image, so a sum of squares is an upper
    bound.
    """
    rows = []
    for setting, group in group_by_setting(runs[runs["correct"].notna()]):
        if group["n_test"].nunique() == 1:
            cells = {a: _images(cell) for a, cell in group.groupby("activation", sort=True)}
            reference = cells.get(control, {})
            rows += [
                setting | {"activation": a} | _errors(cell, reference, a == control)
                for a, cell in cells.items()
            ]
    return rows


def _images(cell):
    """{seed: correctness of every test image, bool [n_test]} of one cell, by seed."""
    columns = cell.sort_values("seed")[["seed", "correct", "n_test"]]
    return {
        seed: np.unpackbits(np.frombuffer(correct, np.uint8), count=int(n)).astype(bool)
        for seed, correct, n in columns.itertuples(index=False)
    }


def _errors(cell, reference, is_control):
    """The four standard errors of one cell; those of a difference are NaN for the control."""
    images = np.array(list(cell.values()))
    pairs = [] if is_control else [seed for seed in cell if seed in reference]
    changed = np.array([cell[s].astype(np.int8) - reference[s] for s in pairs], float)
    seeds, sample = _both(images.astype(float))
    seeds_diff, sample_diff = _both(changed) if pairs else (math.nan, math.nan)
    return {
        "n_test": images.shape[1],
        "accuracy": mean(images.mean(1)),
        "se_seeds": seeds,
        "se_test": sample,
        "n_pairs": len(pairs),
        "se_seeds_diff": seeds_diff,
        "se_test_diff": sample_diff,
    }


def _both(values):
    """(standard error over seeds, over images) of the mean of `values` [seeds, images]."""
    return tuple(sd(sorted_values(values.mean(i))) / math.sqrt(values.shape[1 - i]) for i in (1, 0))
