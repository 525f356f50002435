"""What a run computes: its steps and its evaluation, from named generators alone.

A batch comes here from `batches` and leaves as one step of the optimiser. Everything in this file
defines results. Progress, timing and files are elsewhere.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from torch.nn import functional as F

from .batches import DeviceLoader, count_steps, epoch_batches
from .initialisation import decayed_weights, initialise, take_pixels_first
from .moving_average import ExponentialMovingAverage
from .randomness import generator
from .schedules import learning_rate

EVALUATION_BATCH = 256  # fixed, because the sum over a batch depends on its size in the last bit


def make_optimiser(network: nn.Module, recipe: dict) -> torch.optim.Optimizer:
    """The recipe's optimiser, with weight decay on weights of convolutions and linear layers alone.

    Those of attention are among them. Norms, biases, class tokens, positions, layer scales and all
    that an activation learns have none. A weight that several layers share is stepped once.
    """
    weights = decayed_weights(network)
    decayed = set(map(id, weights))
    others = [p for p in network.parameters() if id(p) not in decayed]
    groups = [
        {"params": weights, "weight_decay": recipe["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    rate = recipe["learning_rate"]
    if recipe["optimizer"] == "sgd":
        momentum = recipe.get("momentum", 0.9)
        nesterov = momentum > 0  # torch has none without momentum
        return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=nesterov, fused=True)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe["optimizer"]]
    return kind(groups, lr=rate, betas=tuple(recipe.get("betas", (0.9, 0.999))), fused=True)


class Training:
    """One run: a network in training on data that sits on the device.

    `data` maps "train", "validation" and "test" to (images, labels) or None: uint8 [n, channels,
    size, size] and int64 [n]. "mean" and "sd" are those of the training images, per channel.
    """

    def __init__(
        self, network: nn.Module, data: dict, recipe: dict, seed: int, device: torch.device
    ):
        initialise(network, seed)
        if device.type == "cpu":
            take_pixels_first(network)
        # torch's types lack this form.
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.data, self.recipe, self.seed, self.device = data, recipe, seed, device
        self.optimiser = make_optimiser(self.network, recipe)
        self.average = None
        if "ema" in recipe:
            self.average = ExponentialMovingAverage(self.network, recipe["ema"])
        self.noise = generator("activation", seed, device=device)
        for layer in (*self.network.modules(), *self.scored_network.modules()):
            if hasattr(layer, "generator"):
                layer.generator = self.noise
        sd = torch.as_tensor(data["sd"], device=device)
        self.scale = (1 / (255 * sd))[:, None, None]
        self.shift = (-torch.as_tensor(data["mean"], device=device) / sd)[:, None, None]

    @property
    def scored_network(self) -> nn.Module:
        """The network that is evaluated: where the recipe has `ema`, the average of its weights."""
        return self.average.model if self.average else self.network

    @property
    def splits(self) -> list[str]:
        """The sets of images that it is evaluated on."""
        return [split for split in ("validation", "test") if self.data[split] is not None]

    def train_epoch(self, epoch: int) -> dict:
        """Train one epoch; returns {learning_rate, train_loss, train_accuracy} over its batches.

        The learning rate is that of the last step. The loss is the one that is minimised, of
        smoothed labels and augmented images. Loss and accuracy are means over the steps as they
        were taken, while the weights changed.
        """
        size, steps = count_steps(self.data, self.recipe)
        batches = epoch_batches(self.data, self.recipe, self.seed, epoch, self.device)
        total = torch.zeros(2, dtype=torch.float64, device=self.device)
        self.network.train()
        for step, (images, labels) in enumerate(batches):
            rate = self._set_rate((epoch + step / steps) / self.recipe["epochs"])
            total += self._step(self.normalise(images), labels)
        loss, correct = (total / (steps * size)).tolist()
        return {"learning_rate": rate, "train_loss": loss, "train_accuracy": correct}

    def normalise(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 images as float32 with the training set's mean 0 and variance 1 per channel."""
        images = images.to(torch.float32, memory_format=torch.channels_last)
        return images.mul_(self.scale).add_(self.shift)

    def _step(self, x, y):
        """One optimiser step on a batch; returns [sum of losses, number correct], on the device."""
        with self.autocast():
            logits = self.network(x).float()
        loss = F.cross_entropy(logits, y, label_smoothing=self.recipe["label_smoothing"])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if "clip" in self.recipe:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe["clip"])
        self.optimiser.step()
        if self.average:
            self.average.update()
        with torch.no_grad():
            return torch.stack([loss.double() * len(y), (logits.argmax(1) == y).sum().double()])

    def autocast(self) -> AbstractContextManager:
        """The context that computes in the recipe's precision, the same on every device."""
        if self.recipe["precision"] == "bfloat16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    def learning_rate(self, progress: float) -> float:
        """The learning rate at `progress` in [0, 1) of the whole training."""
        steps = self.recipe["epochs"] * count_steps(self.data, self.recipe)[1]
        return learning_rate(self.recipe, progress, steps)

    def _set_rate(self, progress):
        rate = self.learning_rate(progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def evaluate(self, split: str) -> tuple[float, torch.Tensor]:
        """(mean loss, correct bool [n] on the CPU) of "test" or "validation"; no augmentation."""
        loss, correct = self.evaluate_on_device(split)
        return loss.item(), correct.cpu()

    @torch.no_grad()
    def evaluate_on_device(self, split: str) -> tuple[torch.Tensor, torch.Tensor]:
        """As `evaluate`, with both still on the device."""
        images, labels = self.data[split]
        network = self.scored_network.eval()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        correct = []
        for x, y in zip(
            images.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True
        ):
            with self.autocast():
                logits = network(self.normalise(x)).float()
            total += F.cross_entropy(logits, y, reduction="sum").double()
            correct.append(logits.argmax(1) == y)
        return total / len(labels), torch.cat(correct)

    def state_dict(self) -> dict:
        """All that the next epoch depends on, as `torch.load` reads it with weights_only."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "noise": self.noise.get_state(),
            "anything else": torch.get_rng_state(),
        }
        if self.average:
            state["average"] = self.average.state_dict()
        if self.device.type == "cuda":
            state["anything else on the GPU"] = torch.cuda.get_rng_state(self.device)
        return state

    def load_state_dict(self, state: dict) -> None:
        """Go back to where `state` was taken: the epochs after it are the same, bit by bit."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.noise.set_state(state["noise"])
        torch.set_rng_state(state["anything else"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["anything else on the GPU"], self.device)


class GraphedTraining(Training):
    """A run whose steps need nothing of the host, so that a GPU can replay a captured one.

    It computes what `Training` computes, by the same functions; only that the learning rate is a
    number on the device, in float32. What a run gives is the same whether its steps are captured.
    `stream` is the one that it is captured on, `evaluation_graph` its captured evaluation, if any.
    """

    def __init__(
        self, network: nn.Module, data: dict, recipe: dict, seed: int, device: torch.device
    ):
        super().__init__(network, data, recipe, seed, device)
        self.loader = DeviceLoader(data, recipe, [seed], device, self.learning_rate)
        self.stream: torch.cuda.Stream | None = None
        self.evaluation_graph: torch.cuda.CUDAGraph | None = None
        self.evaluations: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        self._take_rate_from_loader()

    def load_state_dict(self, state: dict) -> None:
        super().load_state_dict(state)
        self._take_rate_from_loader()

    def _take_rate_from_loader(self):
        for group in self.optimiser.param_groups:
            group["lr"], group["capturable"] = self.loader.rate, True

    def begin_epoch(self, epoch: int) -> None:
        """Draw the batches of an epoch; `train_batch` is to follow for each of them."""
        self.loader.begin_epoch(epoch)
        self.network.train()

    def train_batch(self) -> None:
        """One step on the loader's next batch; this is what is captured."""
        images, labels = self.loader.next_batch()
        self.loader.total.add_(self._step(self.normalise(images), labels))

    def epoch_metrics(self) -> dict:
        """What `Training.train_epoch` returns, once all steps were taken; waits for the device."""
        loader = self.loader
        loss, correct = (loader.total / (loader.steps * loader.size)).tolist()
        return {"learning_rate": loader.last_rate, "train_loss": loss, "train_accuracy": correct}

    def train_epoch(self, epoch: int) -> dict:
        """As `Training.train_epoch`, every step launched by the host."""
        self.begin_epoch(epoch)
        for _ in range(self.loader.steps):
            self.train_batch()
        return self.epoch_metrics()

    def evaluate_splits(self) -> None:
        """Put into `evaluations` what `evaluate_on_device` gives of each split."""
        self.evaluations = {split: self.evaluate_on_device(split) for split in self.splits}

    def tensors(self) -> list[torch.Tensor]:
        """All that steps change besides the optimiser's state and the loader."""
        averages = self.average.tensors() if self.average else []
        return [*self.network.parameters(), *self.network.buffers(), *averages]

    def generators(self) -> set[torch.Generator]:
        """That which activations draw their noise from."""
        return {self.noise}
