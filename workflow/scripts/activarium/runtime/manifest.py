"""The manifest of submitted jobs: what the study said then, checked by each job when it starts.

A job that runs elsewhere reads the study's file again when its turn comes. If the file was edited
meanwhile, it would train other numbers, which Snakemake would take for those that it asked for.
"""

import json
import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import source
from .errors import UserError
from .files import digest_files, read_json, write_json

if TYPE_CHECKING:
    from ..study import Study

FILE = "files/"  # begins the key of a file beside the study


def prepend_pythonpath(folder: str, environment: MutableMapping[str, str] = os.environ) -> None:
    """Every job that is started from here finds `folder` before what PYTHONPATH named so far."""
    folders = filter(None, [folder, environment.get("PYTHONPATH")])
    environment["PYTHONPATH"] = os.pathsep.join(folders)


def write(study: "Study", packs: Sequence[range], path: Path | str) -> None:
    """Write what defines the runs of `study`, trained in these `packs` of seeds, to `path`."""
    write_json(path, _declarations(study, packs))


def check(
    study: "Study", packs: Sequence[range], path: Path | str, file: str = "its mapping"
) -> None:
    """A UserError where `study`, read from `file`, no longer declares what `path` holds.

    More may have been added. Without `path` there is nothing to check: the job was started by hand.
    """
    if not Path(path).exists():
        return
    now = json.loads(json.dumps(_declarations(study, packs)))
    submitted = read_json(path)
    changed = [key for key, value in submitted.items() if key not in now or now[key] != value]
    if changed:
        edited = changed[0].removeprefix(FILE) if changed[0].startswith(FILE) else file
        raise UserError(
            f"config: {edited} was edited while {study.name} is trained; undo it, or stop and "
            "start again"
        )


def announce(packs: int, sends_all: bool, tuning_packs: int = 0) -> None:
    """Print which jobs are submitted to a cluster and which run here; a dry run marks neither.

    `packs` is how many rules of training there are, `tuning_packs` how many that tune; `sends_all`
    whether there are no local rules.
    """
    trains = "train_0" if packs == 1 else f"train_0 to train_{packs - 1}"
    if tuning_packs:
        tunes = "tune_0" if tuning_packs == 1 else f"tune_0 to tune_{tuning_packs - 1}"
        trains = f"{tunes} and {trains}"
    rest = "and so are all others" if sends_all else "all others run here"
    print(f"on a cluster: jobs of {trains} are sent off, {rest}", file=sys.stderr)


def _declarations(study: "Study", packs: Sequence[range]) -> dict[str, Any]:
    """{key: value} of each declaration that defines numbers, or which run is made by which job."""
    axes = {
        "recipes": study.recipes,
        "networks": study.networks,
        "activations": study.declared_activations,
    }
    named = {f"{axis}/{name}": v for axis, values in axes.items() for name, v in values.items()}
    data = {f"datasets/{name}": None for name in study.datasets}
    seeds = {f"packs/{k}": [pack[0], pack[-1]] for k, pack in enumerate(packs)}
    rest = {"train_size": study.train_size, "validation": study.validation}
    return named | data | seeds | rest | _contents(study)


def _contents(study):
    """{key: digest} of each file beside the study that defines a part of it, or is imported."""
    found = {path for file in study.own_files.values() for path in source.own_files(file)}
    return {f"{FILE}{path}": digest_files([path]) for path in sorted(found)}
