"""A GPU to record on, where there is none: what is recorded is noted, and done when it is replayed.

All else of `torch.cuda` that training at once speaks to is here as well, on the CPU, with a memory
of `size` bytes of which the first run takes `takes`.
"""

from contextlib import contextmanager
from functools import cache

import torch

from activarium.train import lane, recording, together


class Recording:
    """What `recording.record` returns; `replays` is how often it was asked for."""

    def __init__(self, work, generators):
        self.work, self.generators, self.replays = work, generators, 0

    def replay(self):
        self.replays += 1
        for do, _ in self.work:
            do()


class Stream:
    """One that notes whom it waits for."""

    def __init__(self):
        self.waited = []

    def wait_stream(self, other):
        self.waited.append(other)


class FakeGpu:
    """`recorded` are all recordings so far; `modules` record beside the engine.

    `state` is that of torch's global generator, `current` the stream that work is on.
    """

    def __init__(self, monkeypatch, *modules, size=100, takes=1):
        self.recorded, self.size, self.takes = [], size, takes
        self.state, self.current = torch.zeros(1), Stream()
        cuda = {
            "Stream": Stream,
            "current_stream": lambda: self.current,
            "stream": self.on,
            "synchronize": lambda: None,
            "set_sync_debug_mode": lambda mode: None,
            "get_rng_state": lambda: self.state.clone(),
            "set_rng_state": lambda state: self.state.copy_(state),
            "reset_peak_memory_stats": lambda: None,
            "memory_reserved": lambda: 0,  # all of it is what steps take for a while
            "max_memory_reserved": lambda: self.takes,
            "empty_cache": lambda: None,
            "mem_get_info": lambda: (self.size - self.takes, self.size),
        }
        for name, fake in cuda.items():
            monkeypatch.setattr(torch.cuda, name, fake)
        for module in (lane, together, *modules):
            monkeypatch.setattr(module, "record", self.record)
        for made in (recording.streams, recording.recorder):
            monkeypatch.setattr(recording, made.__name__, cache(made.__wrapped__))
        monkeypatch.setattr(together, "streams", recording.streams)

    @contextmanager
    def on(self, stream):
        """Work on another stream."""
        self.current, before = stream, self.current
        try:
            yield
        finally:
            self.current = before

    def record(self, work, generators=()):
        """Note it."""
        self.recorded.append(Recording(work, generators))
        return self.recorded[-1]
