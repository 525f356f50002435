"""ResNet-18 with a stem for small images: four stages of two post-activation blocks.

He, Zhang, Ren and Sun 2016, arXiv 1512.03385, with a 3×3 stem of stride 1 and no max-pooling, as is
usual on CIFAR. The paper's net has `width` 64.
"""

from torch import nn

from ..data.image_size import height_width
from .resnet import Block, stem
from .resnet14 import Projection

label = "ResNet-18, small-image stem"
non_square = True


def build(activation, channels, classes, size, *, width=64):
    """The net for images of any size from 8 pixels; stages have 1, 2, 4 and 8 times `width`."""
    layers, before = stem(activation, channels, width), width
    for stage in range(4):
        for block in range(2):
            after, stride = width * 2**stage, 2 if stage > 0 and block == 0 else 1
            shortcut = nn.Identity()
            if before != after:
                shortcut = nn.Sequential(Projection(before, after, stride), nn.BatchNorm2d(after))
            layers.append(Block(activation, before, after, stride, shortcut))
            before = after
    pool = nn.AvgPool2d([-(-n // 8) for n in height_width(size)])  # the whole map, see resnet14.py
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(before, classes))
