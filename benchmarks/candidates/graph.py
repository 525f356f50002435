"""K runs as K parallel branches of one CUDA graph of a step: each runs the kernels it runs alone.

A branch is a stream of its own while the graph is recorded, so that its allocations, which the
caching allocator keeps apart by stream, its cuBLAS workspace and its kernels are nobody else's.
Before that every branch takes a few steps on its stream, because a first step allocates, loads
kernels and starts the optimiser's state, none of which may happen while recording; what they
changed is put back. A graph holds the addresses of all it touched: nothing is replaced, only
overwritten.
"""

import gc
import math
from functools import cache

import torch

from activarium.train.step import Training

from .feed import Feed

WARM = 3  # steps before recording


class Lane(Training):
    """A run whose steps need nothing of the host."""

    def __init__(self, network, data, recipe, seed, device):
        super().__init__(network, data, recipe, seed, device)
        self.network.train()
        self.feed = Feed(data, recipe, [seed], device)
        for group in self.optimiser.param_groups:
            group["lr"], group["capturable"] = self.feed.rate, True

    def advance(self):
        """One step of `Training` on the batch where the feed stands."""
        x, y = self.feed.next()
        self.feed.total.add_(self._step(self.normalised(x), y))

    def tensors(self):
        """All that steps change besides the optimiser's state and the feed."""
        return list(self.network.state_dict().values())

    def generators(self):
        """That which activations draw their noise from."""
        return {self.noise}


class Units:
    """A pack of units (lanes, or stacked runs) stepped by the host, one after the other."""

    def __init__(self, units, steps):
        self.units, self.steps = units, steps

    def epoch(self, number):
        for unit in self.units:
            unit.feed.begin(number)
        self._train()
        return [unit.feed.total.tolist() for unit in self.units]  # waits for the device

    def _train(self):
        for _ in range(self.steps):
            for unit in self.units:
                unit.advance()


class Recorded(Units):
    """A pack whose steps are replayed: one graph with a branch a unit, or a graph each."""

    def __init__(self, units, steps, per_graph=1, together=True):
        super().__init__(units, steps)
        self.per_graph = math.gcd(steps, per_graph)
        self.streams = streams()[: len(units)]
        kept = [_kept(unit) for unit in units]
        warm_up(units, self.streams, min(WARM, steps))
        groups = [units] if together else [[unit] for unit in units]
        lanes = [self.streams] if together else [[stream] for stream in self.streams]
        self.graphs = [record(*g, self.per_graph) for g in zip(groups, lanes, strict=True)]
        for unit, (tensors, states) in zip(units, kept, strict=True):
            _put_back(unit, tensors, states)

    def _train(self):
        """Replay them all, on the current stream if there is one graph, else each on its own."""
        current = torch.cuda.current_stream()
        on = [current] if len(self.graphs) == 1 else self.streams
        for stream in on:
            stream.wait_stream(current)
        for _ in range(self.steps // self.per_graph):
            for graph, stream in zip(self.graphs, on, strict=True):
                with torch.cuda.stream(stream):
                    graph.replay()
        for stream in on:
            current.wait_stream(stream)


def pack(units, setting, **how):
    """The units recorded where there is a GPU, else stepped by the host."""
    recorded = setting.device == "cuda"
    return Recorded(units, setting.steps, **how) if recorded else Units(units, setting.steps)


class Graph:
    """The candidate: K lanes, their networks compiled or not."""

    def __init__(self, setting, seeds, compiled=False, **how):
        self.lanes = [setting.training(Lane, seed) for seed in seeds]
        for lane in self.lanes if compiled else ():
            lane.network.compile(dynamic=False)
        self.epoch = pack(self.lanes, setting, **how).epoch

    def states(self):
        return [lane.network.state_dict() for lane in self.lanes]


@cache
def streams(n=16):
    """The streams of branches, made once: torch has 32, and hands them out in turn."""
    return [torch.cuda.Stream() for _ in range(n)]


@cache
def recorder():
    """The stream that a recording begins and ends on; none of the branches'."""
    streams()
    return torch.cuda.Stream()


def warm_up(units, on, steps):
    """Some steps of every unit on the stream that it is recorded on."""
    current = torch.cuda.current_stream()
    for unit, stream in zip(units, on, strict=True):
        unit.feed.begin(0)
        stream.wait_stream(current)
        with torch.cuda.stream(stream):
            for _ in range(steps):
                unit.advance()
            unit.optimiser.zero_grad(set_to_none=True)  # recorded ones live in the graph
    torch.cuda.synchronize()
    gc.collect()  # no old graph or tensor is to be freed while recording


def record(units, on, steps):
    """A graph of `steps` steps of every unit, a branch each; recording computes nothing."""
    graph, main = torch.cuda.CUDAGraph(), recorder()
    for generator in set().union(*(unit.generators() for unit in units)):
        graph.register_generator_state(generator)
    with torch.cuda.graph(graph, stream=main):
        for unit, stream in zip(units, on, strict=True):
            stream.wait_stream(main)
            with torch.cuda.stream(stream):
                for _ in range(steps):
                    unit.advance()
        for stream in on:
            main.wait_stream(stream)
    return graph


def _kept(unit):
    """Copies of what the warm-up changes."""
    tensors = [tensor.detach().clone() for tensor in unit.tensors()]
    return tensors, [(g, g.get_state()) for g in unit.generators()]


@torch.no_grad()
def _put_back(unit, tensors, states):
    """As before the first step, at the same addresses; an optimiser starts from zeros."""
    for tensor, kept in zip(unit.tensors(), tensors, strict=True):
        tensor.copy_(kept)
    for state in unit.optimiser.state.values():
        for tensor in state.values():
            tensor.zero_()
    for generator, state in states:
        generator.set_state(state)
