"""How long a challenge takes here: a few batches measured, times what published runs have seen."""

import heapq
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from .. import datasets, tables
from ..activations import ActivationSpec
from ..runtime.errors import UserError
from ..study import Study
from ..study.tuned_recipes import (
    first_candidate,
    held_out_fraction,
    is_tuned,
    list_candidates,
    tuning_seeds,
)

BATCHES = 6  # that each speed is measured on
LIBRARY = Path(__file__).parents[2]
SETTING = ["recipe", "network", "dataset"]


def published_work(paths: Sequence[str]) -> pd.DataFrame:
    """How many images a run of each setting trains on and is tested on, all epochs together.

    `paths` are the published runs.parquet. Columns: recipe, network, dataset, train, evaluate.
    """
    parts = []
    for path in paths:
        runs, epochs, costs = (
            tables.read(Path(path).with_name(f"{name}.parquet"))
            for name in ("runs", "epochs", "costs")
        )
        tested = epochs.dropna(subset=["test_accuracy"]).groupby(tables.KEY).size().rename("times")
        each = runs.merge(costs, on=tables.KEY).merge(tested, on=tables.KEY)
        parts.append(each.assign(train=each["images"], evaluate=each["times"] * each["n_test"]))
    whole = pd.concat(parts)
    return whole.groupby(SETTING)[["train", "evaluate"]].median().reset_index()


def published_tuning_work(paths: Sequence[str]) -> pd.DataFrame:
    """How many images a run that tunes trains on in each setting, all epochs together.

    `paths` as in `published_work`; tables without tuning beside them add nothing. Columns: recipe,
    network, dataset, tuning_images.
    """
    files = [Path(path).with_name("tuning_costs.parquet") for path in paths]
    found = [tables.read(file) for file in files if file.exists()]
    whole = pd.concat([pd.DataFrame(columns=[*SETTING, "images"]), *found])
    images = whole.groupby(SETTING)["images"].median().rename("tuning_images")
    return images.reset_index()


def measure(study: Study, spec: ActivationSpec, setting: Mapping[str, str]) -> dict[str, float]:
    """{"train", "evaluate": seconds an image} of an activation in one setting of `study`, here."""
    asked = {
        "activation": asdict(spec),
        "network": study.networks[setting["network"]],
        "recipe": first_candidate(study.recipes[setting["recipe"]]),
        "shape": datasets.shape(setting["dataset"]),
        "batches": BATCHES,
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "activarium.train.measure_speed"],
        input=json.dumps(asked),
        env=os.environ | {"PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UserError(f"challenge: {spec.name} cannot be trained ({said[:200]})")
    return json.loads(done.stdout.splitlines()[-1])


def estimate(study: Study, spec: ActivationSpec, control: ActivationSpec) -> pd.DataFrame:
    """The `published_work` of each setting, the `seconds` of a run of `spec`, and a `ratio`.

    The ratio is the training time of `spec` to that of `control`, both measured here.
    `tuning_seconds` is what a run that tunes takes, 0 where none does.
    """
    scored = [path for path in study.reuse if Path(path).name == "runs.parquet"]
    work = published_work(scored).merge(published_tuning_work(scored), "left", SETTING)
    mine = work["recipe"].isin(study.recipes) & work["network"].isin(study.networks)
    work = work[mine & work["dataset"].isin(study.datasets)].reset_index(drop=True)
    rows: list[dict[str, Any]] = []
    for setting in work.to_dict("records"):
        speed, reference = (measure(study, each, setting) for each in (spec, control))
        seconds = setting["train"] * speed["train"] + setting["evaluate"] * speed["evaluate"]
        rows.append({
            "seconds": seconds,
            "ratio": speed["train"] / reference["train"],
            "tuning_seconds": _tuning_seconds(study, setting, speed),
        })  # fmt: skip
    return work.join(pd.DataFrame(rows))


def _tuning_seconds(study: Study, setting: Mapping[str, Any], speed: Mapping[str, float]) -> float:
    """Seconds of one run that tunes: it is evaluated on what is held out after every epoch."""
    recipe = study.recipes[setting["recipe"]]
    if not is_tuned(recipe):
        return 0.0
    held_out = held_out_fraction(recipe, study.validation)
    evaluated = held_out / (1 - held_out) * speed["evaluate"]
    return float(setting["tuning_images"] * (speed["train"] + evaluated))


def tuning_time_at_once(expected: pd.DataFrame, study: Study, at_once: int) -> float:
    """Seconds until one activation is tuned in all settings of an `estimate`."""
    packs = []
    for row in expected.to_dict("records"):
        recipe = study.recipes[row["recipe"]]
        sizes = _pack_sizes(len(tuning_seeds(recipe)), study.pack)
        packs += [row["tuning_seconds"] * n for _ in list_candidates(recipe) for n in sizes]
    return _last_end(packs, at_once)


def time_at_once(seconds: Iterable[float], study: Study, at_once: int) -> float:
    """Seconds until the packs of all settings are trained, where `at_once` train at a time.

    `seconds` is what one run takes in each setting; the seeds of a pack train in a row.
    """
    sizes = _pack_sizes(study.seeds, study.pack)
    return _last_end([each * n for each in seconds for n in sizes], at_once)


def _pack_sizes(seeds: int, pack: int) -> list[int]:
    return [min(pack, seeds - k) for k in range(0, seeds, pack)]


def _last_end(packs: list[float], at_once: int) -> float:
    """When the last of `packs` ends, each given in seconds, the longest first."""
    free = [0.0] * at_once  # when each of them has trained what it was given
    for pack in sorted(packs, reverse=True):
        heapq.heapreplace(free, free[0] + pack)
    return max(free)
