"""The images of a run on the device, and the batches that training draws from them.

A prepared file is read here, and a batch leaves this file as the step takes it: uint8 images,
augmented, with their labels. `epoch_batches` is what a CPU trains on, `DeviceLoader` what a GPU
does; both draw the same batches.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from ..data import prepare
from ..data.stratified_sample import stratified_sample
from ..datasets import Images
from ..runtime.errors import UserError
from .augmentation import augment, draw
from .randomness import generator


def load_splits(
    path: Path | str,
    description: dict,
    train_size: int | None,
    validation: float,
    device: torch.device,
) -> dict:
    """What `split_images` gives of a prepared file, and the number of "classes".

    Raises DatasetError where the file is not what `description` says of it.
    """
    images = prepare.verify(path, description)
    splits = split_images(images, description, train_size, validation, device)
    return splits | {"classes": description["classes"]}


def split_images(
    images: Images,
    description: dict,
    train_size: int | None,
    validation: float,
    device: torch.device,
) -> dict:
    """The prepared `images` split for training, in the form that `step.Training` takes.

    `train_size` (None for all) images are drawn from the training set, stratified and the same
    for every run; the fraction `validation` of them is held out, again stratified. Images stay
    uint8, in memory once, as [n, channels, size, size] in channels-last order. Raises UserError for
    a `train_size` that the data set does not have, and where a class has no image to train on.
    """
    random = np.random.Generator(np.random.PCG64(0))
    x, y = images.train_images, images.train_labels
    if train_size is not None:
        if train_size > len(y):
            name, n = description["name"], len(y)
            raise UserError(f"config: train_size: {train_size} is more than the {n} of {name}")
        rows = stratified_sample(y, train_size, random)
        x, y = x[rows], y[rows]
        _check_classes(images, y, f"train_size: {train_size}", "more", description)
    data = {"mean": description["mean"], "sd": description["sd"], "validation": None}
    if validation:
        held = stratified_sample(y, max(1, round(validation * len(y))), random)
        data["validation"] = _to_tensors(x[held], y[held], device)
        rows = np.setdiff1d(np.arange(len(y)), held)
        x, y = x[rows], y[rows]
        _check_classes(images, y, f"validation: {validation}", "less", description)
    data["train"] = _to_tensors(x, y, device)
    data["test"] = _to_tensors(images.test_images, images.test_labels, device)
    return data


def _check_classes(images, labels, setting, advice, description):
    """Raise a UserError where no image is left of a class that the test images have."""
    absent = np.setdiff1d(images.train_labels, labels)
    if len(absent):
        where = f"config: {setting} leaves no image of class {absent[0]} of {description['name']}"
        has = int((images.train_labels == absent[0]).sum())
        raise UserError(f"{where} to train on, which has {has} in all; write {advice}")


def _to_tensors(x, y, device):
    x = torch.from_numpy(np.array(x)).to(device).permute(0, 3, 1, 2)
    return x, torch.from_numpy(np.array(y, np.int64)).to(device)


def count_steps(data: dict, recipe: dict) -> tuple[int, int]:
    """(images of a batch, batches of an epoch).

    An incomplete last batch is left out, so that every step has one shape; the next epoch's
    permutation brings its images back.
    """
    n = len(data["train"][1])
    size = min(recipe["batch_size"], n)
    return size, n // size


def epoch_batches(
    data: dict, recipe: dict, seed: int, epoch: int, device: torch.device
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """The batches of an epoch: (uint8 images [n, channels, size, size], labels [n]) on the device.

    They are drawn without replacement and augmented.
    """
    images, labels = data["train"]
    size, steps = count_steps(data, recipe)
    order = torch.randperm(len(labels), generator=generator("batches", seed, epoch))
    drawn = draw(recipe["augmentation"], len(labels), min(images.shape[-2:]), seed, epoch)
    order, drawn = order.to(device), {k: v.to(device) for k, v in drawn.items()}
    for batch in order[: steps * size].split(size):
        yield augment(images[batch], {k: v[batch] for k, v in drawn.items()}), labels[batch]


class DeviceLoader:
    """The batches of `seeds`, which are those that `epoch_batches` gives each of them.

    An epoch's draws wait on the device, and a counter there says which batch is next. So a step
    needs nothing of the host, neither an index nor a learning rate, and can be captured.
    `rate_at` is `Training.learning_rate`; `last_rate` is that of the epoch's last step.
    """

    def __init__(
        self,
        data: dict,
        recipe: dict,
        seeds: Sequence[int],
        device: torch.device,
        rate_at: Callable[[float], float],
    ):
        self.images, self.labels = data["train"]
        self.recipe, self.seeds, self.rate_at = recipe, seeds, rate_at
        self.size, self.steps = count_steps(data, recipe)
        self.step = torch.zeros(1, dtype=torch.int64, device=device)
        self.rate = torch.zeros((), device=device)  # of the step being taken
        # What the steps of an epoch add up: [losses, correct].
        self.total = torch.zeros(2, dtype=torch.float64, device=device)
        # The row where each seed's draws begin.
        self.first = len(self.labels) * torch.arange(len(seeds), device=device)[:, None]
        self.drawn = {name: draws.to(device) for name, draws in self._draw(0).items()}

    def begin_epoch(self, epoch: int) -> None:
        """Draw an epoch into the places that the steps read."""
        for name, draws in self._draw(epoch).items():
            self.drawn[name].copy_(draws)
        self.step.zero_()
        self.total.zero_()

    def next_batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(uint8 images [seeds · size, channels, size, size], labels [seeds · size]) of a step.

        Sets `rate` and moves the counter on; every tensor it makes has the same shape each time.
        """
        rows = self.drawn["order"].index_select(0, self.step)[0]
        self.rate.copy_(self.drawn["rates"].index_select(0, self.step)[0])
        self.step.add_(1)
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
            image = min(self.images.shape[-2:])
            kinds.append(draw(recipe["augmentation"], n, image, seed, epoch))
        progress = [(epoch + s / self.steps) / recipe["epochs"] for s in range(self.steps)]
        rates = list(map(self.rate_at, progress))
        self.last_rate = rates[-1]
        whole = {kind: torch.cat([k[kind] for k in kinds]) for kind in kinds[0]}
        return {"order": torch.stack(orders, 1), "rates": torch.tensor(rates)} | whole
