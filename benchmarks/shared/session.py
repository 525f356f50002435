"""A process that measures candidates one after the other on its device."""

import gc
import time
import warnings
from dataclasses import replace

from activarium.runtime import devices

devices.use_one_thread()  # before torch is imported
devices.keep_freed_memory()

import torch  # noqa: E402
from torch._dynamo import config as dynamo  # noqa: E402
from torch._inductor import config as inductor  # noqa: E402

from activarium.train.precision import prepare_torch  # noqa: E402
from candidates import NAMED  # noqa: E402

from . import ceilings, hashing  # noqa: E402

ENOUGH = 4  # seconds of timed epochs after which no further one is begun
ROUNDS = 3


def start(device):
    """A function of a question, "ceilings" or "measure", and its arguments."""
    dynamo.recompile_limit = 64  # at the usual 8 a pack of 16 could turn to eager
    if hasattr(inductor, "deterministic"):
        inductor.deterministic = True  # no kernel chosen by the clock: the same bits every time
    warnings.filterwarnings("ignore", message=".*capturable=True.*")  # so in the warm-up
    asked = {"ceilings": _ceilings, "measure": _Measure()}
    return lambda question, *rest: asked[question](device, *rest)


def _ceilings(device):
    """{precision: FLOP/s} and bytes/s."""
    kinds = ("float32", "tf32", "bfloat16") if device == "cuda" else ("float32",)
    found = {kind: ceilings.matrix(kind, device) for kind in kinds}, ceilings.copy(device)
    _clean(device)
    return found


class _Measure:
    """Measures a candidate at one K; its compiled code is kept until another one comes."""

    def __init__(self):
        self.last = None

    def __call__(self, device, name, setting, k, check):
        """{setup, seconds of each epoch, memory} and, if `check` (size, steps), {hash, …}.

        What cannot be measured without a GPU is not timed there, but its hashes are compared.
        """
        if self.last != (name, setting):
            torch._dynamo.reset()
            self.last = name, setting
        prepare_torch(setting.precision)
        candidate, found = NAMED[name], {}
        if device == "cuda" or not candidate.cuda:
            found |= _measure_time(candidate, setting, k)
        _clean(device)
        if check:
            found |= _compare_hashes(candidate, setting, *check)
        return found


def _measure_time(candidate, setting, k):
    cuda = setting.device == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    begun = time.perf_counter()
    pack = candidate.pack(setting, range(k))
    pack.epoch(0)
    _wait(cuda)
    setup, seconds = time.perf_counter() - begun, []
    for number in range(1, ROUNDS + 1):
        begun = time.perf_counter()
        pack.epoch(number)
        _wait(cuda)
        seconds.append(time.perf_counter() - begun)
        if sum(seconds) > ENOUGH:
            break
    memory = torch.cuda.max_memory_reserved() / 2**30 if cuda else None
    return {"setup": setup, "seconds": seconds, "memory": memory}


def _compare_hashes(candidate, setting, size, steps):
    """Hashes after `steps` steps of packs of up to `size` seeds; each pack is made anew."""
    short, found = replace(setting, steps=steps), []
    for seeds in hashing.packs(size):
        pack = candidate.pack(short, seeds)
        pack.epoch(0)
        found.append((seeds, hashing.hashes(pack)))
        del pack
        _clean(setting.device)
    return {"hash": found[0][1][0], "independent": hashing.is_independent(found)}


def _wait(cuda):
    if cuda:
        torch.cuda.synchronize()


def _clean(device):
    gc.collect()
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
