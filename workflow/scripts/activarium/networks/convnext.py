"""ConvNeXt for small images: 7×7 depth-wise convolutions, layer norm, one activation a block.

Liu et al. 2022, arXiv 2201.03545: three stages here instead of four, patches of 2 pixels first.
"""

import torch
from torch import nn

from ..data.image_size import height_width
from ._truncated_normal import IN_WORDS, draw_weights

label = "ConvNeXt, small"
non_square = True
SCALE = 1e-6  # where the layer scale starts


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of [n, channels, height, width]."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """x + scale · (linear(act(linear(norm(depth-wise convolution of x)))))."""

    def __init__(self, activation, width):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.first, self.act = nn.Linear(width, 4 * width), activation(4 * width, dim=-1)
        self.last = nn.Linear(4 * width, width)
        self.scale = nn.Parameter(torch.full((width, 1, 1), SCALE))

    def forward(self, x):
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.last(self.act(self.first(y))).permute(0, 3, 1, 2)
        return x + self.scale * y


class ConvNeXt(nn.Sequential):
    """The layers in a row, with a start of its own."""

    start = IN_WORDS

    def init_weights(self, generator):
        """Draw every weight anew; biases start at 0."""
        draw_weights(self, generator)


def build(activation, channels, classes, size, *, width=32, blocks=2, patch=2):
    """Three stages of `blocks` blocks with 1, 2 and 4 times `width`, each on half the map."""
    sides = height_width(size)
    if min(sides) < 4 * patch:
        least = min(sides)
        raise ValueError(f"images of {least} pixels are less than 4 patches of {patch}; set patch")
    layers = [nn.Conv2d(channels, width, patch, patch), ChannelNorm(width, eps=1e-6)]
    before, sides = width, [n // patch for n in sides]
    for stage in range(3):
        after = width * 2**stage
        if stage:
            layers += [ChannelNorm(before, eps=1e-6), nn.Conv2d(before, after, 2, 2)]
            sides = [n // 2 for n in sides]
        layers += [Block(activation, after) for _ in range(blocks)]
        before = after
    head = [nn.AvgPool2d(sides), ChannelNorm(before, eps=1e-6), nn.Flatten()]
    return ConvNeXt(*layers, *head, nn.Linear(before, classes))
