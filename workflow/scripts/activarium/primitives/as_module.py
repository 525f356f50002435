"""A definition as a torch module, for activations that torch itself does not have."""

import torch
from torch import nn

from . import on_torch


class Defined(nn.Module):
    """The definition on tensors of any shape, without randomness.

    Its keyword-only arguments, if any, become scalar parameters, learned from their defaults.
    """

    def __init__(self, definition):
        super().__init__()
        self.definition = definition
        for name, start in (getattr(definition, "__kwdefaults__", None) or {}).items():
            self.register_parameter(name, nn.Parameter(torch.tensor(float(start))))

    def forward(self, x):
        return self.definition(x, on_torch, **dict(self.named_parameters(recurse=False)))
