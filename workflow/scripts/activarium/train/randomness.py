"""Named random generators: what is drawn depends on its purpose, the seed and the epoch only."""

import hashlib

import torch


def generator(
    purpose: str, seed: int, epoch: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A torch generator for one purpose ("weights", "batches", …) of one seed in one epoch.

    Two purposes never share numbers, so that an activation which draws its own noise shifts
    neither the batches nor the initial weights of anyone.
    """
    return torch.Generator(device).manual_seed(_number(purpose, seed, epoch))


def seed_the_rest(seed: int) -> None:
    """Start torch's global generators anew, for whatever draws from them unasked.

    A network with dropout, or an activation that starts at random, then depends on its run alone.
    What the process did before does not matter.
    """
    torch.manual_seed(_number("anything else", seed, 0))


def _number(purpose, seed, epoch):
    key = hashlib.sha256(f"{purpose} {seed} {epoch}".encode()).digest()
    return int.from_bytes(key[:8], "little") >> 1
