"""An MLP-Mixer: patches mixed across places and across channels in turn, without attention.

Tolstikhin et al. 2021, arXiv 2105.01601. `gated` makes both feed-forwards gated, as in vit.py.
"""

from torch import nn

from ._truncated_normal import IN_WORDS, draw_weights
from .vit import FeedForward, count_patches

label = "MLP-Mixer"
non_square = True


class Block(nn.Module):
    """x + mix of places(norm(x)), then x + mix of channels(norm(x)), of [n, places, width]."""

    def __init__(self, activation, places, width, hidden, gated):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.across_places = FeedForward(activation, places, hidden[0], gated)
        self.across_channels = FeedForward(activation, width, hidden[1], gated)

    def forward(self, x):
        x = x + self.across_places(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.across_channels(self.norm2(x))


class Mixer(nn.Module):
    """Images [n, channels, height, width] to scores [n, classes], by the mean over places."""

    start = IN_WORDS

    def __init__(self, blocks, channels, classes, width, patch):
        super().__init__()
        self.patches = nn.Conv2d(channels, width, patch, patch)
        self.blocks, self.norm = nn.Sequential(*blocks), nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.blocks(x)).mean(1))

    def init_weights(self, generator):
        """Draw every weight anew, as vit.py does; biases start at 0."""
        draw_weights(self, generator)


def build(activation, channels, classes, size, *, width=128, depth=6, patch=4, gated=False):
    """`depth` blocks of `width` channels; mixing places has half, mixing channels four times it."""
    places = count_patches(size, patch)
    hidden = width // 2, 4 * width
    blocks = [Block(activation, places, width, hidden, gated) for _ in range(depth)]
    return Mixer(blocks, channels, classes, width, patch)
