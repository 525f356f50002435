"""How a network starts: every weight drawn anew, the same for every activation."""

import math
from functools import partial
from typing import Any

import torch
from torch import nn

from .randomness import generator

# Of torch's attention: all three in one, or one each where their inputs differ in width.
ATTENTION_WEIGHTS = ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight")


def initialise(network: nn.Module, seed: int) -> None:
    """Draw every weight anew, in the order of the layers, the same for every activation.

    Weights are normal with variance sigma_w²/fan-in and biases with variance sigma_b²; a network
    may carry its own `sigma_w` and `sigma_b`, else sigma_w² = 2 (He et al. 2015, arXiv
    1502.01852) and sigma_b = 0. Parameters of activations and norms keep their own start. A
    network with a method `init_weights(generator)` draws its weights itself.
    """
    g = generator("weights", seed)
    init_weights: Any = getattr(network, "init_weights", None)
    if init_weights is not None:
        init_weights(g)
        return
    sigma_w, sigma_b = sigmas(network)
    with torch.no_grad():
        for layer in weighted_layers(network):
            fan_in = layer.weight[0].numel()
            layer.weight.normal_(0, sigma_w / math.sqrt(fan_in), generator=g)
            if layer.bias is not None:
                layer.bias.normal_(0, 1, generator=g).mul_(sigma_b)


def sigmas(network: nn.Module) -> tuple[float, float]:
    """(sigma_w, sigma_b) of a network: what it carries, else those of He et al."""
    return getattr(network, "sigma_w", math.sqrt(2)), getattr(network, "sigma_b", 0.0)


def mark_activation(module: nn.Module) -> nn.Module:
    """The module of an activation, from now on known as one: what is inside keeps its own start."""
    module.is_activation = True  # type: ignore[assignment]
    return module


def weighted_layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """The convolutions and linear layers, in order, without those inside activations.

    Else an activation with a layer of its own would take random numbers from the layers after it.
    """
    return [m for m in _outside_activations(network) if isinstance(m, (nn.Conv2d, nn.Linear))]


def decayed_weights(network: nn.Module) -> list[torch.Tensor]:
    """The weights of `weighted_layers` and of attention, each once: these alone have weight decay.

    torch's attention has those of its linear layers for queries, keys and values itself.
    """
    weights = [layer.weight for layer in weighted_layers(network)]
    for layer in _outside_activations(network):
        if isinstance(layer, nn.MultiheadAttention):
            found = (getattr(layer, name) for name in ATTENTION_WEIGHTS)
            weights += [weight for weight in found if weight is not None]
    return list(dict.fromkeys(weights))


def _outside_activations(network):
    """The modules of a network that are no activation, nor inside of one."""
    activations = [m for m in network.modules() if getattr(m, "is_activation", False)]
    inside = {id(layer) for activation in activations for layer in activation.modules()}
    return [m for m in network.modules() if id(m) not in inside]


def take_pixels_first(network: nn.Module) -> None:
    """Take the stride out of 1×1 convolutions, which then see every so many pixels, on a CPU.

    There torch 2.14 writes beyond its memory in the gradient of one with a stride (docs/torch.md).
    """
    for layer in network.modules():
        if type(layer) is not nn.Conv2d or layer.padding not in ((0, 0), "valid"):
            continue
        if layer.kernel_size == (1, 1) and layer.stride != (1, 1):
            stride, layer.stride = layer.stride, (1, 1)
            layer.register_forward_pre_hook(partial(_take_every, *stride))


def _take_every(rows, columns, layer, inputs):
    """Every so many rows and columns of the images that a layer is given."""
    return inputs[0][..., ::rows, ::columns]
