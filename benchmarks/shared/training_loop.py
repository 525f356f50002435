"""This library's training loop as a job runs it: one thread, freed memory kept, nothing else."""

import time

from activarium.runtime import devices

devices.use_one_thread()  # before torch is imported

import torch  # noqa: E402

from activarium.train.precision import prepare_torch  # noqa: E402
from candidates import engine  # noqa: E402


def loop(setting, seeds, keep=True):
    """A function of an epoch's number that trains it for all seeds; (seconds, CPU seconds)."""
    if keep:
        devices.keep_freed_memory()
    prepare_torch(setting.precision)
    pack = engine.pack(setting, seeds)

    def epoch(number):
        start = time.perf_counter(), time.process_time()
        pack.epoch(number)
        if setting.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start[0], time.process_time() - start[1]

    return epoch
