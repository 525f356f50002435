"""Every combination that is to be trained is tried on one batch, before the first job.

This happens in a process of its own, since Snakemake's has no torch. It is no rule, because of how
Snakemake 9.27 plans a job with an `ancient` input. Where that input is made anew, it plans no such
job; where it is missing, it plans the job along with all others.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from .. import datasets, networks
from ..runtime import child_process, devices
from ..runtime.errors import UserError
from ..runtime.files import read_json, write_json
from ..study.tuned_recipes import first_candidate


def check_before_training(
    jobs: Iterable, record: Path | str, log: Path | str, sources: Mapping | None = None
) -> None:
    """Try what these jobs of Snakemake train, unless the file `record` says that it was tried.

    Raises a UserError with a line for each fault; nothing has been trained then. Trials run on a
    CPU, so where there is a GPU a fault is printed and stops nothing. The file `log` gets the names
    of the trials, and tracebacks. `sources` are `Study.image_sources`. Without torch here, as with
    environments of --sdm, nothing is tried, and a line says so.
    """
    jobs = _one_per_cell(jobs)
    if jobs and not find_spec("torch"):  # nor numpy, which the shape of own images needs
        _print("no torch here, so that nothing is tried before it is trained")
        return
    shapes = _shapes(jobs, sources or {})
    cells = {_key(job, shapes): job for job in jobs}
    tried = _read_record(record)
    new = [job for key, job in cells.items() if key not in tried]
    if not new:
        return
    combinations = "1 combination" if len(new) == 1 else f"{len(new)} combinations"
    _print(f"trying one batch of {combinations} before any training")
    answer = _run_sanity_check(_arguments(new, shapes), log)
    faults = answer["faults"]
    if faults and not devices.visible_gpus():
        raise UserError("\n".join([*faults, f"nothing was trained; details in {log}"]))
    for line in [f"{fault}; on a CPU, so that it is trained" for fault in faults]:
        _print(line)
    for line in answer["missing"]:
        _print(line)
    with suppress(OSError):  # the next start tries again
        write_json(record, {"tried": sorted(tried | set(cells))})


def _key(job, shapes):
    """What a trial of a job depends on: the content of its code and the values of its cell."""
    about = [*_cell(job), *_values(job), shapes[job.wildcards.dataset]]
    sha = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for file in (*job.input.activation, *job.input.network, *job.input.step):
        sha.update(Path(file).read_bytes())
    return sha.hexdigest()


def _cell(job):
    return [getattr(job.wildcards, axis) for axis in ("recipe", "network", "dataset", "activation")]


def _one_per_cell(jobs):
    """One job of each cell: of those that tune and those that are scored, the last."""
    return list({tuple(_cell(job)): job for job in jobs}.values())


def _values(job):
    """(activation, network, recipe) of a job; of tuned numbers the first value is tried."""
    return job.params.activation, job.params.network, first_candidate(job.params.recipe)


def _read_record(record):
    """The keys of all that was tried before."""
    with suppress(UserError):
        return set(read_json(record)["tried"])
    return set()


def _arguments(jobs, shapes):
    """The arguments of `sanity_check` for these jobs' cells."""
    about = {"specs": {}, "networks": {}, "recipes": {}, "shapes": {}}
    for job in jobs:
        cell, (activation, network, recipe) = job.wildcards, _values(job)
        about["specs"][cell.activation] = activation
        about["networks"][cell.network] = networks.replace_weights(network, job.params.weights_file)
        about["recipes"][cell.recipe] = recipe
        about["shapes"][cell.dataset] = shapes[cell.dataset]
    return about


def _shapes(jobs, sources):
    """{data set: what a network is built for} of these jobs: {channels, size, classes}.

    Of a study's own images as they were prepared, else as a few of them look.
    """
    descriptions = {job.wildcards.dataset: job.input.description for job in jobs if sources}
    shapes = {}
    for name in sorted({job.wildcards.dataset for job in jobs}):
        if name in sources:
            from ..data.sources import known_shape  # numpy and Pillow, only where needed

            shapes[name] = known_shape(name, sources[name], descriptions[name])
        else:
            shapes[name] = datasets.shape(name)
    return shapes


def _run_sanity_check(arguments, log):
    """What `sanity_check` answers in a process of its own."""
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "activarium.train.sanity_check", log]
    asked = json.dumps(arguments)
    try:
        done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True)
    except KeyboardInterrupt:  # before any job, so that Snakemake would show where
        raise UserError("stopped before any job; the same command goes on from here") from None
    if done.returncode < 0:
        raise UserError(child_process.killed_message("sanity check", -done.returncode, log))
    if done.returncode:
        raise UserError(f"sanity check: it failed itself; the lines above and {log} say why")
    return json.loads(done.stdout.splitlines()[-1])


def _print(line):
    print(f"sanity check: {line}", file=sys.stderr, flush=True)
