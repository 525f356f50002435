"""The start of ViT's own code, for narrow nets: linear layers Xavier uniform, biases 0.

From a standard deviation of 0.02, which wide ones take, an activation's inputs would have one of
0.16 at a width of 64. There a smooth activation is nearly linear. Queries, keys and values are
drawn as one layer, as torch's attention does.
"""

import torch
from torch import nn

from ..train.initialisation import weighted_layers

IN_WORDS = "Xavier uniform in linear layers and LeCun normal in convolutions, biases 0"


def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
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
