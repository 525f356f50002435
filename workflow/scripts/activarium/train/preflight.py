"""Every combination that an execution is to train tried on one batch, before its first job.

In a process of its own, since Snakemake's has no torch, and not in a rule: Snakemake 9.27 plans a
job with an `ancient` input either not at all, where that input is made anew, or along with all
others, where it is missing.
"""

import hashlib
import json
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from .. import datasets
from ..runtime import child_process, devices
from ..runtime.errors import UserError
from ..runtime.files import read_json, write_json


def before_training(jobs, record, log):
    """Try what these training jobs are about, unless the file `record` says that it was.

    Raises a UserError with a line for each fault: nothing has been trained then. Trials are on a
    CPU, so that where there is a GPU a fault is said and stops nothing. `log` is the path of the
    file that gets what is tried, and tracebacks. Where there is no torch, as beside environments by
    --sdm, nothing is tried and that is said.
    """
    cells = {_key(job): job for job in jobs}
    kept = _kept(record)
    new = [job for key, job in cells.items() if key not in kept]
    if not new:
        return
    if not find_spec("torch"):
        _say("no torch here, so that nothing is tried before it is trained")
        return
    _say(f"trying one batch of {len(new)} combination{'s' * (len(new) > 1)} before any training")
    answer = _asked(_axes(new), log)
    faults, notes = answer["faults"], answer["missing"]
    if faults and not devices.gpus():
        raise UserError("\n".join([*faults, f"nothing was trained; details in {log}"]))
    for line in [*(f"{fault}; on a CPU, so that it is trained" for fault in faults), *notes]:
        _say(line)
    with suppress(OSError):  # the next start tries again
        write_json(record, {"tried": sorted(kept | set(cells))})


def _key(job):
    """What a trial of a job depends on: the content of its code and the values of its cell."""
    about = [*job.wildcards, *_values(job), _shape(job.wildcards.dataset)]
    sha = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for file in (*job.input.activation, *job.input.network, *job.input.step):
        sha.update(Path(file).read_bytes())
    return sha.hexdigest()


def _values(job):
    return job.params.expr, job.params.network, job.params.recipe


def _kept(record):
    """The keys of all that was tried before."""
    with suppress(UserError):
        return set(read_json(record)["tried"])
    return set()


def _axes(jobs):
    """The arguments of `sanity_check` for these jobs' cells."""
    about = {"names": {}, "nets": {}, "recipes": {}, "shapes": {}}
    for job in jobs:
        cell, (expr, network, recipe) = job.wildcards, _values(job)
        about["names"][cell.activation] = expr
        about["nets"][cell.network] = network
        about["recipes"][cell.recipe] = recipe
        about["shapes"][cell.dataset] = _shape(cell.dataset)
    return about


def _shape(dataset):
    """What a network is built for: {channels, size, classes} of a data set's images."""
    data = datasets.load(dataset)
    return {"channels": data.channels, "size": data.image_size, "classes": data.classes}


def _asked(about, log):
    """What `sanity_check` answers in a process of its own."""
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "activarium.train.sanity_check", log]
    asked = json.dumps(about)
    try:
        done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True)
    except KeyboardInterrupt:  # before any job, so that Snakemake would show where
        raise UserError("stopped before any job; the same command goes on from here") from None
    if done.returncode < 0:
        raise UserError(child_process.killed("sanity check", -done.returncode, log))
    if done.returncode:
        raise UserError(f"sanity check: it failed itself; the lines above and {log} say why")
    return json.loads(done.stdout.splitlines()[-1])


def _say(line):
    print(f"sanity check: {line}", file=sys.stderr, flush=True)
