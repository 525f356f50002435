"""A small plain net: three convolutions with batch norm, no shortcuts, for quick studies."""

from torch import nn

from ..data.image_size import height_width

label = "plain convolutional net"
non_square = True


def build(activation, channels, classes, size, *, width=16):
    """Convolution → batch norm → activation, three times; the last two halve the image."""
    layers = []
    for before, after, stride in (
        (channels, width, 1),
        (width, 2 * width, 2),
        (2 * width, 4 * width, 2),
    ):
        layers += [nn.Conv2d(before, after, 3, stride, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(after), activation(after)]
    pool = nn.AvgPool2d([-(-n // 4) for n in height_width(size)])  # the whole map, see resnet14.py
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(4 * width, classes))
