"""The work in one training image: floating-point operations, and the fewest bytes to be moved."""

from collections import Counter

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

ADAM = 28  # bytes a parameter and step: weight, gradient and two moments read, all but one written


def operations(network, size=32):
    """FLOP of a forward and a backward pass of one image, as torch counts its own operators."""
    network = network.to("meta").train()
    with FlopCounterMode(display=False) as counted:
        network(torch.empty(2, 3, size, size, device="meta")).sum().backward()
    return counted.get_total_flops() / 2


def least_bytes(network, precision, batch, size=32):
    """The bytes one image of a batch has to move: {"unfused": …, "fused": …}.

    Unfused, every operation reads its inputs and writes its outputs once: a convolution in and
    out forward, twice in (value, gradient) and out backward; a norm and an activation two passes
    forward, three backward; an addition three and, where a gradient has two sources, three.
    Fused, norms and activations cost nothing beside the convolutions that read and write them: in
    and out forward, in twice and out twice (the norm's backward needs the value) backward, and an
    addition reads one more tensor each way. Both: the optimiser's bytes, shared by the batch.
    """
    n = _elements(network.to("meta").train(), size)
    element = 2 if precision == "bfloat16" else 4
    weights = sum(p.numel() for p in network.parameters()) * ADAM / batch
    first = n["first in"]  # the image itself has no gradient
    unfused = 3 * n["conv in"] - first + 2 * n["conv out"]
    unfused += 5 * n["norm"] + 5 * n["activation"] + 6 * n["add"]
    fused = 3 * n["conv in"] - first + 3 * n["conv out"] + 2 * n["add"]
    return {"unfused": unfused * element + weights, "fused": fused * element + weights}


def _elements(network, size):
    """Elements of one image in and out of every kind of layer, from the shapes that pass."""
    n, hooks = Counter(), []

    def seen(layer, inputs, out):
        if isinstance(layer, nn.Conv2d):
            n["first in"] = n["first in"] or inputs[0][0].numel()
            n["conv in"] += inputs[0][0].numel()
            n["conv out"] += out[0].numel()
        elif isinstance(layer, nn.BatchNorm2d):
            n["norm"] += out[0].numel()
            n["activation"] += out[0].numel()  # one follows every norm
        elif hasattr(layer, "conv2"):
            n["add"] += out[0].numel()

    for layer in network.modules():
        hooks.append(layer.register_forward_hook(seen))
    network(torch.empty(2, 3, size, size, device="meta"))
    for hook in hooks:
        hook.remove()
    return n


def floor(work, bytes_, flops, moved):
    """Seconds an image needs at least at `flops` FLOP/s and `moved` bytes/s."""
    return max(work / flops, bytes_ / moved)
