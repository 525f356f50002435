"""The runs that tune of shards, put together to those of the whole study."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from ..study.tuned_recipes import held_out_fraction, is_tuned
from . import published_tuning, shards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .published_tuning import TuningRuns


def read(paths: Sequence[str], study: Mapping) -> TuningRuns:
    """The runs that tune of `study`, from the folders of the runs.parquet at `paths`.

    `study` is `Grid.declared_training`. Shards that hold other seeds of a cell hold the same tuning
    of it. Raises CollectError, in one line, for a shard that was tuned otherwise, and for a cell
    that none tuned.
    """
    found = [(path, _read_shard(path, study)) for path in paths if _has_tuned_runs(path, study)]
    merged = published_tuning.merge(found, "shards")
    if missing := sorted(set(tuned_cells(study)) - set(merged.cells)):
        known = ", ".join(map(str, paths))
        what = f"the tuning of {'/'.join(missing[0])} is in none of {known}"
        shards.fail(f"{what}; train it as a shard of its own")
    return merged


def tuned_cells(study: Mapping) -> list[tuple[str, ...]]:
    """(recipe, network, dataset, activation) of each cell that `study` tunes."""
    recipes = [name for name, recipe in study["recipes"].items() if is_tuned(recipe)]
    return list(product(recipes, *(study[axis] for axis in list(shards.AXES)[1:])))


def check_tuned_alike(path: str, theirs: Mapping, study: Mapping, key: str) -> None:
    """Raise CollectError where other images were held out than `study` holds out to choose by."""
    for name, recipe in study["recipes"].items():
        ours = held_out_fraction(recipe, study["validation"])
        if is_tuned(recipe) and name in theirs["recipes"] and theirs.get("held_out") != ours:
            what = f"tuned on {theirs.get('held_out')} of the training images, and the study on"
            shards.fail(f"{path} was {what} {ours}; leave it out", key)


def _has_tuned_runs(path: str, study: Mapping) -> bool:
    """Whether a shard scores runs of a recipe that the study tunes."""
    runs = shards.rows_of_study(shards.read_table(path, "runs"), study)
    return any(is_tuned(study["recipes"][name]) for name in set(runs["recipe"].to_pylist()))


def _read_shard(path: str, study: Mapping) -> TuningRuns:
    """The tuning of the study's cells in one shard, which was trained as the study says."""
    theirs, tuning = published_tuning.read(path, "shards")
    shards.check_training(path, theirs, study)
    check_tuned_alike(path, theirs, study, "shards")
    cells = set(tuned_cells(study))
    scored = shards.rows_of_study(shards.read_table(path, "runs"), study)
    lacking = sorted({run[:4] for run in shards.run_keys(scored)} & cells - set(tuning.cells))
    if lacking:
        what = f"{path} has scored runs of {'/'.join(lacking[0])} and no tuning of it"
        shards.fail(f"{what}; {published_tuning.ANEW}")
    return tuning.only(cells)
