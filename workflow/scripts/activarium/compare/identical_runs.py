"""Activations whose runs are the same: two names of one function, or one that is never called.

Their differences are 0 by construction and no finding, whatever a test would say of them.
"""

from collections import defaultdict
from itertools import combinations, groupby
from operator import itemgetter

import numpy as np
import pandas as pd

from ..tables import KEY
from .scores import group_by_setting

LOSSES = ["epoch", "train_loss", "validation_loss", "test_loss"]
ENOUGH = 2  # seeds; one score may be another's by chance


def find_identical_runs(runs: pd.DataFrame, epochs: pd.DataFrame) -> list[dict]:
    """One dict a pair of a setting whose runs are the same on every seed that both have.

    "by" is the strongest thing that is known of these runs and equal: the "losses" of every epoch
    to the last bit, else which "images" of the test set are right, else the "scores" alone,
    which takes two seeds. Of failures nothing is taken but that both failed. `runs` and `epochs`
    are DataFrames of those tables, the last perhaps empty.
    """
    losses = _losses(epochs)
    rows = []
    for setting, group in group_by_setting(runs):
        cells = {a: _cell(cell, losses) for a, cell in group.groupby("activation", sort=True)}
        for a, b in _candidates(cells):
            shared = sorted(set(cells[a]) & set(cells[b]))
            by = _by([(cells[a][seed], cells[b][seed]) for seed in shared])
            if by:
                pair = {"activation": a, "other": b, "n_pairs": len(shared), "by": by}
                rows.append(setting | pair)
    return rows


def _candidates(cells):
    """The pairs (a before b) of cells with the same status and score on a seed, in order."""
    alike = defaultdict(list)
    for activation, cell in cells.items():
        for seed, (result, *_) in cell.items():
            alike[seed, result].append(activation)
    return sorted({pair for names in alike.values() for pair in combinations(names, 2)})


def _losses(epochs):
    """{key of a run: its losses as bytes}, of the runs that have a loss in every epoch."""
    rows = epochs.sort_values([*KEY, "epoch"])
    known = rows[LOSSES[1:]].notna().any(axis=1).to_numpy()
    losses = np.ascontiguousarray(rows[LOSSES].to_numpy(float))
    keys = zip(*(rows[k] for k in KEY), strict=True)
    places = {key: [i for i, _ in group] for key, group in groupby(enumerate(keys), itemgetter(1))}
    return {
        key: losses[found[0] : found[-1] + 1].tobytes()
        for key, found in places.items()
        if known[found].all()
    }


def _cell(cell, losses):
    """{seed: (status and score, images that are right, losses)} of one cell; None is not known."""
    columns = cell[[*KEY, "status", "test_accuracy", "correct"]]
    return {
        seed: ((status, str(score)), images if isinstance(images, bytes) else None,
               losses.get((*key, seed)))
        for *key, seed, status, score, images in columns.itertuples(index=False)
    }  # fmt: skip


def _by(pairs):
    """What is equal in every pair of runs; None where they differ or too little is known."""
    if any(a[0] != b[0] for a, b in pairs):
        return None
    scored = [(a, b) for a, b in pairs if a[0][0] == "ok"]
    for which, name in ((2, "losses"), (1, "images")):
        known = [(a[which], b[which]) for a, b in scored if a[which] and b[which]]
        if any(a != b for a, b in known):
            return None
        if known and len(known) == len(scored):
            return name
    return "scores" if len(scored) >= ENOUGH else None
