"""Every activation in every network tried on one batch, before anything is trained.

python -m activarium.train.sanity_check LOG, its arguments as JSON on the standard input
"""

import json
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

import torch

from .. import activations
from ..activations import ActivationSpec
from ..definitions import numerics
from ..networks import height_width
from ..runtime import interrupt
from ..runtime.child_process import try_each_in_child
from ..runtime.errors import UserError, describe_error
from .check_network import check_network, place_of_activation, place_of_network
from .dynamo import skip_dynamo_import
from .loop import Cell, train_run
from .pack import find_place
from .precision import prepare_torch
from .pretrained import describe_brought_weights
from .progress import Progress
from .run_cost import UNMEASURED, saved_bytes

IMAGES = 4  # of a batch here, whatever the recipe's: shapes and words fail on few images, too
# Of a recipe, what no batch fails for.
HARMLESS = ("learning_rate", "schedule", "warmup", "betas", "momentum", "epochs", "batch_size")


def sanity_check(
    specs: dict, networks: dict, recipes: dict, shapes: dict, log: TextIO
) -> tuple[list[str], list[str]]:
    """(what would end the training, what would be missing or passed over), as lists of lines.

    `specs` maps a name to the fields of its `ActivationSpec`, `networks` a network to its file and
    parameters. `recipes` maps a recipe to its values, `shapes` a data set to {channels, size,
    classes}. Each combination is tried as it is trained, on images of noise: forward, backward, a
    step of the optimiser, evaluation and every later measurement. Trials run in child processes,
    which may crash. One fault is one line, however many trials it ends. The open file `log` gets
    the names of the trials, and tracebacks.
    """
    skip_dynamo_import()
    declared = [ActivationSpec(**fields) for fields in specs.values()]
    trials = list(_list_trials(declared, networks, _distinct_recipes(recipes), shapes))
    missing = _try_measurements(declared, log)
    faults = _try_trainings(trials, log)
    first = {trial.cell.names["network"]: trial for trial in reversed(trials)}
    works = [partial(_find_brought_weights, trial) for trial in first.values()]
    missing += [line for line, _ in try_each_in_child(works, log) if line]
    return faults, missing


def _try_measurements(specs, log):
    """A line for each measurement of an activation that fails."""
    works = {}
    for spec in specs:
        works |= _measurements(spec)
    answers = zip(works, try_each_in_child(works.values(), log), strict=True)
    return [f"{what}: {why}" for what, (_, why) in answers if why]


def _try_trainings(trials, log):
    """A line for each fault that ends trials, with the first of them and how many there are."""
    found = {}
    answers = try_each_in_child([partial(_find_fault, trial, log) for trial in trials], log)
    for trial, (fault, killed) in zip(trials, answers, strict=True):
        if killed:
            fault = f"{trial.files}: {killed}; the log has the line"
        if fault:
            found.setdefault(fault, []).append(" ".join(trial.cell.names.values()))
    return [f"{fault} ({_name_first(names)})" for fault, names in found.items()]


def _distinct_recipes(recipes):
    """{name: values} of the recipes that differ in more than what no batch fails for."""
    seen, distinct = [], {}
    for name, values in recipes.items():
        rest = {k: v for k, v in values.items() if k not in HARMLESS}
        if rest not in seen:
            seen.append(rest)
            distinct[name] = values
    return distinct


@dataclass(frozen=True)
class Trial:
    """A cell to be tried, and the {channels, size, classes} of its images."""

    cell: Cell
    shape: dict

    @property
    def files(self) -> str:
        """The files that its fault came from, where nothing says the line."""
        return f"{place_of_activation(self.cell)} in {place_of_network(self.cell)}"


def _list_trials(specs, networks, recipes, shapes):
    """A `Trial` of each combination."""
    for r, recipe in recipes.items():
        recipe = recipe | {"epochs": 1, "batch_size": min(recipe["batch_size"], IMAGES)}
        for n, network in networks.items():
            for d, shape in shapes.items():
                for spec in specs:
                    names = {"recipe": r, "network": n, "dataset": d, "activation": spec.name}
                    yield Trial(Cell(names, recipe, network, spec), shape)


def _find_fault(trial, log):
    """What ends one trial, in a line that opens with its place; None where nothing does."""
    cell = trial.cell
    print(*cell.names.values(), file=log, flush=True)
    prepare_torch(cell.recipe["precision"])
    data = random_images(trial.shape, cell.recipe["batch_size"])
    try:
        check_network(cell, data)
        train_run(cell, 0, data, torch.device("cpu"), SilentProgress("", log, 1))
    except UserError as error:
        return str(error)
    except Exception as error:
        traceback.print_exc(file=log)
        return f"{find_place(error) or trial.files}: {describe_error(error)}"


def _find_brought_weights(trial):
    """The line that says that a network's own weights are not used; None where it has none."""
    data = random_images(trial.shape, IMAGES)
    build = partial(trial.cell.build_network, data)
    return describe_brought_weights(trial.cell.names["network"], build)


class SilentProgress(Progress):
    """A trial's progress, which nobody waits for."""

    def log(self, text: str, terminal: bool = True) -> None:
        """Nothing."""


def random_images(shape: dict, n: int) -> dict:
    """`n` images of noise to train on and to test, in the form that `Training` takes."""
    size, g = shape["size"], torch.Generator().manual_seed(0)
    height, width = height_width(size)
    x = torch.randint(256, (n, height, width, shape["channels"]), generator=g).byte()
    split = x.permute(0, 3, 1, 2), torch.arange(n) % shape["classes"]
    flat = [0.5] * shape["channels"]
    return {"train": split, "test": split, "validation": None, "mean": flat, "sd": flat,
            "classes": shape["classes"]}  # fmt: skip


def _measurements(spec):
    """{line for where it fails: function} of what is measured of an activation beside training."""
    make, name = partial(activations.module, spec, channels=1), spec.name
    works = {f"{name}: memory is {UNMEASURED}": partial(_measure_saved_bytes, make)}
    for label, dtype in numerics.DTYPES.items():
        line = f"{name}: numerics in {label} are {UNMEASURED}"
        works[line] = partial(_measure_numerics, make, dtype)
    return works


def _measure_saved_bytes(make):
    saved_bytes(make())


def _measure_numerics(make, dtype):
    numerics.value_and_gradient(make().eval(), torch.linspace(-4, 4, 9).to(dtype))


def _name_first(names):
    """The first of some trials, and how many more there are."""
    more = len(names) - 1
    return f"{names[0]} and {more} more" if more else names[0]


def main(log: str) -> None:
    """Answer what is asked on the standard input."""
    interrupt.end_on_sigint()
    with Path(log).open("w", encoding="utf-8") as file:
        faults, missing = sanity_check(**json.load(sys.stdin), log=file)
    print()  # whatever a file has printed ends here
    print(json.dumps({"faults": faults, "missing": missing}))


if __name__ == "__main__":
    main(*sys.argv[1:])
