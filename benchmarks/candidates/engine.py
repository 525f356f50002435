"""The engine as jobs run it: on a GPU the seeds of a pack at once, on a CPU one after the other."""

import io
from types import SimpleNamespace

from activarium.train.concurrent_trainer import ConcurrentTrainer
from activarium.train.progress import Progress
from activarium.train.step import GraphedTraining

from .one_by_one import OneByOne


def pack(setting, seeds):
    """The pack of these seeds, ready to train."""
    return ConcurrentPack(setting, seeds) if setting.device == "cuda" else OneByOne(setting, seeds)


class ConcurrentPack:
    """`concurrent_trainer.ConcurrentTrainer` with runs that never end."""

    def __init__(self, setting, seeds):
        def make_run(seed):
            return SimpleNamespace(training=setting.training(GraphedTraining, seed), epoch=0)

        def crash(seed, error):
            raise error

        progress = Progress("engine", io.StringIO(), epochs=1)
        self.trainer = ConcurrentTrainer(make_run, None, crash, progress)
        for seed in seeds:
            self.trainer.start(seed)
        if len(self.trainer.runs) < len(seeds):
            raise RuntimeError("these seeds cannot train at once here")
        self.seeds = seeds

    def epoch(self, number):
        """Train one epoch of each, which evaluates the few test images of a setting as well.

        What each gives, by seed: `ConcurrentTrainer.train_epoch`.
        """
        for run in self.trainer.runs.values():
            run.epoch = number
        return self.trainer.train_epoch()

    def states(self):
        return [self.trainer.runs[seed].training.network.state_dict() for seed in self.seeds]
