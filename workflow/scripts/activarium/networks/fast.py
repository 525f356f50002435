"""A net for little time: few layers, most of them on small maps, in the manner of speed records.

After Keller Jordan's CIFAR-10 speed run (arXiv 2404.00498): a stem, then three groups of
convolution → max-pooling → norm → activation → convolution → norm → activation.
"""

from torch import nn

from ..data.image_size import height_width
from .resnet import stem

label = "fast convolutional net"
non_square = True


def group(activation, before, after):
    """Half the map, `after` channels, two convolutions."""
    return [
        nn.Conv2d(before, after, 3, padding=1, bias=False),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.BatchNorm2d(after),
        activation(after),
        nn.Conv2d(after, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        activation(after),
    ]


def build(activation, channels, classes, size, *, width=16):
    """The net for images of any size; its groups have 2, 4 and 4 times `width` channels."""
    layers = stem(activation, channels, width)
    before, map_size = width, height_width(size)
    for after in (2 * width, 4 * width, 4 * width):
        layers += group(activation, before, after)
        before, map_size = after, tuple(-(-n // 2) for n in map_size)
    pool = nn.MaxPool2d(map_size)  # over the whole map
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(before, classes))
