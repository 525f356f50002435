"""A small vision transformer: patches, learned positions, pre-norm blocks, a class token.

Dosovitskiy et al. 2021, arXiv 2010.11929. `gated` makes the feed-forward act(W₁x)·(W₃x) of two
thirds of the width (Shazeer 2020, arXiv 2002.05202), so that each activation makes its GLU.
`conv_stem` makes the patches by strided convolutions (Xiao et al. 2021, arXiv 2106.14881), which
learn in fewer epochs. They have ReLUs, as there: a study's activation stands in the feed-forwards
alone.
"""

import math

import torch
from torch import nn

from ..data.image_size import height_width
from . import _truncated_normal, _xavier
from ._truncated_normal import SD

label = "vision transformer"
non_square = True
STARTS = {"truncated_normal": _truncated_normal, "xavier": _xavier}


class Attention(nn.Module):
    """Multi-head self-attention of tokens [n, tokens, width]."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        # Written out: torch's fused attention need not give the same bits twice on a GPU.
        weights = (q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """W₂ act(W₁x), or W₂ (act(W₁x)·(W₃x)) where it is gated."""

    def __init__(self, activation, width, hidden, gated):
        super().__init__()
        hidden = 2 * hidden // 3 if gated else hidden
        self.first, self.act = nn.Linear(width, hidden), activation(hidden, dim=-1)
        self.gate = nn.Linear(width, hidden) if gated else None
        self.last = nn.Linear(hidden, width)

    def forward(self, x):
        y = self.act(self.first(x))
        return self.last(y if self.gate is None else y * self.gate(x))


class Block(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x))."""

    def __init__(self, activation, width, heads, hidden, gated):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.feed_forward = FeedForward(activation, width, hidden, gated)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


def plain_patches(channels, width, patch):
    """One linear layer for each patch."""
    return nn.Conv2d(channels, width, patch, patch)


def convolutional_stem(channels, width, patch):
    """Strided 3 × 3 convolutions that halve an image until a place is a `patch`, then a 1 × 1.

    Each doubles the channels, up to `width`, and has a batch norm and a ReLU after it.
    """
    layers, strided = [], patch.bit_length() - 1
    for k in range(strided):
        out = width // 2 ** (strided - 1 - k)
        layers += [nn.Conv2d(channels, out, 3, 2, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
        channels = out
    return nn.Sequential(*layers, nn.Conv2d(channels, width, 1))


class ViT(nn.Module):
    """Images [n, channels, height, width] to scores [n, classes]; `places` is how many patches."""

    def __init__(self, patches, blocks, classes, places, width, start):
        super().__init__()
        self.draw_weights, self.start = STARTS[start].draw_weights, STARTS[start].IN_WORDS
        self.patches = patches
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + places, width))
        self.blocks, self.norm = nn.Sequential(*blocks), nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.blocks(x))[:, 0])

    def init_weights(self, generator):
        """Draw every weight anew; biases and the class token start at 0."""
        self.draw_weights(self, generator)
        nn.init.trunc_normal_(self.positions, std=SD, generator=generator)


def count_patches(size, patch):
    """How many patches an image of this `size` holds; ValueError for none."""
    height, width = height_width(size)
    if min(height, width) < patch:
        least = min(height, width)
        raise ValueError(f"images of {least} pixels hold no patch of {patch}; set patch")
    return (height // patch) * (width // patch)


def count_halved(size, patch):
    """How many places are left of an image that is halved, rounded up, until a place is a patch."""
    height, width = height_width(size)
    return math.ceil(height / patch) * math.ceil(width / patch)


def build(
    activation,
    channels,
    classes,
    size,
    *,
    width=96,
    depth=6,
    heads=3,
    patch=4,
    ratio=4,
    gated=False,
    conv_stem=False,
    start="truncated_normal",
):
    """`depth` blocks of `width` numbers a token, feed-forwards `ratio` times as wide.

    A `patch` is so many pixels wide and high; what is left at the right and below is seen by a
    `conv_stem` alone. `start` is how weights start, one of STARTS; `xavier` is for narrow nets.
    Raises ValueError for a `width` that is no multiple of `heads`, for too small an image, for a
    `patch` that no halving makes, and for another `start`.
    """
    if start not in STARTS:
        raise ValueError(f"start {start!r} is none of {', '.join(STARTS)}")
    if width % heads:
        raise ValueError(f"width {width} is no multiple of heads {heads}")
    if conv_stem and (patch < 2 or patch & (patch - 1) or width % (patch // 2)):
        raise ValueError(f"conv_stem takes a patch of 2, 4, 8, … whose half divides width {width}")
    places = (count_halved if conv_stem else count_patches)(size, patch)
    blocks = [Block(activation, width, heads, ratio * width, gated) for _ in range(depth)]
    patches = (convolutional_stem if conv_stem else plain_patches)(channels, width, patch)
    return ViT(patches, blocks, classes, places, width, start)
