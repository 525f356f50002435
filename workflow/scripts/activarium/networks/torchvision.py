"""A classifier of torchvision.models, with the study's activation in each of its places.

Every activation module is replaced, also inside squeeze-and-excitation and feed-forwards; a module
that is called several times gets an activation for each call. The gates of squeeze-and-excitation
(Sigmoid, Hardsigmoid) stay, and so do dropout and stochastic depth. The first convolution has the
images' channels, the last layer their classes. `weights` is a file of a state_dict to start from.
"""

import hashlib
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from pathlib import Path

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torchvision import models

from ..data.image_size import height_width
from ..runtime.errors import UserError, first_line, suggest
from ._activation_places import InTurn, record_calls, replace_activations
from ._weights_file import COUNTERS, State, fit_weights, read_weights

label = "torchvision model"
non_square = True
PLACE = "networks/torchvision.py"  # for people
USUAL, LARGEST = 224, 512  # pixels: of ImageNet, and up to which a size that fits is looked for


class Classifier(nn.Module):
    """A torchvision model for images [n, channels, height, width], and how it starts.

    `make(classes)` gives the model as torchvision draws it. `weights` is a file or None.
    """

    def __init__(
        self,
        network: nn.Module,
        make: Callable[[int], nn.Module],
        classes: int,
        weights: str | None,
    ):
        super().__init__()
        self.network, self.make, self.classes, self.weights = network, make, classes, weights
        self.several = [m for m in network.modules() if isinstance(m, InTurn)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for module in self.several:
            module.turn = 0
        with _attention(x):
            return self.network(x)

    @property
    def start(self) -> str:
        """How the weights start, in words."""
        if self.weights is None:
            return "as torchvision draws them"
        drawn = self.make(self.classes).state_dict()
        found = self._read(self.weights, drawn)
        anew = ", ".join(key for key in drawn if key not in found and not key.endswith(COUNTERS))
        last = f", apart from the last layer ({anew}), drawn anew" if anew else ""
        with Path(self.weights).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return f"from {self.weights} (sha256 {digest[:12]}…){last}"

    def init_weights(self, generator: torch.Generator) -> None:
        """Draw all weights as torchvision does, whatever the activation; then read the file."""
        seed = int(torch.randint(2**63 - 1, (), generator=generator))
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            drawn = self.make(self.classes).state_dict()
        if self.weights:
            drawn |= self._read(self.weights, drawn)
        self.network.load_state_dict(drawn, strict=False)  # activations learn what it lacks

    def _read(self, file: str, drawn: State) -> State:
        """The numbers of the file that replace `drawn`; UserError where they do not fit."""
        found = read_weights(file)
        first = f"{_first_convolution(self.network)[0]}.weight"
        if first in found and found[first].ndim == 4 and found[first].shape[1] == 3:
            found[first] = fit_channels(found[first], drawn[first].shape[1])
        other = self.make(self.classes + 1).state_dict()
        head = {key for key in drawn if drawn[key].shape != other[key].shape}
        return fit_weights(found, drawn, head, file)


def model_names() -> list[str]:
    """The names of all classifiers of torchvision.models."""
    return models.list_models(module=models)


def build(activation, channels, classes, size, *, model="", weights=None):
    """Any classifier of torchvision.models whose forward calls no activation as a function.

    Raises UserError for a model that is unknown, that does, or that is not made for this size.
    """
    known = model_names()
    if model not in known:
        near = suggest(model, known) or f"; known are {', '.join(known)}"
        raise UserError(f"{PLACE}: torchvision.models has no classifier '{model}'{near}")
    pixels = height_width(size)
    make = partial(_make, model, channels, pixels)
    calls = _find_calls(model, channels, pixels, classes)
    network = make(classes)
    for module in network.modules():
        if hasattr(module, "inplace"):  # dropout, which may not overwrite what any activation gave
            module.inplace = False
    replace_activations(network, calls, activation)
    return Classifier(network, make, classes, weights)


def _make(model, channels, size, classes):
    """The model as torchvision draws it, for such images; ValueError where it has no such size."""
    options = {}
    if model.startswith("vit_"):
        if size[0] != size[1]:
            raise ValueError("it takes square images only")
        options["image_size"] = size[0]
    if model.startswith("maxvit_"):
        options["input_size"] = size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # googlenet and inception_v3, of how they are drawn
        network = models.get_model(model, num_classes=classes, **options)
    convolution = _first_convolution(network)[1]
    convolution.in_channels = channels
    convolution.weight = nn.Parameter(fit_channels(convolution.weight.detach(), channels))
    return network


def _first_convolution(network):
    """(name, layer) of the one that sees the image."""
    named = network.named_modules()
    return next((name, layer) for name, layer in named if isinstance(layer, nn.Conv2d))


def fit_channels(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """The `weight` of a convolution of RGB images for images of another number of channels.

    A grey image then gives what its copy into three channels gave. Of other numbers the three are
    taken in turn, scaled so that the sum stays alike.
    """
    if channels == 3:
        return weight
    if channels == 1:
        return weight.sum(1, keepdim=True)
    return weight[:, torch.arange(channels) % 3] * (3 / channels)


@cache
def _find_calls(model, channels, pixels, classes):
    """{name of an activation module: its calls}; UserError for what cannot be trained here.

    torch's generator is left as it was. Else the dropout of the first network that a process builds
    would be another than that of the next ones.
    """
    try:
        with torch.random.fork_rng(devices=[]):
            network = _make(model, channels, pixels, classes)
            calls, functions = record_calls(network, (2, channels, *pixels))
    except Exception as error:  # torchvision's own, of any kind
        _check_functions(model, _record_shapes(model, USUAL)[1])
        raise _wrong_size(model, pixels, error) from error
    _check_functions(model, functions)
    return calls


def _check_functions(model, functions):
    """Raise UserError where a model calls activations as functions."""
    if functions:
        raise UserError(
            f"{PLACE}: {model} calls {', '.join(sorted(functions))} as a function, which cannot be "
            "replaced; choose another model, such as resnet18"
        )


def _wrong_size(model, pixels, error):
    """The UserError for images of a size that a model does not take, and the next one it does."""
    larger = range(max(pixels) + 1, LARGEST + 1)
    fitting = next((side for side in larger if _takes(model, side)), None)
    way = f"the next size that it takes is {fitting}, as in size: {fitting}" if fitting else ""
    height, width = pixels
    why = way or first_line(error)
    return UserError(f"{PLACE}: {model} does not take images of {height} × {width} pixels; {why}")


def _takes(model, side):
    """Whether a model takes images of `side` × `side` pixels."""
    try:
        _record_shapes(model, side)
    except Exception:  # as above
        return False
    return True


def _record_shapes(model, side):
    """`record_calls` of a model for images of `side` × `side` pixels; its weights are not drawn."""
    with torch.device("meta"):
        return record_calls(_make(model, 3, (side, side), 2), (2, 3, side, side))


def _attention(x: torch.Tensor) -> AbstractContextManager:
    """On a GPU attention written out: torch's fused one need not give the same bits twice."""
    return sdpa_kernel(SDPBackend.MATH) if x.is_cuda else nullcontext()
