"""Every activation in every network tried on one batch, before anything is trained.

python -m activarium.train.sanity_check LOG, its arguments as JSON on the standard input
"""

import json
import sys
import traceback
from functools import partial
from pathlib import Path

import torch

from .. import activations, networks
from ..definitions import numerics
from ..runtime import interrupt
from ..runtime.child_process import try_each_in_child
from ..runtime.errors import UserError, describe_error
from . import pretrained, usable
from .cost import saved_bytes
from .pack import place
from .progress import Progress
from .run import build, train_run
from .startup import spare_the_compiler
from .step import prepare_torch

IMAGES = 4  # of a batch here, whatever the recipe's: shapes and words fail on few images, too
KEPT = ("learning_rate", "schedule", "epochs", "batch_size")  # of a recipe, that nothing fails for


def sanity_check(names, nets, recipes, shapes, log):
    """(what would end the training, what would be missing or passed over), as lists of lines.

    `names` maps an activation to its text or None, `nets` a network to its file and parameters,
    `recipes` a recipe to its values, `shapes` a data set to {channels, size, classes}. Each is
    tried as it is trained, forward, backward, a step of the optimiser, evaluation and every later
    measurement, on images of noise, in child processes that may crash. One fault is one line,
    however many trials it ends. The open file `log` gets what is tried, and tracebacks.
    """
    spare_the_compiler()
    works = {what: work for name, expr in names.items() for what, work in _measures(name, expr)}
    answers = zip(works, try_each_in_child(works.values(), log), strict=True)
    missing = [f"{what} will be missing: {why}" for what, (_, why) in answers if why]
    trials, found = list(_trials(names, nets, _kinds(recipes), shapes)), {}
    faults = try_each_in_child([partial(_fault, **trial, log=log) for trial in trials], log)
    for trial, (fault, killed) in zip(trials, faults, strict=True):
        fault = fault or (killed and f"{_files(trial)}: {killed}; the log has the line")
        if fault:
            found.setdefault(fault, []).append(" ".join(trial["cell"].values()))
    first = {trial["cell"]["network"]: trial for trial in reversed(trials)}
    notes = try_each_in_child([partial(_passed_over, **trial) for trial in first.values()], log)
    missing += [note for note, _ in notes if note]
    return [f"{fault} ({_of(trials)})" for fault, trials in found.items()], missing


def _kinds(recipes):
    """The recipes that differ in more than what no batch fails for, as {name: values}."""
    seen, kinds = [], {}
    for name, values in recipes.items():
        rest = {k: v for k, v in values.items() if k not in KEPT}
        if rest not in seen:
            seen.append(rest)
            kinds[name] = values
    return kinds


def _trials(names, nets, recipes, shapes):
    """The arguments of `_fault`, one dict a trial."""
    for r, recipe in recipes.items():
        recipe = recipe | {"epochs": 1, "batch_size": min(recipe["batch_size"], IMAGES)}
        for n, network in nets.items():
            for d, shape in shapes.items():
                for a, expr in names.items():
                    cell = {"recipe": r, "network": n, "dataset": d, "activation": a}
                    yield {"cell": cell, "network": network, "recipe": recipe,
                           "shape": shape, "expr": expr}  # fmt: skip


def _fault(cell, network, recipe, shape, expr, log):
    """What ends one trial, in a line that opens with its place; None where nothing does."""
    print(*cell.values(), file=log, flush=True)
    prepare_torch(recipe["precision"])
    data = _noise(shape, recipe["batch_size"])
    try:
        usable.hold(cell, network, data, expr)
        train_run(cell, 0, network, data, recipe, torch.device("cpu"), Unseen("", log, 1), expr)
    except UserError as refusal:
        return str(refusal)
    except Exception as error:
        traceback.print_exc(file=log)
        where = place(error) or _files({"cell": cell, "network": network, "expr": expr})
        return f"{where}: {describe_error(error)}"


def _passed_over(cell, network, shape, expr, **_):
    """The line that says that a network's own weights are not used; None where it has none."""
    activation = partial(activations.module, cell["activation"], expr)
    data = _noise(shape, IMAGES)
    return pretrained.note(cell["network"], partial(build, network, activation, data))


def _files(trial):
    """The files that a trial without a line of its own came from."""
    name, expr = trial["cell"]["activation"], trial["expr"]
    own = f"config: activations: {name}" if expr else usable.file_of(activations, name)
    return f"{own} in {usable.file_of(networks, trial['network']['file'])}"


class Unseen(Progress):
    """A trial's progress, which nobody waits for."""

    def say(self, text, terminal=True):
        """Nothing."""


def _noise(shape, n):
    """`n` images of noise to train on and to test, in the form that `Training` takes."""
    size, g = shape["size"], torch.Generator().manual_seed(0)
    x = torch.randint(256, (n, size, size, shape["channels"]), generator=g).byte()
    split = x.permute(0, 3, 1, 2), torch.arange(n) % shape["classes"]
    flat = [0.5] * shape["channels"]
    return {"train": split, "test": split, "validation": None, "mean": flat, "sd": flat,
            "classes": shape["classes"]}  # fmt: skip


def _measures(name, expr):
    """(what, function) of each measurement of an activation that comes after or beside training."""
    make = partial(activations.module, name, expr)
    yield f"{name}: saved bytes", lambda: saved_bytes(make()) and None
    for called, dtype in numerics.DTYPES.items():
        yield f"{name}: numerics in {called}", partial(_run, make, dtype)


def _run(make, dtype):
    numerics.run(make().eval(), torch.linspace(-4, 4, 9).to(dtype))


def _of(trials):
    """The first of some trials, and how many more there are."""
    more = len(trials) - 1
    return trials[0] + (f" and {more} more" if more else "")


def main(log):
    """Answer what is asked on the standard input."""
    interrupt.end_on_sigint()
    with Path(log).open("w", encoding="utf-8") as file:
        faults, missing = sanity_check(**json.load(sys.stdin), log=file)
    print()  # whatever a file has printed ends here
    print(json.dumps({"faults": faults, "missing": missing}))


if __name__ == "__main__":
    main(*sys.argv[1:])
