"""What a network is made of, counted in it: layers, parameters, and how its weights start."""

import inspect
from collections import Counter
from collections.abc import Iterable

from torch import nn

from .. import datasets, networks
from ..runtime.errors import first_line
from .initialisation import sigmas

NORMS = {
    nn.modules.batchnorm._BatchNorm: "batch norm",
    nn.modules.instancenorm._InstanceNorm: "instance norm",
    nn.GroupNorm: "group norm",
    nn.LayerNorm: "layer norm",
    nn.RMSNorm: "RMS norm",
}
LAYERS = {
    nn.Conv1d: "convolution",
    nn.Conv2d: "convolution",
    nn.Linear: "linear layer",
    nn.MultiheadAttention: "attention",
    nn.Embedding: "embedding",
} | NORMS


class Activation(nn.Identity):
    """Stands where an activation would, which is no part of what is described."""


def describe_networks(declared: dict, names: Iterable[str], own: dict | None = None) -> dict:
    """{network: description} of `Study.networks` on the data sets of these `names`.

    `own` maps a data set that is not built in to its {channels, size, classes}.

    A description holds `label`, `about` (the first line of the file), `layers` {name in words:
    number}, `activations` (how many modules), `norm` (whether a layer normalises), `parameters`
    {data set: number, those of activations left out}, `start` (how weights start, in words, where
    the network draws them itself), else `sigma_w2` and `sigma_b2`, which are None beside a `start`.
    A network that cannot be built here has `refused`, the reason, since a description must stop no
    report.
    """
    return {name: _describe(network, names, own or {}) for name, network in declared.items()}


def _describe(network, names, own):
    try:
        shapes = {name: own.get(name) or datasets.shape(name) for name in names}
        built = {name: _build(network, shape) for name, shape in shapes.items()}
        return _count(networks.load(network["file"]), built)
    except Exception as error:  # of a file that anybody wrote
        return {"refused": first_line(error)}


def _build(network, shape):
    size = networks.fitting_size(network["file"], shape["size"])
    build = networks.load(network["file"]).build
    return build(Activation, shape["channels"], shape["classes"], size, **network["parameters"])


def _count(file, built):
    net = next(iter(built.values()))
    sigma_w, sigma_b = sigmas(net)
    own_start = getattr(net, "start", None)
    kinds = Counter(kind for module in net.modules() if (kind := _kind(module)))
    return {
        "label": file.label,
        "about": (inspect.getdoc(file) or "").partition("\n")[0],
        "layers": dict(kinds),
        "activations": sum(isinstance(module, Activation) for module in net.modules()),
        "norm": any(kind in NORMS.values() for kind in kinds),
        "parameters": {name: _parameters(net) for name, net in built.items()},
        "start": own_start,
        "sigma_w2": None if own_start else float(sigma_w) ** 2,
        "sigma_b2": None if own_start else float(sigma_b) ** 2,
    }


def _kind(module):
    """A layer's name in words; its class's where it is another with weights of its own, or None."""
    named = next((name for kind, name in LAYERS.items() if isinstance(module, kind)), None)
    own = any(True for _ in module.parameters(recurse=False))
    return named or (type(module).__name__ if own else None)


def _parameters(net):
    return sum(parameter.numel() for parameter in net.parameters())
