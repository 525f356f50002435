"""The residual nets that CIFAR-10 was first solved with: post-activation, 6·blocks + 2 layers.

He, Zhang, Ren and Sun 2016, arXiv 1512.03385, section 4.2: three stages, and shortcuts without
parameters, which take every other pixel and fill new channels with zeros. ResNet-20 has `blocks` 3.
"""

from torch import nn
from torch.nn import functional as F

label = "ResNet, post-activation"


class Block(nn.Module):
    """act(shortcut(x) + norm(conv(act(norm(conv(x))))))."""

    def __init__(self, activation, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1, self.act1 = nn.BatchNorm2d(after), activation()
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2, self.act2 = nn.BatchNorm2d(after), activation()
        self.stride, self.new = stride, after - before

    def forward(self, x):
        y = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x)))))
        x = x[:, :, :: self.stride, :: self.stride]
        if self.new:
            x = F.pad(x, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))
        return self.act2(x + y)


def build(activation, channels, classes, size, *, width=16, blocks=3):
    """The net for images of any size from 4 pixels; stages have 1, 2 and 4 times `width`."""
    layers = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
    layers += [nn.BatchNorm2d(width), activation()]
    before = width
    for stage in range(3):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(Block(activation, before, width * 2**stage, stride))
            before = width * 2**stage
    pool = nn.AvgPool2d(-(-size // 4))  # over the whole map, see resnet14.py
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(before, classes))
