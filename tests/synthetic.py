"""Studies made up for tests: tables of runs, epochs and costs, and the report of them.

Everything goes through the library, without Snakemake and without training.
"""

import json
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import pandas as pd

from activarium import activations, tables
from activarium.certify import certify, initial_state
from activarium.proven_claims import prove_claims
from activarium.report.build import build_report
from activarium.runtime.files import as_json
from activarium.tables.collect import provenance

CHANCE = {"digits": 0.1, "cifar10": 0.1, "cifar100": 0.01, "stl10": 0.1}
MACHINES = ("AVX512", "AVX2", "NEON")
RECIPE = {
    "optimizer": "adam",
    "learning_rate": 0.001,
    "schedule": "constant",
    "batch_size": 50,
    "epochs": 4,
    "weight_decay": 0.0,
    "augmentation": "none",
    "label_smoothing": 0.0,
    "precision": "float32",
}
DECLARED = {
    "name": "made-up",
    "runs": (),
    "shards": (),
    "activations": {},
    "recipes": {"adam": RECIPE},
    "networks": {"net": {"file": "plain", "parameters": {"width": 8}}},
    "datasets": ("digits",),
    "seeds": 10,
    "validation": 0.0,
    "train_size": None,
}


@dataclass
class Made:
    """The three tables of a study, as DataFrames with the types that are read from Parquet."""

    runs: pd.DataFrame
    epochs: pd.DataFrame
    costs: pd.DataFrame


def study(
    activations=("gelu", "relu", "elu", "tanh"), datasets=("digits",), networks=("net",),
    recipes=("adam",), seeds=10, epochs=4, machines=1, validation=False, costs=True, spread=0.004,
    step=0.004, fails=lambda run: False, drops=lambda run: False, seed=0,
):  # fmt: skip
    """A `Made` study: the later an activation, the better by `step`, with noise that seeds share.

    `fails` and `drops` say of a run (a dict with its key) whether it diverged and whether it is
    missing; `machines` is how many kinds of machine took turns at the seeds.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    common = rng.normal(0, spread, (len(datasets), seeds))
    runs, rows, spent = [], [], []
    for recipe, network, (d, dataset), (a, activation), s in product(
        recipes, networks, enumerate(datasets), enumerate(activations), range(seeds)
    ):
        key = dict(zip(tables.KEY, (recipe, network, dataset, activation, s), strict=True))
        score = 0.9 - 0.1 * d + step * a + common[d, s] + rng.normal(0, spread)
        score = round(float(np.clip(score, 0, 1)), 4)
        if drops(key):
            continue
        ok = not fails(key)
        held = {"validation_accuracy": score - 0.01} if validation and ok else {}
        runs.append(key | held | {"status": "ok" if ok else "diverged"}
                    | ({"test_accuracy": score} if ok else {}))  # fmt: skip
        ends = range(1, epochs + 1 if ok else 2)
        rows += [key | {"epoch": e, "test_accuracy": score * (1 - 0.5**e)} for e in ends]
        if epochs and ok:
            rows[-1]["test_accuracy"] = score
        spent.append(key | _cost(a, s, machines))
    return Made(
        tables.table(runs, tables.RUNS).to_pandas(),
        tables.table(rows if epochs else [], tables.EPOCHS).to_pandas(),
        tables.table(spent if costs else [], tables.COSTS).to_pandas(),
    )


def _cost(a, seed, machines):
    kind = MACHINES[seed % machines]
    return {
        "train_seconds": 2.0 + 0.1 * a, "evaluate_seconds": 0.1, "images": 1000,
        "images_per_second": 500.0, "saved_bytes_per_element": 4.0 * (a % 3), "device": "cpu",
        "device_name": "made-up",
        "instruction_set": kind, "threads": 1, "host": kind, "python": "3.12.0", "torch": "2.14.1",
    }  # fmt: skip


def reported(
    made, control="gelu", confidence=0.95, margin=0.005, draw=True, certified=False, numerics=None,
    networks=None, uncertified=(), tuning=None, learned=None, images=None,
    **declared,
):  # fmt: skip
    """The `Report` of a `Made` study; `declared` is what the study file says beside the grid.

    Without `draw` the words and tables stand alone, which is ten times as fast; `certified` puts
    in what is proven of those activations that have a file and are not `uncertified`.
    """
    names = (
        set(made.runs["activation"]) & set(activations.names()) - set(uncertified)
        if certified
        else ()
    )
    profiles = {name: proven(name) for name in sorted(names)}
    made_on = provenance(tables.table(made.costs.to_dict("records"), tables.COSTS))
    return build_report(
        made.runs, made.epochs, made.costs, control, confidence, margin, CHANCE,
        DECLARED | declared, profiles, provenance=made_on, draw=draw,
        claims=settled_claims() if certified else None, numerics=numerics, networks=networks,
        uncertified=uncertified, tuning=tuning, learned=learned,
        images=images,
    )  # fmt: skip


@cache
def proven(activation):
    """What is certified of an activation, as its file holds it."""
    file = activations.load(activation)
    return json.loads(as_json(certify(file.definition, draws=initial_state.is_random(file))))


@cache
def settled_claims():
    """What `activarium.proven_claims` settles, as its file holds it."""
    files = {n: activations.load(n) for n in activations.names() if activations.has_definition(n)}
    drawn = [name for name, file in files.items() if initial_state.is_random(file)]
    return json.loads(as_json(prove_claims({n: f.definition for n, f in files.items()}, drawn)))
