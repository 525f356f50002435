"""K runs as one network: by torch.func's vmap, or by grouped convolutions written out.

Both compute all runs' convolutions in one grouped one, whose kernel is another than that of a
run alone, so a run's last bits may depend on its pack.
"""

import copy

import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from activarium.train.batches import DeviceLoader
from activarium.train.initialisation import take_pixels_first
from activarium.train.step import Training

from .graph import Units, pack


class Stacked:
    """K runs in one: `forward` takes images [K, size, …] to logits [K, size, classes].

    The loss is the sum of the runs' means, so that each run's gradient is its own.
    """

    def __init__(self, setting, seeds):
        runs = [setting.training(Training, seed) for seed in seeds]
        self.run, self.number, self.recipe = runs[0], len(runs), setting.recipe
        self.loader = DeviceLoader(
            self.run.data, self.recipe, seeds, self.run.device, self.run.learning_rate
        )
        self.names = [n for n, _ in self.run.network.named_parameters()]
        for run in runs:
            run.network.train()
        parameters = self.join([run.network for run in runs])
        self.optimiser = torch.optim.Adam(  # the recipe decays no weights, so one group is enough
            parameters, lr=self.loader.rate, fused=True, capturable=True
        )

    def train_batch(self):
        """One step of all runs."""
        x, y = self.loader.next_batch()
        x = self.run.normalise(x).unflatten(0, (self.number, self.loader.size))
        with self.run.autocast():
            logits = self.forward(x).flatten(0, 1).float()
        smooth = self.recipe["label_smoothing"]
        loss = F.cross_entropy(logits, y, label_smoothing=smooth, reduction="sum")
        self.optimiser.zero_grad(set_to_none=True)
        (loss / self.loader.size).backward()
        self.optimiser.step()
        with torch.no_grad():
            correct = (logits.argmax(1) == y).sum()
            self.loader.total.add_(torch.stack([loss.double(), correct.double()]))

    def generators(self):
        return set()


class ByVmap(Stacked):
    """Parameters and buffers stacked, one network's forward mapped over them."""

    def join(self, nets):
        skeleton = copy.deepcopy(nets[0]).to("meta")
        self.parameters, self.buffers = stack_module_state(nets)

        def one(parameters, buffers, x):
            return functional_call(skeleton, (parameters, buffers), (x,))

        every = vmap(one, randomness="different")
        self.forward = lambda x: every(self.parameters, self.buffers, x)
        return list(self.parameters.values())

    def tensors(self):
        return [t.detach() for t in (*self.parameters.values(), *self.buffers.values())]

    def states(self):
        whole = self.parameters | self.buffers
        return [{n: t.detach()[k] for n, t in whole.items()} for k in range(self.number)]


class ByGroups(Stacked):
    """One network of K times the channels, in K groups that never mix."""

    def join(self, nets):
        self.net = grouped(nets).to(memory_format=torch.channels_last).train()
        if self.run.device.type == "cpu":
            take_pixels_first(self.net)
        return list(self.net.parameters())

    def forward(self, x):
        """[K, n, channels, …] as [n, K · channels, …] through the network, and back."""
        x = x.transpose(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)
        return self.net(x)

    def tensors(self):
        return list(self.net.state_dict().values())

    def states(self):
        return [
            {n: t.chunk(self.number)[k] if t.dim() else t for n, t in self.net.state_dict().items()}
            for k in range(self.number)
        ]


def grouped(layers):
    """One layer that does what each of `layers` does to its own channels of the input."""
    first = layers[0]
    for kind, join in JOINED.items():
        if isinstance(first, kind):
            return join(layers)
    if list(first.parameters(recurse=False)):
        raise TypeError(f"{type(first).__name__} has weights that cannot be grouped here")
    whole = copy.deepcopy(first)
    for name, _ in first.named_children():
        setattr(whole, name, grouped([getattr(layer, name) for layer in layers]))
    return whole


def _joined(layers, name):
    """A parameter or buffer of all layers after each other."""
    return torch.cat([getattr(layer, name).detach() for layer in layers])


def _convolution(layers):
    c, k = layers[0], len(layers)
    shape = (k * c.in_channels, k * c.out_channels, c.kernel_size, c.stride, c.padding)
    whole = nn.Conv2d(*shape, groups=k, bias=c.bias is not None, device="meta")
    whole.weight = nn.Parameter(_joined(layers, "weight"))
    if c.bias is not None:
        whole.bias = nn.Parameter(_joined(layers, "bias"))
    return whole


def _norm(layers):
    whole = nn.BatchNorm2d(len(layers) * layers[0].num_features)
    whole.weight = nn.Parameter(_joined(layers, "weight"))
    whole.bias = nn.Parameter(_joined(layers, "bias"))
    return whole.to(whole.weight.device)


class GroupedLinear(nn.Module):
    """K linear layers: [n, K · in] to [K, n, out]."""

    def __init__(self, layers):
        super().__init__()
        self.number = len(layers)
        self.weight = nn.Parameter(_joined(layers, "weight"))
        self.bias = nn.Parameter(_joined(layers, "bias"))

    def forward(self, x):
        x = x.unflatten(1, (self.number, -1)).transpose(0, 1)
        weight = self.weight.unflatten(0, (self.number, -1)).transpose(1, 2)
        return torch.baddbmm(self.bias.unflatten(0, (self.number, 1, -1)), x, weight)


JOINED = {nn.Conv2d: _convolution, nn.BatchNorm2d: _norm, nn.Linear: GroupedLinear}


class _Pack:
    """A candidate: one stacked unit, captured if `per_graph` says of how many steps."""

    def __init__(self, setting, seeds, compiled=False, per_graph=None):
        unit = self.kind(setting, seeds)
        if compiled:
            unit.net.compile(dynamic=False)
        if per_graph:
            self.units = pack([unit], setting, per_graph=per_graph)
        else:
            self.units = Units([unit], setting.steps)
        self.epoch, self.states = self.units.epoch, unit.states


class Mapped(_Pack):
    kind = ByVmap


class Grouped(_Pack):
    kind = ByGroups
