"""What a run computes: start, steps and evaluation, from named generators alone.

Everything in this file defines results. Progress, timing and files are elsewhere.
"""

import math
from contextlib import nullcontext
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from .augmentation import augment, draw
from .randomness import generator

EVALUATION_BATCH = 256  # fixed, because the sum over a batch depends on its size in the last bit


def prepare_torch(precision):
    """One thread, fixed algorithms and no reduced precision but the recipe's `precision`."""
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    allow_tf32(precision == "tf32")


def allow_tf32(allowed):
    """Whether float32 may be multiplied in tf32 on a GPU; on a CPU it never may in less.

    The old flags of torch leave an operator whose tf32 they forbid to what the process says of all
    (`torch.backends.fp32_precision`), so that each is told by itself.
    """
    of = torch.backends
    of.cudnn.allow_tf32 = of.cuda.matmul.allow_tf32 = allowed  # for what still reads these
    for operators in (of.cudnn.conv, of.cudnn.rnn, of.cuda.matmul):
        operators.fp32_precision = "tf32" if allowed else "ieee"
    for operators in (of.mkldnn.conv, of.mkldnn.rnn, of.mkldnn.matmul):
        operators.fp32_precision = "ieee"


def take_pixels_first(network):
    """Take the stride out of 1×1 convolutions, which then see every so many pixels, on a CPU.

    There torch 2.14 writes beyond its memory in the gradient of one with a stride (docs/torch.md).
    """
    for layer in network.modules():
        strided = type(layer) is nn.Conv2d and layer.kernel_size == (1, 1) != layer.stride
        if strided and layer.padding in ((0, 0), "valid"):
            every, layer.stride = layer.stride, (1, 1)
            layer.register_forward_pre_hook(partial(_every, *every))


def _every(rows, columns, layer, given):
    """Every so many rows and columns of the images that a layer is given."""
    return given[0][..., ::rows, ::columns]


def initialise(network, seed):
    """Draw every weight anew, in the order of the layers, the same for every activation.

    Weights are normal with variance sigma_w²/fan-in and biases with variance sigma_b²; a network
    may carry its own `sigma_w` and `sigma_b`, else sigma_w² = 2 (He et al. 2015, arXiv
    1502.01852) and sigma_b = 0. Parameters of activations and norms keep their own start.
    """
    g = generator("weights", seed)
    sigma_w, sigma_b = sigmas(network)
    with torch.no_grad():
        for layer in layers(network):
            fan_in = layer.weight[0].numel()
            layer.weight.normal_(0, sigma_w / math.sqrt(fan_in), generator=g)
            if layer.bias is not None:
                layer.bias.normal_(0, 1, generator=g).mul_(sigma_b)


def sigmas(network):
    """(sigma_w, sigma_b) of a network: what it carries, else those of He et al."""
    return getattr(network, "sigma_w", math.sqrt(2)), getattr(network, "sigma_b", 0.0)


def layers(network):
    """The layers that have weights, in order."""
    return [layer for layer in network.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]


