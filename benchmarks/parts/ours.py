"""Our own training loop as a job runs it: one thread, what is freed kept, nothing else around."""

import time

from activarium import devices

devices.one_thread()  # before torch is imported

import torch  # noqa: E402

from activarium.train import step  # noqa: E402


def loop(setting, seed, keep=True):
    """A function of an epoch's number that trains it; (seconds, CPU seconds)."""
    if keep:
        devices.keep_freed_memory()
    step.prepare_torch()
    training = setting.training(step.Training, seed)

    def epoch(number):
        start = time.perf_counter(), time.process_time()
        training.epoch(number)
        if setting.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start[0], time.process_time() - start[1]

    return epoch
