"""Named random generators: what is drawn depends on its purpose, the seed and the epoch only."""

import hashlib

import torch


def generator(purpose, seed, epoch=0, device="cpu"):
    """A torch generator for one purpose ("weights", "batches", …) of one seed in one epoch.

    Two purposes never share numbers, so that an activation which draws its own noise shifts
    neither the batches nor the initial weights of anyone.
    """
    key = hashlib.sha256(f"{purpose} {seed} {epoch}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(key[:8], "little") >> 1)
