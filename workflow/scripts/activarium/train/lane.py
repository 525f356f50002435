"""A run whose steps need nothing of the host, so that a GPU can repeat a recorded one.

It computes what `step.Training` computes, by the same functions; only that the learning rate is a
number on the device, in float32. What a run gives is the same whether its steps are recorded.
"""

from functools import partial

from .feed import Feed
from .recording import record, settle
from .step import Training


class Lane(Training):
    """One run of several on a device; all that it does happens on `stream` where that is set."""

    def __init__(self, network, data, recipe, seed, device):
        super().__init__(network, data, recipe, seed, device)
        self.feed = Feed(data, recipe, [seed], device)
        self.stream, self.evaluations, self.found = None, {}, {}
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

    def trained(self, epoch):
        """What `Training.epoch` returns, once all steps were taken; waits for the device."""
        feed = self.feed
        loss, correct = (feed.total / (feed.steps * feed.size)).tolist()
        rate = self.rate((epoch + (feed.steps - 1) / feed.steps) / self.recipe["epochs"])
        return {"learning_rate": rate, "train_loss": loss, "train_accuracy": correct}

    def epoch(self, epoch):
        """As `Training.epoch`, every step launched by the host."""
        self.begin(epoch)
        for _ in range(self.feed.steps):
            self.advance()
        return self.trained(epoch)

    def evaluated(self, split):
        """As `Training.evaluated`; where it is recorded, the next call overwrites what it gave."""
        if split in self.evaluations:
            self.evaluations[split].replay()
        else:
            self._evaluate(split)
        return self.found[split]

    def record_evaluations(self):
        """From now on `evaluated` replays what it launched once."""
        for split in self.splits:
            self._evaluate(split)  # loads its kernels, which no recording may
            settle()
            work = [(partial(self._evaluate, split), self.stream)]
            self.evaluations[split] = record(work, self.generators())

    def _evaluate(self, split):
        self.found[split] = super().evaluated(split)

    def tensors(self):
        """All that steps change besides the optimiser's state and the feed."""
        return [*self.network.parameters(), *self.network.buffers()]

    def generators(self):
        """That which activations draw their noise from."""
        return {self.noise}

    def _rate_from_feed(self):
        for group in self.optimiser.param_groups:
            group["lr"], group["capturable"] = self.feed.rate, True
