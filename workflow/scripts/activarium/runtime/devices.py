"""The devices of this machine: which GPUs are seen, without asking torch, and which is ours."""

import ctypes
import fcntl
import os
import platform
import re
import time
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path


def gpus(environment=os.environ, folder="/dev"):
    """The GPUs that a job here may use, as the words that CUDA_VISIBLE_DEVICES takes.

    What CUDA_VISIBLE_DEVICES names, up to the first word that names none, as CUDA reads it;
    where it is not set, one for each NVIDIA device file. CUDA counts the cards it can open from
    0, whatever their files are called: in a container that has nvidia2 and nvidia3 they are 0, 1.
    """
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        words = (word.strip() for word in visible.split(","))
        return list(takewhile(re.compile(r"\d+$|GPU-|MIG-").match, words))
    return [str(n) for n, _ in enumerate(Path(folder).glob("nvidia[0-9]*"))]


def hide_gpus(environment=os.environ):
    """No GPU is seen from here on, by torch neither: for a job that was granted none."""
    environment["CUDA_VISIBLE_DEVICES"] = ""


def jobs_at_once(jobs, gpus):
    """How many train at once where `jobs` may run; each takes one of `gpus`, where there are."""
    return min(jobs, gpus) if gpus else jobs


@contextmanager
def lease(cards, folder, poll=0.2):
    """One of the `cards` for this process alone, set as CUDA_VISIBLE_DEVICES; None without any.

    Snakemake counts GPUs but does not say which one a job got, so each card of this host has a
    lock file in `folder`, held as long as the process lives, however it ends. A single card
    needs no lock: a cluster gives each job its own under the same number.
    """
    if len(cards) < 2:
        yield cards[0] if cards else None
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    while True:
        for card in cards:
            name = f"{platform.node()}-gpu-{card.replace('/', '_')}.lock"
            file = (Path(folder) / name).open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            os.environ["CUDA_VISIBLE_DEVICES"] = card
            with file:
                yield card
            return
        time.sleep(poll)


def one_thread():
    """Make this process compute on one thread; call it before torch is imported.

    One thread a run and more runs at once is faster than more threads a run, and the same
    number of threads everywhere is what makes the same run give the same bits.
    """
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def keep_freed_memory():
    """Have the C library keep what is freed, instead of giving it back and asking for it again.

    Each step allocates and frees the same large tensors, and every page that is asked for anew
    has to be filled with zeros by the kernel: a tenth of a step of CIFAR-10 and more. Only
    glibc knows how; elsewhere nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(-4, 0)  # M_MMAP_MAX: no allocation gets pages of its own
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: the heap never shrinks
