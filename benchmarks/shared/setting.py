"""What is trained in a benchmark: ResNet-14 by the paper's recipe, on CIFAR-10 or its likeness.

Each of its three stages has `blocks` residual blocks: 2 make ResNet-14, 1 makes ResNet-8. The
learning rate is 2^-10 and not 0.001, because a captured step reads it as float32: like this it is
the same number there, and two ways of training can be compared bit for bit.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

from activarium import activations, datasets, networks
from activarium.datasets import Images
from activarium.train.batches import split_images
from activarium.train.randomness import seed_the_rest

MEAN, SD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


@dataclass(frozen=True)
class Setting:
    """Everything that a rate belongs to; an epoch has `steps` batches."""

    width: int = 16
    precision: str = "float32"
    activation: str = "gelu"
    batch: int = 128
    steps: int = 200
    device: str = "cpu"
    blocks: int = 2

    @property
    def recipe(self):
        """As a study states it."""
        return {
            "optimizer": "adam",
            "learning_rate": 2**-10,
            "schedule": "constant",
            "batch_size": self.batch,
            "epochs": 20,
            "weight_decay": 0.0,
            "augmentation": "crop_flip",
            "label_smoothing": 0.0,
            "precision": self.precision,
        }

    def make_activation(self, channels, dim=1):
        """A new module of the activation."""
        return activations.module(self.activation, channels=channels, dim=dim)

    def network(self):
        """The network, not yet initialised."""
        build = networks.load("resnet14").build
        size = {"width": self.width, "blocks": self.blocks}
        return build(self.make_activation, 3, 10, 32, **size)

    def training(self, kind, seed):
        """A run of `kind` (Training, or one that takes the same) with that seed."""
        seed_the_rest(seed)
        data = on_device(self.steps * self.batch, self.device)
        return kind(self.network(), data, self.recipe, seed, torch.device(self.device))


@cache
def on_device(n, device):
    """The first `n` training images as `step.Training` takes them."""
    x, y = images(n)
    described = {"name": "cifar10", "mean": MEAN, "sd": SD}
    return split_images(Images(x, y, x[:256], y[:256]), described, None, 0, torch.device(device))


def source():
    """Where real CIFAR-10 is, or None: the folder that ACTIVARIUM_DATA names."""
    root = os.environ.get("ACTIVARIUM_DATA")
    return root if root and (Path(root) / "cifar-10-batches-py").is_dir() else None


def images(n):
    """`n` training images and labels, uint8: CIFAR-10's where it is there, else random ones."""
    x, y = _whole()
    return x[:n], y[:n]


@cache
def _whole():
    if source():
        return datasets.load("cifar10").load(source())[:2]
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (50_000, 32, 32, 3), np.uint8)
    return x, random.integers(0, 10, len(x), np.uint8)
