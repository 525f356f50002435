"""A GPU to capture on, where there is none: what is captured is noted, and done when replayed.

All else of `torch.cuda` that training at once speaks to is here as well, on the CPU, with a memory
of `size` bytes of which the first run takes `takes`.
"""

import gc
from contextlib import contextmanager
from functools import cache

import torch

from activarium.train import concurrent_trainer, graphed_evaluation, graphs


class FakeGraph:
    """What `graphs.capture` returns; `replays` is how often it was asked for."""

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
    """`captured` are all graphs so far; `modules` capture beside the trainer.

    `state` is that of torch's global generator, `current` the stream that work is on.
    """

    def __init__(self, monkeypatch, *modules, size=100, takes=1):
        self.captured, self.size, self.takes = [], size, takes
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
        for module in (concurrent_trainer, graphed_evaluation, *modules):
            monkeypatch.setattr(module, "capture", self.capture)
        for made in (graphs.branch_streams, graphs.capture_stream):
            monkeypatch.setattr(graphs, made.__name__, cache(made.__wrapped__))
        monkeypatch.setattr(concurrent_trainer, "branch_streams", graphs.branch_streams)
        monkeypatch.setattr(gc, "unfreeze", lambda: None)  # what pytest loaded stays out of the way

    @contextmanager
    def on(self, stream):
        """Work on another stream."""
        self.current, before = stream, self.current
        try:
            yield
        finally:
            self.current = before

    def capture(self, work, generators=()):
        """Note it."""
        self.captured.append(FakeGraph(work, generators))
        return self.captured[-1]
