"""K runs as K parallel branches of one CUDA graph of a step or of several, or a graph for each."""

import math

import torch

from activarium.train.lane import Lane
from activarium.train.recording import record, streams, warm_up


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
        for unit, stream in zip(units, self.streams, strict=True):
            warm_up(unit, stream)
        groups = [units] if together else [[unit] for unit in units]
        lanes = [self.streams] if together else [[stream] for stream in self.streams]
        self.graphs = [self._recorded(*g) for g in zip(groups, lanes, strict=True)]

    def _recorded(self, units, on):
        def steps(unit):
            return lambda: [unit.advance() for _ in range(self.per_graph)]

        work = [(steps(unit), stream) for unit, stream in zip(units, on, strict=True)]
        return record(work, set().union(*(unit.generators() for unit in units)))

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
        for lane in self.lanes:
            lane.network.train()
            if compiled:
                lane.network.compile(dynamic=False)
        self.epoch = pack(self.lanes, setting, **how).epoch

    def states(self):
        return [lane.network.state_dict() for lane in self.lanes]
