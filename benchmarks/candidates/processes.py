"""K runs as K processes, each the engine as jobs run it, with or without MPS."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress

from shared.worker import Worker, ask_all


class Processes:
    """A pack whose every run is a process, all ready to train; `left()` says for how long."""

    def __init__(self, setting, seeds, environment, left):
        make = "candidates.processes:run"
        self.left = left
        self.workers = [Worker(make, setting, s, environment=environment) for s in seeds]
        try:
            for worker in self.workers:
                worker.answer(left())
        except Exception:
            self.close()
            raise

    def epoch(self, number):
        """Train them all at once; the wall seconds to the last one's end."""
        return ask_all(self.workers, [("epoch", number)] * len(self.workers), self.left())[0]

    def hashes(self, seeds, setting):
        """Those of `seeds` trained at the same time, one a process."""
        asked = [("hash", (setting, seed)) for seed in seeds]
        return ask_all(self.workers[: len(seeds)], asked, self.left())[1]

    def close(self):
        for worker in self.workers:  # all at once: a process with CUDA takes a second to end
            worker.dismiss()
        for worker in self.workers:
            worker.close()


def run(setting, seed):
    """In a process of its own: a function that trains this run, or hashes another."""
    from shared import training_loop
    from shared.hashing import hashes

    from .engine import pack

    epoch = training_loop.loop(setting, [seed])

    def hashed(setting, seed):
        alone = pack(setting, [seed])
        alone.epoch(0)
        return hashes(alone)[0]

    return lambda what, value: epoch(value) if what == "epoch" else hashed(*value)


@contextmanager
def mps(wanted):
    """The environment in which processes share the GPU, for as long as its daemon lives.

    None where it is not `wanted`. Raises RuntimeError where there is no daemon to be started,
    and at the end where it served nobody, because then the processes ran without it.
    """
    if not wanted:
        yield None
        return
    control = shutil.which("nvidia-cuda-mps-control")
    if control is None:
        raise RuntimeError("nvidia-cuda-mps-control is not installed here")
    with tempfile.TemporaryDirectory(prefix="mps", ignore_cleanup_errors=True) as folder:
        environment = {f"CUDA_MPS_{name}_DIRECTORY": folder for name in ("PIPE", "LOG")}
        try:
            _control([control, "-d"], environment)
            yield environment
            served = _control([control], environment, "get_server_list\n")
        finally:
            with suppress(OSError, subprocess.SubprocessError):
                _control([control], environment, "quit\n")
        if not served.strip():
            raise RuntimeError("no MPS server came up")


def _control(command, environment, said=None):
    """What the daemon answers, read from a file: a daemon never closes a pipe it was given."""
    with tempfile.TemporaryFile("w+") as out:
        subprocess.run(
            command,
            input=said,
            stdin=None if said else subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            text=True,
            timeout=20,
            check=True,
        )
        out.seek(0)
        return out.read()
