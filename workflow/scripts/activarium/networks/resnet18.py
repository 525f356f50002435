"""ResNet-18 with a stem for small images: four stages of two post-activation blocks.

He, Zhang, Ren and Sun 2016, arXiv 1512.03385, with a 3×3 stem of stride 1 and no max-pooling, as is
usual on CIFAR. The paper's net has `width` 64.
"""

from torch import nn

from .resnet14 import Projection

label = "ResNet-18, small-image stem"


class Block(nn.Module):
    """act(shortcut(x) + norm(conv(act(norm(conv(x)))))), a projection where the shape changes."""

    def __init__(self, activation, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1, self.act1 = nn.BatchNorm2d(after), activation()
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2, self.act2 = nn.BatchNorm2d(after), activation()
        self.shortcut = nn.Identity()
        if before != after or stride != 1:
            self.shortcut = nn.Sequential(Projection(before, after, stride), nn.BatchNorm2d(after))

    def forward(self, x):
        y = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x)))))
        return self.act2(self.shortcut(x) + y)


def build(activation, channels, classes, size, *, width=64):
    """The net for images of any size from 8 pixels; stages have 1, 2, 4 and 8 times `width`."""
    layers = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
    layers += [nn.BatchNorm2d(width), activation()]
    before = width
    for stage in range(4):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(Block(activation, before, width * 2**stage, stride))
            before = width * 2**stage
    pool = nn.AvgPool2d(-(-size // 8))  # over the whole map, see resnet14.py
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(before, classes))
