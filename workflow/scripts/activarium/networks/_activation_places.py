"""Where somebody else's network calls an activation, and the study's put into each place."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.modules import activation as torch_activations
from torch.overrides import TorchFunctionMode

# Of what torch counts as activations: gates, which scale another branch, and what is none.
KEPT = (
    nn.Sigmoid,
    nn.Hardsigmoid,
    nn.GLU,
    nn.Softmax,
    nn.Softmax2d,
    nn.Softmin,
    nn.LogSoftmax,
    nn.MultiheadAttention,
)
# As functions: what could stand where a module of these does. Gates again are none.
FUNCTIONS = {
    "relu", "relu6", "hardtanh", "hardswish", "silu", "mish", "gelu", "elu", "celu", "selu",
    "leaky_relu", "prelu", "rrelu", "softplus", "softsign", "tanh", "tanhshrink", "hardshrink",
    "softshrink", "logsigmoid", "threshold",
}  # fmt: skip


class Place(nn.Module):
    """Stands where an activation stood and gives its input back.

    `calls` are (channels, the dimension that they are) of each call in a forward pass. After a
    convolution channels are the dimension 1, after a linear layer the last one.
    """

    def __init__(self):
        super().__init__()
        self.calls: list[tuple[int, int]] = []
        self.after_convolution = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dim = 1 if self.after_convolution else -1
        self.calls.append((x.shape[dim], dim))
        return x


class InTurn(nn.ModuleList):
    """The activations of a place that a network calls several times, one for each call."""

    turn = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        module = self[self.turn]
        self.turn = (self.turn + 1) % len(self)
        return module(x)


class FunctionRecorder(TorchFunctionMode):
    """Notes which activations are called as functions, in `called`."""

    def __init__(self):
        super().__init__()
        self.called: set[str] = set()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "").rstrip("_")
        if name in FUNCTIONS:
            self.called.add(name)
        return function(*args, **(kwargs or {}))


def is_activation(module: nn.Module) -> bool:
    """Whether this is one of torch's activation modules, and no gate or attention."""
    return type(module).__module__ == torch_activations.__name__ and not isinstance(module, KEPT)


def put_places(network: nn.Module) -> None:
    """Put a `Place` where each activation module stands."""
    for name, module in list(network.named_modules()):
        if is_activation(module):
            network.set_submodule(name, Place())


def record_calls(
    network: nn.Module, shape: Sequence[int]
) -> tuple[dict[str, list[tuple[int, int]]], set[str]]:
    """({name of an activation module: its calls}, activations called as functions).

    By one forward pass for images of `shape`, of which only shapes are known. The activation
    modules become a `Place` each. No module can replace a function.
    """
    put_places(network)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    places = [m for m in network.modules() if isinstance(m, Place)]

    def note_layer(layer, inputs, output):
        for place in places:
            place.after_convolution = isinstance(layer, nn.Conv2d)

    for layer in layers:
        layer.register_forward_hook(note_layer)
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    on_meta = {name: value.detach().to("meta") for name, value in state.items()}
    with torch.no_grad(), FunctionRecorder() as recorder:
        functional_call(network.eval(), on_meta, (torch.zeros(*shape, device="meta"),))
    named = network.named_modules()
    return {n: m.calls for n, m in named if isinstance(m, Place)}, recorder.called


def replace_activations(
    network: nn.Module, calls: Mapping[str, Sequence[tuple[int, int]]], make: Callable
) -> None:
    """Put `make(channels, dim=…)` where each activation module stands, a new one for each call."""
    for name, found in calls.items():
        made = [make(channels, dim=dim) for channels, dim in found]
        network.set_submodule(name, made[0] if len(made) == 1 else InTurn(made))