def optimiser(network, recipe):
    """The recipe's optimiser; weight decay only on weights, not on norms, biases and slopes."""
    weights = [layer.weight for layer in layers(network)]
    decayed = set(map(id, weights))
    others = [p for p in network.parameters() if id(p) not in decayed]
    groups = [
        {"params": weights, "weight_decay": recipe["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    rate = recipe["learning_rate"]
    if recipe["optimizer"] == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True, fused=True)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe["optimizer"]]
    return kind(groups, lr=rate, fused=True)


SCHEDULES = {  # the share of the learning rate at progress t in [0, 1)
    "constant": lambda t: 1.0,
    "cosine": lambda t: 0.5 * (1 + math.cos(math.pi * t)),
    "linear": lambda t: 1 - t,
}


class Training:
    """One run: a network in training on data that sits on the device.

    `data` maps "train", "validation" and "test" to (images uint8 [n, channels, size, size],
    labels int64 [n]) or None, and "mean" and "sd" to the training images' per channel.
    """

    def __init__(self, network, data, recipe, seed, device):
        initialise(network, seed)
        if device.type == "cpu":
            take_pixels_first(network)
        self.network = network.to(device, memory_format=torch.channels_last)
        self.data, self.recipe, self.seed, self.device = data, recipe, seed, device
        self.optimiser = optimiser(self.network, recipe)
        self.noise = generator("activation", seed, device=device)
        for layer in self.network.modules():
            if hasattr(layer, "generator"):
                layer.generator = self.noise
        sd = torch.as_tensor(data["sd"], device=device)
        self.scale = (1 / (255 * sd))[:, None, None]
        self.shift = (-torch.as_tensor(data["mean"], device=device) / sd)[:, None, None]

    @property
    def splits(self):
        """The sets of images that it is evaluated on."""
        return [split for split in ("validation", "test") if self.data[split] is not None]

    def state(self):
        """All that the next epoch depends on, as `torch.load` reads it with weights_only."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "noise": self.noise.get_state(),
            "anything else": torch.get_rng_state(),
        }
        if self.device.type == "cuda":
            state["anything else on the GPU"] = torch.cuda.get_rng_state(self.device)
        return state

    def restore(self, state):
        """Go back to where `state` was taken: the epochs after it are the same, bit by bit."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.noise.set_state(state["noise"])
        torch.set_rng_state(state["anything else"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["anything else on the GPU"], self.device)

    def normalised(self, images):
        """uint8 images as float32 with the training set's mean 0 and variance 1 per channel."""
        images = images.to(torch.float32, memory_format=torch.channels_last)
        return images.mul_(self.scale).add_(self.shift)

    def precision(self):
        """The context that computes in the recipe's precision, the same on every device."""
        if self.recipe["precision"] == "bfloat16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    def epoch(self, epoch):
        """Train one epoch; returns {learning_rate, train_loss, train_accuracy} over its batches.

        The learning rate is that of the last step, the loss the one that is minimised (smoothed
        labels, augmented images), both averages those of the steps as they were taken.
        Batches are drawn without replacement and an incomplete last batch is left out, so that
        every step has one shape; the next epoch's permutation brings its images back.
        """
        images, labels = self.data["train"]
        size = min(self.recipe["batch_size"], len(labels))
        steps = len(labels) // size
        order = torch.randperm(len(labels), generator=generator("batches", self.seed, epoch))
        kind = self.recipe["augmentation"]
        drawn = draw(kind, len(labels), images.shape[-1], self.seed, epoch)
        order, drawn = order.to(self.device), {k: v.to(self.device) for k, v in drawn.items()}
        total = torch.zeros(2, dtype=torch.float64, device=self.device)
        self.network.train()
        for step, batch in enumerate(order[: steps * size].split(size)):
            rate = self._set_rate((epoch + step / steps) / self.recipe["epochs"])
            x = augment(images[batch], {k: v[batch] for k, v in drawn.items()})
            total += self._step(self.normalised(x), labels[batch])
        loss, correct = (total / (steps * size)).tolist()
        return {"learning_rate": rate, "train_loss": loss, "train_accuracy": correct}

    def rate(self, progress):
        """The learning rate at `progress` in [0, 1) of the whole training."""
        return self.recipe["learning_rate"] * SCHEDULES[self.recipe["schedule"]](progress)

    def _set_rate(self, progress):
        rate = self.rate(progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _step(self, x, y):
        """One optimiser step on a batch; returns [sum of losses, number correct], on the device."""
        with self.precision():
            logits = self.network(x).float()
        loss = F.cross_entropy(logits, y, label_smoothing=self.recipe["label_smoothing"])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        with torch.no_grad():
            return torch.stack([loss.double() * len(y), (logits.argmax(1) == y).sum().double()])

    def evaluate(self, split):
        """(mean loss, correct bool [n] on the CPU) of "test" or "validation"; no augmentation."""
        loss, correct = self.evaluated(split)
        return loss.item(), correct.cpu()

    @torch.no_grad()
    def evaluated(self, split):
        """As `evaluate`, with both still on the device."""
        images, labels = self.data[split]
        self.network.eval()
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        correct = []
        for x, y in zip(
            images.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True
        ):
            with self.precision():
                logits = self.network(self.normalised(x)).float()
            total += F.cross_entropy(logits, y, reduction="sum").double()
            correct.append(logits.argmax(1) == y)
        return total / len(labels), torch.cat(correct)
