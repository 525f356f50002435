"""A run whose steps need nothing of the host, so that a GPU can repeat a recorded one.

It computes what `step.Training` computes, by the same functions; only that the learning rate is a
number on the device, in float32. What a run gives is the same whether its steps are recorded.
"""

from .feed import Feed
from .recording import record, settle
from .step import Training


class Lane(Training):
    """One run of several on a device. `stream` is the one that it is recorded on."""

    def __init__(self, network, data, recipe, seed, device):
        super().__init__(network, data, recipe, seed, device)
        self.feed = Feed(data, recipe, [seed], device, self.rate)
        self.stream, self.recorded, self.found = None, None, {}
        self._rate_from_feed()

    def restore(self, state):
        super().restore(state)
        self._rate_from_feed()

    def begin(self, epoch):
        """Draw the batches of an epoch; `advance` is to follow for each of them."""
        self.feed.begin(epoch)
        self.network.train()

    def advance(self):
        """One step on the batch where the feed stands; this is what is recorded."""
        x, y = self.feed.next()
        self.feed.total.add_(self._step(self.normalised(x), y))

    def trained(self):
        """What `Training.epoch` returns, once all steps were taken; waits for the device."""
        loss, correct = (self.feed.total / (self.feed.steps * self.feed.size)).tolist()
        return {"learning_rate": self.feed.last, "train_loss": loss, "train_accuracy": correct}

    def epoch(self, epoch):
        """As `Training.epoch`, every step launched by the host."""
        self.begin(epoch)
        for _ in range(self.feed.steps):
            self.advance()
        return self.trained()

    def evaluations(self):
        """{split: what `evaluated` gives}; where that is recorded, the next call overwrites it."""
        if self.recorded:
            self.recorded.replay()
        else:
            self._evaluate()
        return self.found

    def record_evaluations(self):
        """From now on `evaluations` replays what has been launched once before."""
        settle()
        self.recorded = record([(self._evaluate, self.stream)], self.generators())

    def _evaluate(self):
        self.found = {split: self.evaluated(split) for split in self.splits}

    def tensors(self):
        """All that steps change besides the optimiser's state and the feed."""
        return [*self.network.parameters(), *self.network.buffers()]

    def generators(self):
        """That which activations draw their noise from."""
        return {self.noise}

    def _rate_from_feed(self):
        for group in self.optimiser.param_groups:
            group["lr"], group["capturable"] = self.feed.rate, True
