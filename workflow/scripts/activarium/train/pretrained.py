"""Weights that a network brings along: whether training uses them is said in one line."""

from collections.abc import Callable

import torch
from torch import nn

from .initialisation import weighted_layers


def describe_brought_weights(name: str, build: Callable[[], nn.Module]) -> str | None:
    """One line where `build()` gives network `name` weights of its own, else None.

    It says whether they are used, as those of a network are that draws or reads its weights itself.
    """
    if hasattr(network := build(), "init_weights"):
        file = getattr(network, "weights", None)
        return f"networks: {name}: weights start {network.start}" if file else None
    own, n = count_own_weights(build)
    if not own:
        return None
    return (
        f"networks: {name}: build sets the weights of {own} of its {n} layers itself, as "
        "pretrained ones are; the training draws the weights of all of them anew, so these are "
        "not used (norms and whatever else learns keep their own start)"
    )


def count_own_weights(build: Callable[[], nn.Module]) -> tuple[int, int]:
    """(number of layers whose weights `build()` sets itself, number of layers with weights).

    Weights that are drawn differ between two builds that find torch's generators in other states;
    what is loaded, or constant, does not. torch's generator on the CPU is left as it was.
    """
    first, second = (_weights(build, seed) for seed in (0, 1))
    same = [torch.equal(a, b) for a, b in zip(first, second, strict=True)]
    return sum(same), len(same)


def _weights(build, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return [layer.weight.detach() for layer in weighted_layers(build())]
