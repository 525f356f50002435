"""Augmentation of a whole batch on the device that trains, drawn per epoch for every image."""

import torch
from torch.nn import functional as F

from .randomness import generator


def draw(kind: str, images: int, size: int, seed: int, epoch: int) -> dict:
    """What happens to each image in this epoch: {"flip": bool[n], "crop": int64[n, 2]}, on the CPU.

    `kind` is "none", "flip", "crop" or "crop_flip". `size` is the shorter side of an image. `crop`
    moves it by up to an eighth of that (4 pixels of CIFAR's 32) in each direction, filled with
    zeros. `flip` mirrors it left to right with probability one half.
    """
    g, reach, drawn = generator("augmentation", seed, epoch), size // 8, {}
    if "flip" in kind:
        drawn["flip"] = torch.randint(0, 2, (images,), generator=g, dtype=torch.bool)
    if "crop" in kind:
        drawn["crop"] = torch.randint(0, 2 * reach + 1, (images, 2), generator=g)
    return drawn


def augment(batch: torch.Tensor, drawn: dict) -> torch.Tensor:
    """The batch [n, channels, size, size] (any dtype) with its rows of `drawn` applied."""
    if "crop" in drawn:
        batch = _crop(batch, drawn["crop"])
    if "flip" in drawn:
        batch = torch.where(drawn["flip"][:, None, None, None], batch.flip(3), batch)
    return batch


def _crop(batch, corner):
    """Each image cut out of its zero-padded self at its own corner, by one gather."""
    height, width = batch.shape[-2:]
    padded = F.pad(batch, (min(height, width) // 8,) * 4).permute(0, 2, 3, 1)
    # A view of every cut there is: [n, row and column of its corner, height, width, channels].
    cuts = padded.unfold(1, height, 1).unfold(2, width, 1).permute(0, 1, 2, 4, 5, 3)
    image = torch.arange(len(batch), device=batch.device)
    return cuts[image, corner[:, 0], corner[:, 1]].permute(0, 3, 1, 2)
