"""One seed after the other, every step launched by the host: on a CPU the engine as jobs run it."""

from activarium.train.step import Training


class OneByOne:
    """`Training` itself; with `compiled` (arguments of torch.compile) its network is compiled."""

    def __init__(self, setting, seeds, compiled=None):
        self.trainings = [setting.training(Training, seed) for seed in seeds]
        if compiled is not None:
            for training in self.trainings:
                training.network.compile(dynamic=False, **compiled)

    def epoch(self, number):
        for training in self.trainings:
            training.train_epoch(number)

    def states(self):
        return [training.network.state_dict() for training in self.trainings]
