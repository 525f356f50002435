"""The start of vit, mixer and convnext: one for all three, as ViT's own code has it.

Queries, keys and values are drawn as one layer, as torch's attention does. The standard deviation
of 0.02 that wide transformers and ConvNeXt start from would be too small here: at a width of 64 an
activation's inputs would have one of 0.16, where a smooth activation is nearly linear.
"""

import torch
from torch import nn

from ..train.initialisation import weighted_layers

IN_WORDS = "Xavier uniform in linear layers and LeCun normal in convolutions, biases 0"


def draw_xavier(network: nn.Module, generator: torch.Generator) -> None:
    """Draw every weight of the convolutions and linear layers anew, in their order.

    Xavier uniform (Glorot and Bengio 2010) has variance 2 / (fan-in + fan-out), LeCun normal
    1 / fan-in.
    """
    for layer in weighted_layers(network):
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight, generator=generator)
        else:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear", generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
