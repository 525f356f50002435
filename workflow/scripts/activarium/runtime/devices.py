"""The devices of this machine: which GPUs are visible, and a lease of one for each job."""

import ctypes
import fcntl
import os
import platform
import re
import time
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TextIO


def visible_gpus(
    environment: Mapping[str, str] = os.environ, folder: Path | str = "/dev"
) -> list[str]:
    """The GPUs that a job here may use, as the words that CUDA_VISIBLE_DEVICES takes.

    Found without torch, which takes seconds to import.

    What CUDA_VISIBLE_DEVICES names, up to the first word that names none, as CUDA reads it;
    where it is not set, one for each NVIDIA device file. CUDA counts the cards it can open from
    0, whatever their files are called: in a container that has nvidia2 and nvidia3 they are 0, 1.
    """
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        words = (word.strip() for word in visible.split(","))
        return list(takewhile(re.compile(r"\d+$|GPU-|MIG-").match, words))
    return [str(n) for n, _ in enumerate(Path(folder).glob("nvidia[0-9]*"))]


def hide_gpus(environment: MutableMapping[str, str] = os.environ) -> None:
    """Make every GPU invisible, also to torch: for a job that was granted none."""
    environment["CUDA_VISIBLE_DEVICES"] = ""


def jobs_at_once(jobs: int, gpus: int | None) -> int:
    """How many train at once where `jobs` may run; each takes one of `gpus`, where there are."""
    return min(jobs, gpus) if gpus else jobs


@contextmanager
def lease_gpu(cards: Sequence[str], folder: Path | str, poll: float = 0.2) -> Iterator[str | None]:
    """One of the `cards` for this process alone, set as CUDA_VISIBLE_DEVICES; None without any.

    Snakemake counts GPUs but does not say which one a job got, so each card of this host has a
    lock file in `folder`, held as long as the process lives, however it ends. A single card
    needs no lock: a cluster gives each job its own under the same number. `poll` is in seconds.
    """
    if len(cards) < 2:
        yield cards[0] if cards else None
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    card, file = _wait_for_card(cards, Path(folder), poll)
    with file:
        os.environ["CUDA_VISIBLE_DEVICES"] = card
        yield card


def _wait_for_card(cards: Sequence[str], folder: Path, poll: float) -> tuple[str, TextIO]:
    """The first card that is free, and its locked file."""
    while True:
        for card in cards:
            name = f"{platform.node()}-gpu-{card.replace('/', '_')}.lock"
            file = (folder / name).open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            return card, file
        time.sleep(poll)


def use_one_thread() -> None:
    """Make this process compute on one thread; call it before torch is imported.

    One thread a run and more runs at once is faster than more threads a run, and the same
    number of threads everywhere is what makes the same run give the same bits.
    """
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def keep_freed_memory() -> None:
    """Have the C library keep what is freed, instead of giving it back and asking for it again.

    Each step allocates and frees the same large tensors, and every page that is asked for anew
    has to be filled with zeros by the kernel: a tenth of a step of CIFAR-10 and more. Only
    glibc knows how; elsewhere nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(-4, 0)  # M_MMAP_MAX: no allocation gets pages of its own
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: the heap never shrinks
