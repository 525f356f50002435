"""What a study said when its jobs were sent off, held against what each of them reads.

A job that runs elsewhere reads the study's file again when its turn comes. Had the file been edited
meanwhile, it would train other numbers, which Snakemake would take for those that it asked for.
"""

import json
import os
import sys
from pathlib import Path

from .errors import UserError
from .files import read_json, write_json


def prepend_pythonpath(folder, environment=os.environ):
    """Every job that is started from here finds `folder` before what PYTHONPATH named so far."""
    folders = filter(None, [folder, environment.get("PYTHONPATH")])
    environment["PYTHONPATH"] = os.pathsep.join(folders)


def write(study, packs, path):
    """Write what defines the runs of `study`, trained in these `packs` of seeds, to `path`."""
    write_json(path, _said(study, packs))


def check(study, packs, path, file="its mapping"):
    """A UserError where `study`, read from `file`, is no longer what `write` wrote to `path`.

    More may have been added. Without `path` there is nothing to hold: a job started by hand.
    """
    if not Path(path).exists():
        return
    now = json.loads(json.dumps(_said(study, packs)))
    if any(now.get(key, ...) != value for key, value in read_json(path).items()):
        raise UserError(
            f"config: {file} was edited while {study.name} is trained; undo it, or stop and start "
            "again"
        )


def announce(packs, sends_all):
    """Say what an executor of a cluster gets and what it does not; a dry run marks neither.

    `packs` is how many rules of training there are, `sends_all` whether there are no local rules.
    """
    trains = "train_0" if packs == 1 else f"train_0 to train_{packs - 1}"
    rest = "and so are all others" if sends_all else "all others run here"
    print(f"on a cluster: jobs of {trains} are sent off, {rest}", file=sys.stderr)


def _said(study, packs):
    """{key: value} of each declaration that defines numbers, or which run is made by which job."""
    axes = ("recipes", "networks", "activations")
    named = {f"{axis}/{name}": v for axis in axes for name, v in getattr(study, axis).items()}
    data = {f"datasets/{name}": None for name in study.datasets}
    seeds = {f"packs/{k}": [pack[0], pack[-1]] for k, pack in enumerate(packs)}
    rest = {"train_size": study.train_size, "validation": study.validation}
    return named | data | seeds | rest
