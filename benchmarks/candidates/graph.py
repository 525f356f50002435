"""K runs as K parallel branches of one CUDA graph of a step or of several, or a graph for each."""

import math

import torch

from activarium.train.graphs import branch_streams, capture, warm_up
from activarium.train.step import GraphedTraining


class Units:
    """A pack of units (trainings, or stacked runs) stepped by the host, one after the other."""

    def __init__(self, units, steps):
        self.units, self.steps = units, steps

    def epoch(self, number):
        for unit in self.units:
            unit.loader.begin_epoch(number)
        self._train()
        return [unit.loader.total.tolist() for unit in self.units]  # waits for the device

    def _train(self):
        for _ in range(self.steps):
            for unit in self.units:
                unit.train_batch()


class Captured(Units):
    """A pack whose steps are replayed: one graph with a branch a unit, or a graph each."""

    def __init__(self, units, steps, per_graph=1, one_graph=True):
        super().__init__(units, steps)
        self.per_graph = math.gcd(steps, per_graph)
        self.streams = branch_streams()[: len(units)]
        for unit, stream in zip(units, self.streams, strict=True):
            warm_up(unit, stream)
        groups = [units] if one_graph else [[unit] for unit in units]
        streams = [self.streams] if one_graph else [[stream] for stream in self.streams]
        self.graphs = [self._capture(*g) for g in zip(groups, streams, strict=True)]

    def _capture(self, units, on):
        def steps(unit):
            return lambda: [unit.train_batch() for _ in range(self.per_graph)]

        work = [(steps(unit), stream) for unit, stream in zip(units, on, strict=True)]
        return capture(work, set().union(*(unit.generators() for unit in units)))

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
    """The units captured where there is a GPU, else stepped by the host."""
    captured = setting.device == "cuda"
    return Captured(units, setting.steps, **how) if captured else Units(units, setting.steps)


class Graph:
    """The candidate: K trainings, their networks compiled or not."""

    def __init__(self, setting, seeds, compiled=False, **how):
        self.trainings = [setting.training(GraphedTraining, seed) for seed in seeds]
        for training in self.trainings:
            training.network.train()
            if compiled:
                training.network.compile(dynamic=False)
        self.epoch = pack(self.trainings, setting, **how).epoch

    def states(self):
        return [training.network.state_dict() for training in self.trainings]
