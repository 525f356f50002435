"""Batches that a step reads by itself: an epoch's draws wait on the device, a counter says where.

So a step needs nothing of the host, neither an index nor a learning rate, and can be captured.
"""

import torch

from .augmentation import augment, draw
from .randomness import generator


class Feed:
    """The batches of `seeds`, which are those that `Training.epoch` gives each of them.

    `rate_at` is `Training.rate`; `last` is the learning rate of the epoch's last step.
    """

    def __init__(self, data, recipe, seeds, device, rate_at):
        self.images, self.labels = data["train"]
        self.recipe, self.seeds, self.rate_at = recipe, seeds, rate_at
        n = len(self.labels)
        self.size = min(recipe["batch_size"], n)
        self.steps = n // self.size
        self.at = torch.zeros(1, dtype=torch.int64, device=device)
        self.rate = torch.zeros((), device=device)  # of the step being taken
        self.total = torch.zeros(2, dtype=torch.float64, device=device)  # [losses, correct]
        # The row where each seed's draws begin.
        self.first = n * torch.arange(len(seeds), device=device)[:, None]
        self.drawn = {name: draws.to(device) for name, draws in self._draw(0).items()}

    def begin(self, epoch):
        """Draw an epoch into the places that the steps read."""
        for name, draws in self._draw(epoch).items():
            self.drawn[name].copy_(draws)
        self.at.zero_()
        self.total.zero_()

    def next(self):
        """(uint8 images [seeds · size, channels, size, size], labels [seeds · size]) of a step.

        Sets `rate` and moves the counter on; every tensor it makes has the same shape each time.
        """
        rows = self.drawn["order"].index_select(0, self.at)[0]
        self.rate.copy_(self.drawn["rates"].index_select(0, self.at)[0])
        self.at.add_(1)
        own = (rows + self.first).flatten()
        kinds = {kind: self.drawn[kind][own] for kind in ("flip", "crop") if kind in self.drawn}
        rows = rows.flatten()
        return augment(self.images[rows], kinds), self.labels[rows]

    def _draw(self, epoch):
        """Of all seeds: order [steps, seeds, size], flip and crop [seeds · n, …], rates [steps]."""
        n, recipe = len(self.labels), self.recipe
        orders, kinds = [], []
        for seed in self.seeds:
            order = torch.randperm(n, generator=generator("batches", seed, epoch))
            orders.append(order[: self.steps * self.size].view(self.steps, self.size))
            image = self.images.shape[-1]
            kinds.append(draw(recipe["augmentation"], n, image, seed, epoch))
        progress = [(epoch + s / self.steps) / recipe["epochs"] for s in range(self.steps)]
        rates = list(map(self.rate_at, progress))
        self.last = rates[-1]
        whole = {kind: torch.cat([k[kind] for k in kinds]) for kind in kinds[0]}
        return {"order": torch.stack(orders, 1), "rates": torch.tensor(rates)} | whole
