"""A training job from its input files to its output files; what Snakemake's script calls."""

import time
from pathlib import Path

import torch

from .. import tables
from ..data import prepare
from ..runtime import child_process, devices
from ..runtime.errors import UserError, describe_error
from .checkpoints import Checkpoints
from .data import resident
from .lane import Lane
from .pack import one_by_one, train_pack
from .progress import Progress, tally
from .recording import nothing_old_to_free
from .run import running, train_run
from .startup import spare_the_compiler
from .step import prepare_torch
from .together import Together
from .unfinished import Unfinished, digest
from .usable import hold


def fits_several(device):
    """Whether one run leaves a part of the device idle, so that a pack's seeds train at once."""
    return device.type == "cuda"


def train_cell(cell, files, sources, data, description, log, unfinished, tally_file, locks,
               recipe, network, train_size, validation, expr=None):  # fmt: skip
    """Train the runs that `files` ({seed}.parquet each) name and move them to their places.

    `cell` names recipe, network, dataset and activation; `recipe` and `network` are their values
    and `expr` is the activation's text where the study states it, else None; `sources` are the
    files of code that define the numbers; `data` and `description` come from prepare.
    `unfinished` is the folder where finished runs wait for the pack, `locks` the one through
    which jobs share GPUs. Raises a UserError naming the seeds that crashed, code that
    changed, or a network that does not use its activation.
    """
    started = time.monotonic()
    about = prepare.description(description)
    values = [cell, expr, recipe, network, train_size, validation]
    values += [about["sha256"], torch.__version__]
    seeds = {int(Path(file).stem): file for file in files}
    store = Unfinished(unfinished, made_from := digest(sources, values))
    progress = Progress(" ".join(cell.values()), log, recipe["epochs"])
    with devices.lease(devices.gpus(), locks) as card:
        device = _device(card, progress)
        prepare_torch(recipe["precision"])
        spare_the_compiler()
        images = resident(prepare.verify(data, about), about, train_size, validation, device)
        images["classes"] = about["classes"]
        _hold(cell, network, images, expr, progress)

        def arguments(seed, at_once=lambda: 1):
            checkpoints = Checkpoints(store, seed, progress, at_once)
            return cell, seed, network, images, recipe, device, progress, expr, checkpoints

        train = _train(arguments, device, progress)
        finished, trained = train_pack(seeds, train, store, progress)
    if digest(sources, values) != made_from:  # or Snakemake would take them for the new code's
        raise UserError(
            f"the code of {progress.label} was edited while it trained: its runs are of neither "
            "the old nor the new; start again"
        )
    for seed, file in seeds.items():
        tables.write_run(finished[seed], file)
    if not child_process.orphaned():
        store.clear(seeds)
    else:  # who would have taken note of these files is gone, so the next start makes them anew
        progress.say("Snakemake was killed meanwhile: its next start takes these runs up")
    told = tally(tally_file, len(seeds), trained, time.monotonic() - started)
    if told:
        progress.say(told)


def _device(card, progress):
    """What torch trains on; where a leased `card` is of no use to it, that is said."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if card and device.type == "cpu":
        progress.say(
            f"GPU {card} is not used: torch {torch.__version__} finds no CUDA device there "
            "(nvidia-smi shows the driver); trained on the CPU"
        )
    return device


def _hold(cell, network, images, expr, progress):
    """`usable.hold`, of which only a UserError ends the job: each seed logs the rest."""
    try:
        hold(cell, network, images, expr)
    except UserError:
        raise
    except Exception as error:
        progress.say(f"this cell may crash: {describe_error(error)}")


def _train(arguments, device, progress):
    """The `train` of a pack whose runs have the `arguments(seed, at_once)` of `running`."""
    if not fits_several(device):
        return one_by_one(lambda seed: train_run(*arguments(seed)))

    def together(missing, keep, crash):
        def begin(seed):
            return running(*arguments(seed, lambda: len(engine.asked)), kind=Lane)

        engine = Together(begin, keep, crash, progress)
        with nothing_old_to_free():
            engine.train(missing)

    return together
