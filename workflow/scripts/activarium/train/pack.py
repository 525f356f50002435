"""One job's work: the seeds of one cell, each finished one kept at once."""

import os
import traceback
from pathlib import Path

from .. import activations, networks
from ..runtime.errors import UserError, describe_error

FOLDERS = {Path(package.__file__).parent for package in (activations, networks)}


class CrashedError(UserError):
    """Runs that ended in an exception; the message names their seeds and what is kept."""


def train_pack(seeds, train, unfinished, progress):
    """Finish every seed of `seeds` in `unfinished`; a seed that crashes costs only itself.

    `train(missing, keep, crash)` trains the missing ones and calls `keep(seed, table)` with the
    one-row table of each, or `crash(seed, error)`. Raises CrashedError naming the seeds that
    crashed, after all the others are done. Returns {seed: table}, whatever becomes of
    `unfinished` meanwhile (another execution of the same pack clears it), and how many of them
    were trained now.
    """
    finished = {seed: unfinished.take(seed) for seed in seeds}
    missing = [seed for seed in seeds if finished[seed] is None]
    if len(missing) < len(seeds):
        kept = len(seeds) - len(missing)
        progress.say(f"{kept} of {len(seeds)} runs were finished before and are taken as they are")
    crashed = {}

    def keep(seed, table):
        try:
            finished[seed] = table
            unfinished.keep(seed, table)
            progress.ends(seed)
        except Exception as error:
            crash(seed, error)

    def crash(seed, error):
        # As text: the exception itself would hold the crashed network in memory.
        at = place(error)
        said = f"{at}: {describe_error(error)}" if at else describe_error(error)
        if said not in crashed.values():  # the log shows where once, and not for each seed
            progress.say("".join(traceback.format_exception(error)), terminal=False)
        crashed[seed] = said
        progress.say(f"seed {seed} crashed: {crashed[seed]}")
        progress.ends(seed)

    progress.begins(missing)
    train(missing, keep, crash)
    if crashed:
        names = ", ".join(map(str, crashed))
        raise CrashedError(
            f"seed {names} of {progress.label} crashed ({next(iter(crashed.values()))}); "
            "the other seeds are kept: the next start trains only what is missing"
        )
    return finished, len(missing)


def place(error):
    """Path and line of the innermost frame in an activation's or network's file; else empty."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{os.path.relpath(error.filename)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).parent in FOLDERS]
    ours = [f for f in ours if Path(f.filename).stem != "__init__"]
    return f"{os.path.relpath(ours[-1].filename)}, line {ours[-1].lineno}" if ours else ""


def one_by_one(run):
    """The `train` of a pack whose seeds are trained one after the other by `run(seed)`."""

    def train(seeds, keep, crash):
        for seed in seeds:
            try:
                table = run(seed)
            except Exception as error:  # whatever it is, the other seeds go on
                crash(seed, error)
            else:
                keep(seed, table)

    return train
