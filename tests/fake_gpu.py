"""A GPU to record on, where there is none: what is recorded is noted, and done when it is replayed.

All else of `torch.cuda` that training at once speaks to is here as well, on the CPU, with a memory
of `size` bytes of which the first run takes `takes`.
"""

from contextlib import nullcontext
from types import SimpleNamespace

import torch

from activarium.train import lane, recording, together


class Recording:
    """What `recording.record` returns."""

    def __init__(self, work, generators):
        self.work, self.generators = work, generators

    def replay(self):
        for do, _ in self.work:
            do()


class FakeGpu:
    """`recorded` are all recordings so far; `modules` record beside the engine."""

    def __init__(self, monkeypatch, *modules, size=100, takes=1):
        self.recorded, self.size, self.takes = [], size, takes
        stream = SimpleNamespace(wait_stream=lambda other: None)
        cuda = {
            "Stream": lambda: SimpleNamespace(wait_stream=lambda other: None),
            "current_stream": lambda: stream,
            "stream": lambda stream: nullcontext(),
            "synchronize": lambda: None,
            "set_sync_debug_mode": lambda mode: None,
            "get_rng_state": lambda: torch.zeros(1),
            "set_rng_state": lambda state: None,
            "reset_peak_memory_stats": lambda: None,
            "memory_allocated": lambda: 0,
            "max_memory_allocated": lambda: self.takes,
            "empty_cache": lambda: None,
            "mem_get_info": lambda: (self.size - self.takes, self.size),
        }
        for name, fake in cuda.items():
            monkeypatch.setattr(torch.cuda, name, fake)
        for module in (lane, together, *modules):
            monkeypatch.setattr(module, "record", self.record)
        recording.streams.cache_clear()

    def record(self, work, generators=()):
        self.recorded.append(Recording(work, generators))
        return self.recorded[-1]
