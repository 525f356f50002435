"""One run from start to its row: epochs trained and evaluated until the last or divergence.

Defines results, as `step` does: what the score is and when a run counts as diverged.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from .. import activations, networks, tables
from .initialisation import mark_activation
from .learned_values import LearnedValues
from .randomness import seed_the_rest
from .run_cost import run_cost, saved_bytes_or_none
from .step import Training

if TYPE_CHECKING:
    from .checkpoints import Checkpoints
    from .progress import Progress


@dataclass(frozen=True)
class Cell:
    """What all seeds of a cell have in common.

    `names` says which recipe, network, dataset and activation it is; `recipe` holds the recipe's
    values, `network` the network's file and parameters. `spec` is what the study says of the
    activation; without it that is a built-in one. `candidate` names the values that a run tries in
    order to tune.
    `weights_file` is the file that the network starts from, where it names one; `network` holds
    its checksum then.
    """

    names: dict
    recipe: dict
    network: dict
    spec: activations.ActivationSpec | None = None
    candidate: str | None = None
    weights_file: str | None = None

    @property
    def activation(self) -> activations.ActivationSpec:
        """What the activation is."""
        return self.spec or activations.ActivationSpec(self.names["activation"])

    @property
    def label(self) -> str:
        """Which cell it is, for people."""
        return " ".join([*self.names.values(), *filter(None, [self.candidate])])

    def make_activation(self, channels: int | None = None, dim: int = 1) -> nn.Module:
        """A new module of the activation, for inputs with so many channels in dimension `dim`."""
        return mark_activation(activations.module(self.activation, channels=channels, dim=dim))

    def build_network(self, data: dict, make_activation: Callable | None = None) -> nn.Module:
        """A new network for `data` as `Training` takes it; `make_activation` in place of ours."""
        channels, *height_width = data["train"][0].shape[1:]
        size = networks.fitting_size(self.network["file"], height_width)
        build = networks.load(self.network["file"]).build
        make = make_activation or self.make_activation
        parameters = networks.replace_weights(self.network, self.weights_file)["parameters"]
        return build(make, channels, data["classes"], size, **parameters)


class Run:
    """One run: its training, its history, and its row once it has ended.

    `training_class` is `Training` or one that takes the same. Where `checkpoints` holds a state of
    this run, it goes on from there.
    """

    def __init__(
        self,
        cell: Cell,
        seed: int,
        data: dict,
        device: torch.device,
        progress: "Progress",
        training_class: type[Training],
        checkpoints: "Checkpoints | None" = None,
    ):
        self.cell, self.seed, self.progress, self.checkpoints = cell, seed, progress, checkpoints
        # Measured before the first epoch: no training is lost by a measurement.
        log = partial(progress.log, terminal=False)
        self.saved_bytes = saved_bytes_or_none(partial(cell.make_activation, 1), log)
        seed_the_rest(seed)
        self.training = training_class(cell.build_network(data), data, cell.recipe, seed, device)
        starts = activations.learned_starts(cell.activation)
        self.learned = LearnedValues(self.training.network, starts)
        self.history: dict[str, Any] = {
            "epochs": [],
            "clock": {"train": 0.0, "evaluate": 0.0},
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if checkpoints:
            self.history = checkpoints.resume(self.training, self.history)
        self.status = "ok"
        self.correct: torch.Tensor | None = None

    @property
    def epoch(self) -> int:
        """The epoch to be trained next, from 0."""
        return len(self.history["epochs"])

    @property
    def is_finished(self) -> bool:
        """Whether it has had its last epoch, or has diverged."""
        return self.status == "diverged" or self.epoch == self.cell.recipe["epochs"]

    def add_epoch(self, metrics: dict, correct: torch.Tensor | None, seconds: dict) -> None:
        """Take what the next epoch gave, as `train_epoch` returns it.

        Infinite or undefined losses end the run as "diverged", with the finite epochs before.
        """
        self.correct = correct
        for phase, spent in seconds.items():
            self.history["clock"][phase] += spent
        if not all(np.isfinite(v) for v in metrics.values() if v is not None):
            self.status = "diverged"
            self.progress.log(f"seed {self.seed} diverged in epoch {self.epoch + 1}")
            return
        self.history["epochs"].append(metrics)
        self.progress.log_epoch(self.seed, metrics)
        if self.checkpoints and not self.is_finished:
            self.checkpoints.save(self.training, self.history)

    def table(self) -> pa.Table:
        """The finished run as a table of one row, by `tables.RUN_FILE`."""
        trained = self.epoch + (1 if self.status == "diverged" else 0)
        cost = run_cost(self.training, self.saved_bytes, self.history["clock"], trained)
        row = {**self.cell.names, "seed": self.seed, **self._result()}
        row["cost"] = cost | {"started": self.history["started"]}
        row["learned"] = self.learned.rows(self.training.scored_network) or None
        return tables.table([row], tables.RUN_FILE)

    def _result(self):
        """The columns of the runs table: the score is the last epoch's, never the best one's."""
        epochs = self.history["epochs"]
        result = {"status": self.status, "epochs": epochs}
        if self.status == "ok":
            result |= {n: epochs[-1][n] for n in ("test_accuracy", "validation_accuracy")}
        if self.status == "ok" and self.correct is not None:
            result["n_correct"], result["n_test"] = int(self.correct.sum()), len(self.correct)
            result["correct"] = np.packbits(self.correct.numpy()).tobytes()
        return result


def train_run(
    cell: Cell,
    seed: int,
    data: dict,
    device: torch.device,
    progress: "Progress",
    checkpoints: "Checkpoints | None" = None,
) -> pa.Table:
    """Train one run alone; its row as a table."""
    run = Run(cell, seed, data, device, progress, Training, checkpoints)
    while not run.is_finished:
        run.add_epoch(*train_epoch(run.training, run.epoch))
    return run.table()


def is_evaluated(recipe: dict, epoch: int) -> bool:
    """Whether `recipe` evaluates after `epoch`, counted from 0: each k-th epoch, and the last."""
    number = epoch + 1
    return number % recipe.get("evaluate_every", 1) == 0 or number == recipe["epochs"]


def train_epoch(training: Training, epoch: int) -> tuple[dict, torch.Tensor | None, dict]:
    """Train one epoch, and evaluate it if the recipe says so: (metrics, correct, seconds).

    Correct is bool [n] of the test images, or None. Seconds are {"train", "evaluate"}: a CPU's
    own, so that other work beside a run does not look like its cost. On a GPU, where
    `concurrent_trainer` trains, they are its share of the wall's.
    """
    start = time.process_time()
    trained = training.train_epoch(epoch)
    middle = time.process_time()
    splits = training.splits if is_evaluated(training.recipe, epoch) else []
    evaluated = {split: training.evaluate(split) for split in splits}
    seconds = {"train": middle - start, "evaluate": time.process_time() - middle}
    return *join_metrics(epoch, trained, evaluated), seconds


def join_metrics(epoch: int, trained: dict, evaluated: dict) -> tuple[dict, torch.Tensor | None]:
    """(metrics of an epoch, correct test images) from what its training and evaluations gave.

    `trained` is of `Training.train_epoch`, `evaluated` maps a split to (loss, correct bool [n]);
    metrics of a split that is not there are None.
    """
    metrics = {"epoch": epoch + 1} | trained
    for split in ("validation", "test"):
        loss, correct = evaluated.get(split, (None, None))
        metrics[f"{split}_loss"] = loss
        metrics[f"{split}_accuracy"] = None if correct is None else correct.double().mean().item()
    return metrics, correct
