"""The residual net of arXiv 2305.12073: pre-activation, 6·blocks + 2 layers, 14 by default.

He, Zhang, Ren and Sun 2016, arXiv 1603.05027: batch norm → activation → convolution, identity
shortcuts, a 1×1 convolution where the shape changes; three stages of `width`, 2·`width` and
4·`width` channels, global average pooling, one linear layer.
"""

from torch import nn

from ..data.image_size import height_width

label = "ResNet-14, pre-activation"
non_square = True


class Projection(nn.Conv2d):
    """A 1×1 convolution of every `stride`-th pixel, without bias.

    On a CPU the pixels are taken first. There the gradient of torch's own stride writes beyond its
    memory where the input's channels do not fill a vector register (torch 2.14, docs/torch.md).
    That ends the process or spoils what lies there. The bits are the same, and so is the time.
    """

    def __init__(self, before, after, stride):
        super().__init__(before, after, 1, stride, bias=False)

    def forward(self, x):
        if x.is_cuda:
            return super().forward(x)
        return nn.functional.conv2d(x[:, :, :: self.stride[0], :: self.stride[1]], self.weight)


class Block(nn.Module):
    """x + conv(act(norm(conv(act(norm(x)))))), with a projection where the shape changes."""

    def __init__(self, activation, before, after, stride):
        super().__init__()
        self.norm1, self.act1 = nn.BatchNorm2d(before), activation(before)
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm2, self.act2 = nn.BatchNorm2d(after), activation(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.project = None
        if before != after or stride != 1:
            self.project = Projection(before, after, stride)

    def forward(self, x):
        y = self.act1(self.norm1(x))
        shortcut = x if self.project is None else self.project(y)
        return shortcut + self.conv2(self.act2(self.norm2(self.conv1(y))))


def build(activation, channels, classes, size, *, width=16, blocks=2):
    """The net for images of any size from 4 pixels; `blocks` residual blocks in each stage."""
    layers = [nn.Conv2d(channels, width, 3, padding=1, bias=False)]
    before = width
    for stage in range(3):
        after = width * 2**stage
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            layers.append(Block(activation, before, after, stride))
            before = after
    # Over the whole map. AdaptiveAvgPool2d(1) is the same up to rounding, but its gradient comes
    # channels first, with which the backward pass of the norm and the activation before it takes
    # four times as long on a CPU.
    pool = nn.AvgPool2d([-(-n // 4) for n in height_width(size)])
    head = [nn.BatchNorm2d(before), activation(before), pool, nn.Flatten()]
    return nn.Sequential(*layers, *head, nn.Linear(before, classes))
