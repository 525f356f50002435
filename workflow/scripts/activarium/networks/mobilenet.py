"""MobileNetV2 for small images: inverted residuals, each with two activations.

Sandler et al. 2018, arXiv 1801.04381, with a stem of stride 1 and three stages.
"""

from torch import nn

from ..data.image_size import height_width
from .resnet import stem

label = "MobileNetV2, small"
non_square = True


class Block(nn.Module):
    """Widen by 1×1, filter by 3×3 depth by depth, narrow by 1×1; added to x where shapes agree."""

    def __init__(self, activation, before, after, stride, expand):
        super().__init__()
        wide = before * expand
        self.added = stride == 1 and before == after
        self.layers = nn.Sequential(
            nn.Conv2d(before, wide, 1, bias=False),
            nn.BatchNorm2d(wide),
            activation(wide),
            nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            activation(wide),
            nn.Conv2d(wide, after, 1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, x):
        return x + self.layers(x) if self.added else self.layers(x)


def build(activation, channels, classes, size, *, width=16, blocks=2, expand=6):
    """Three stages of `blocks` blocks with 1, 2 and 4 times `width`, then 16 times `width`."""
    layers = stem(activation, channels, width)
    before = width
    for stage in range(3):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(Block(activation, before, width * 2**stage, stride, expand))
            before = width * 2**stage
    last = 16 * width
    layers += [nn.Conv2d(before, last, 1, bias=False), nn.BatchNorm2d(last), activation(last)]
    pool = nn.AvgPool2d([-(-n // 4) for n in height_width(size)])  # the whole map, see resnet14.py
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(last, classes))
