"""What the activations of a run learn: the values at the start and at the end, by layer."""

from collections.abc import Mapping

import torch
from torch import nn

from ..definitions.torch_module import ChannelsFirst, Float32Module

CLOSE = 1e-6  # a float32 that was rounded is no nearer to the start that a definition states


class LearnedValues:
    """The values that the activations of a network learn, from how they are now, before training.

    `starts` are the definition's, by whose names a module's own parameters are called where they
    agree.
    """

    def __init__(self, network: nn.Module, starts: Mapping[str, float]):
        marked = (n for n, m in network.named_modules() if getattr(m, "is_activation", False))
        self.layers, self.starts = list(marked), starts
        self.first = self._read(network)

    def rows(self, network: nn.Module) -> list[dict]:
        """The rows of a run in `tables.LEARNED`, without its key; layers count from 1."""
        rows = []
        for k, (first, last) in enumerate(zip(self.first, self._read(network), strict=True), 1):
            names = self._names(first)
            for parameter, values in last.items():
                row = {"layer": k, "parameter": names[parameter], "numbers": len(values)}
                row |= {"start": first[parameter].mean().item()}
                rows.append(row | _describe(values))
        return rows

    def _read(self, network):
        return [read_values(network.get_submodule(name)) for name in self.layers]

    def _names(self, values):
        """{a module's own name: the definition's}, where as many start at the same numbers."""
        own = {name: name for name in values}
        if set(values) == set(self.starts) or len(values) != len(self.starts):
            return own
        pairs = list(zip(values, self.starts, strict=True))
        same = all((values[a] - self.starts[b]).abs().max() <= CLOSE for a, b in pairs)
        return dict(pairs) if same else own


@torch.no_grad()
def read_values(activation: nn.Module) -> dict[str, torch.Tensor]:
    """{parameter: its numbers, float64 [n] on the CPU}, as the function is computed with them.

    A module with a method `learned_values()` says what these are, such as the softplus of a
    parameter; of any other they are its parameters.
    """
    while isinstance(activation, (Float32Module, ChannelsFirst)):
        activation = activation.module
    own = getattr(activation, "learned_values", None)
    values = own() if own else dict(activation.named_parameters())
    return {name: value.detach().double().cpu().flatten() for name, value in values.items()}


def _describe(values):
    """Mean, standard deviation, minimum and maximum; no deviation of a single number."""
    sd = values.std().item() if len(values) > 1 else None
    ends = {"min": values.min().item(), "max": values.max().item()}
    return {"mean": values.mean().item(), "sd": sd, **ends}
