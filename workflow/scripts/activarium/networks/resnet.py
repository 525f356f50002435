"""The residual nets that CIFAR-10 was first solved with: post-activation, 6·blocks + 2 layers.

He, Zhang, Ren and Sun 2016, arXiv 1512.03385, section 4.2: three stages, and shortcuts without
parameters, which take every other pixel and fill new channels with zeros. ResNet-20 has `blocks` 3.
"""

from torch import nn
from torch.nn import functional as F

from ..data.image_size import height_width

label = "ResNet, post-activation"
non_square = True


class Block(nn.Module):
    """act(shortcut(x) + norm(conv(act(norm(conv(x)))))) for a `shortcut` of the same shape."""

    def __init__(self, activation, before, after, stride, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1, self.act1 = nn.BatchNorm2d(after), activation(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2, self.act2 = nn.BatchNorm2d(after), activation(after)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x)))))
        return self.act2(self.shortcut(x) + y)


class ZeroShortcut(nn.Module):
    """Every `stride`-th pixel, with `new` channels of zeros, half on either side."""

    def __init__(self, stride, new):
        super().__init__()
        self.stride, self.sides = stride, (new // 2, new - new // 2)

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, *self.sides))


def stem(activation, channels, width):
    """What comes before the blocks: a 3×3 convolution that keeps the image's size."""
    conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(width), activation(width)]


def build(activation, channels, classes, size, *, width=16, blocks=3):
    """The net for images of any size from 4 pixels; stages have 1, 2 and 4 times `width`."""
    layers, before = stem(activation, channels, width), width
    for stage in range(3):
        for block in range(blocks):
            after, stride = width * 2**stage, 2 if stage > 0 and block == 0 else 1
            same = before == after
            shortcut = nn.Identity() if same else ZeroShortcut(stride, after - before)
            layers.append(Block(activation, before, after, stride, shortcut))
            before = after
    pool = nn.AvgPool2d([-(-n // 4) for n in height_width(size)])  # the whole map, see resnet14.py
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(before, classes))
