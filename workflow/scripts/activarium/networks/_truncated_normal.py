"""The start of transformers and their kin: weights truncated normal, biases 0."""

import torch
from torch import nn

from ..train.initialisation import weighted_layers

SD = 0.02  # standard deviation; torch truncates at ±2, far outside
IN_WORDS = f"truncated normal with standard deviation {SD}, biases 0"


def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw every weight of the convolutions and linear layers anew, in their order."""
    for layer in weighted_layers(network):
        nn.init.trunc_normal_(layer.weight, std=SD, generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
