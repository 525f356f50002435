"""The engine as jobs run it: on a GPU the seeds of a pack at once, on a CPU one after the other."""

import io
from itertools import count

from activarium.train.lane import Lane
from activarium.train.progress import Progress
from activarium.train.together import Together

from .one_by_one import OneByOne


def pack(setting, seeds):
    """The pack of these seeds, ready to train."""
    return AtOnce(setting, seeds) if setting.device == "cuda" else OneByOne(setting, seeds)


class AtOnce:
    """`together.Together` with runs that never end."""

    def __init__(self, setting, seeds):
        self.lanes = {}

        def endless(seed):
            self.lanes[seed] = setting.training(Lane, seed)
            for number in count():
                yield self.lanes[seed], number

        def crash(seed, error):
            raise error

        progress = Progress("engine", io.StringIO(), epochs=1)
        self.engine = Together(endless, None, crash, progress)
        for seed in seeds:
            self.engine.start(seed)
        if len(self.engine.asked) < len(seeds):
            raise RuntimeError("these seeds cannot train at once here")
        self.seeds = seeds

    def epoch(self, number):
        """Train one epoch of each, which evaluates the few test images of a setting as well.

        What each gives, by seed: `Together.epoch`.
        """
        for seed, lane in self.lanes.items():
            self.engine.asked[seed] = lane, number
        return self.engine.epoch()

    def states(self):
        return [self.lanes[seed].network.state_dict() for seed in self.seeds]
