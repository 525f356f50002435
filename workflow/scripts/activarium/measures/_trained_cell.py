"""The trained networks of one cell, as measures take them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from ..activations import ActivationSpec
from ..train.initialisation import initialise, mark_activation
from ..train.kept_weights import load_weights
from ..train.loop import Cell
from ..train.step import Training


@dataclass(frozen=True)
class TrainedCell:
    """The runs of a `cell` that did not diverge: `weights` maps a seed to its file.

    `data` is what `batches.load_splits` gives, on `device`.
    """

    cell: Cell
    data: dict
    weights: Mapping[int, Path | str]
    device: torch.device

    @property
    def seeds(self) -> list[int]:
        """The seeds whose weights are kept, sorted."""
        return sorted(self.weights)

    def network(self, seed: int) -> nn.Module:
        """The trained network of a run, on the CPU and in evaluation."""
        return load_weights(self._build(), self.weights[seed]).eval()

    def untrained_network(self, activation: ActivationSpec | None = None) -> nn.Module:
        """The network as seed 0 starts, in evaluation; with another activation where one is given.

        A time or a list of operators does not depend on weights.
        """
        cell = replace(self.cell, spec=activation) if activation else self.cell
        network = cell.build_network(self.data)
        initialise(network, 0)
        return network.requires_grad_(False).eval()

    def training(self, seed: int) -> Training:
        """A run as its training evaluated it: the same normalisation, precision and batches."""
        recipe = {key: value for key, value in self.cell.recipe.items() if key != "ema"}
        training = Training(self._build(), self.data, recipe, seed, self.device)
        load_weights(training.network, self.weights[seed])
        return training

    def _build(self):
        return self.cell.build_network(self.data, self._make_activation)

    def _make_activation(self, channels=None, dim=1):
        module = self.cell.make_activation(channels, dim)
        module.channel_dim = dim
        return mark_activation(module)


def activations_of(network: nn.Module) -> Iterator[nn.Module]:
    """The modules of a network that are activations, in the order in which they were made."""
    return (m for m in network.modules() if getattr(m, "is_activation", False))


@torch.no_grad()
def largest_input(network: nn.Module, module: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The largest tensor that one of the network's modules is called with on these images."""
    seen: list[torch.Tensor] = []
    hook = module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    network(images)
    hook.remove()
    return max(seen, key=torch.numel)
