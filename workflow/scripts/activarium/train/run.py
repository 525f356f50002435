"""One run from start to its row: epochs trained and evaluated until the last or divergence.

Defines results, as `step` does: what the score is and when a run counts as diverged.
"""

import time
from datetime import UTC, datetime
from functools import partial

import numpy as np

from .. import activations, networks, tables
from .cost import cost, saved_bytes_or_none
from .randomness import seed_the_rest
from .step import Training


def train_run(*about, **more):
    """Train one run alone, as `running` says, and return its row as a table."""
    course = running(*about, **more)
    try:
        asked = next(course)
        while True:
            asked = course.send(train_epoch(*asked))
    except StopIteration as ended:
        return ended.value


def running(
    cell, seed, network, data, recipe, device, progress, expr=None, checkpoints=None, kind=None
):
    """The course of a run: a generator that asks for each epoch and returns `tables.RUN_FILE`.

    It yields (training, epoch) where the next epoch is to be trained, and is sent what
    `train_epoch` returns. `cell` holds recipe, network, dataset and activation by name, `expr`
    the activation's text where the study states it, `network` the network's file and parameters;
    `kind` is the class of its training, `Training` where it is None. Infinite or undefined losses
    end the run as "diverged", with the finite epochs before. Where `checkpoints` holds a state of
    this run, it goes on from there.
    """
    activation = partial(activations.module, cell["activation"], expr)
    # Measured before the first epoch: no training is lost by a measurement.
    saved = saved_bytes_or_none(activation, partial(progress.say, terminal=False))
    seed_the_rest(seed)
    model = build(network, activation, data)
    training = (kind or Training)(model, data, recipe, seed, device)
    told = {
        "epochs": [],
        "clock": {"train": 0.0, "evaluate": 0.0},
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if checkpoints:
        told = checkpoints.resume(training, told)
    epochs, status, correct = told["epochs"], "ok", None
    for epoch in range(len(epochs), recipe["epochs"]):
        metrics, correct, seconds = yield training, epoch
        for what, spent in seconds.items():
            told["clock"][what] += spent
        if not all(np.isfinite(v) for v in metrics.values() if v is not None):
            status = "diverged"
            progress.say(f"seed {seed} diverged in epoch {epoch + 1}")
            break
        epochs.append(metrics)
        progress.epoch(seed, metrics)
        if checkpoints and epoch + 1 < recipe["epochs"]:
            checkpoints.save(training, told)
    trained = len(epochs) + (status == "diverged")
    spent = cost(training, saved, told["clock"], trained) | {"started": told["started"]}
    result = _result(status, epochs, correct)
    return tables.table([{**cell, "seed": seed, **result, "cost": spent}], tables.RUN_FILE)


def build(network, activation, data):
    """A new network from its file and parameters, for `data` as `Training` takes it.

    `activation()` gives a new module of the activation.
    """
    channels, size = data["test"][0].shape[1:3]
    file = networks.load(network["file"])
    return file.build(activation, channels, data["classes"], size, **network["parameters"])


def train_epoch(training, epoch):
    """Train and evaluate one epoch: (metrics, correct bool [n] of the test images, seconds).

    Seconds are {"train", "evaluate"}: a CPU's own, so that other work beside a run does not look
    like its cost. On a GPU, where `together` trains, they are the run's share of the wall's.
    """
    start = time.process_time()
    trained = training.epoch(epoch)
    middle = time.process_time()
    evaluated = {split: training.evaluate(split) for split in training.splits}
    seconds = {"train": middle - start, "evaluate": time.process_time() - middle}
    return *outcome(epoch, trained, evaluated), seconds


def outcome(epoch, trained, evaluated):
    """(metrics of an epoch, correct test images) from what `Training`'s epoch and evaluate gave."""
    metrics = {"epoch": epoch + 1} | trained
    for split in ("validation", "test"):
        loss, correct = evaluated.get(split, (None, None))
        metrics[f"{split}_loss"] = loss
        metrics[f"{split}_accuracy"] = None if correct is None else correct.double().mean().item()
    return metrics, correct


def _result(status, epochs, correct):
    """The columns of the runs table: the score is the last epoch's, never the best one's."""
    result = {"status": status, "epochs": epochs}
    if status == "ok":
        result |= {n: epochs[-1][n] for n in ("test_accuracy", "validation_accuracy")}
        result["n_correct"], result["n_test"] = int(correct.sum()), len(correct)
        result["correct"] = np.packbits(correct.numpy()).tobytes()
    return result
