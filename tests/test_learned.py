"""What an activation learns: one a layer or one a channel, of every network's channels."""

import pytest
import torch
from test_sanity_check import file, net
from test_training import CELL, PLAIN, RECIPE, SMALLEST, TINY, as_a_job, images
from torch import nn

from activarium import activations, networks
from activarium.runtime.errors import UserError
from activarium.train import check_network, loop

__all__ = ["as_a_job", "file"]  # fixtures, used by their names


def cell(activation="prelu", network=PLAIN, learned=None):
    spec = activations.ActivationSpec(activation, learned=learned)
    return loop.Cell(CELL | {"activation": activation}, RECIPE, network, spec)


def refused(network, learned="channel"):
    """What is said of a network's file that trains PReLU, "" where nothing is."""
    try:
        check_network.check_network(cell(network={"file": network, "parameters": {}},
                                         learned=learned), images())  # fmt: skip
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", networks.names())
def test_every_network_hands_its_channel_counts_on(name):
    """The check holds each count against the input that the activation is called with."""
    tiny = {"file": name, "parameters": TINY[name]}
    data = images(size=SMALLEST.get(name, 4))
    check_network.check_network(cell(network=tiny, learned="channel"), data)
    by_layer, by_channel = (
        _prelus(cell(network=tiny, learned=way).build_network(data)) for way in ("layer", "channel")
    )
    assert len(by_layer) == len(by_channel) > 0
    assert all(m.weight.shape == (1,) for m in by_layer)
    assert all(m.weight.numel() > 1 for m in by_channel)


def _prelus(network):
    return [m for m in network.modules() if isinstance(m, nn.PReLU)]


def test_a_network_that_names_no_channels_trains_one_a_layer(file):
    file(networks, "mynet", net("h = self.act(h)"))
    assert refused("mynet", learned=None) == refused("mynet", learned="layer") == ""


def test_a_network_that_names_no_channels_is_refused_with_its_line_where_they_are_needed(file):
    file(networks, "mynet", net("h = self.act(h)"))
    assert refused("mynet").endswith(
        "networks/mynet.py, line 10: prelu learns slope for each channel, and is not told how "
        "many there are; write activation(64) in the network, activation(64, dim=-1) where "
        "channels come last, or learned: layer in the study"
    )


@pytest.mark.parametrize("said, wrong", [("(5)", "5"), ("(4, dim=-1)", "4, dim=-1")])
def test_a_wrong_count_of_channels_is_refused_whatever_is_trained(file, said, wrong):
    file(networks, "mynet", net("h = self.act(h)", f"self.act = activation{said}"))
    for learned in (None, "channel"):
        told = f"the network makes activation({wrong}) and calls it on [4, 4, 6, 6]; give it"
        assert f"networks/mynet.py: {told}" in refused("mynet", learned)


@pytest.mark.parametrize("dim", [1, -1])
def test_prelu_per_channel_is_torch_s_wherever_its_channels_are(dim):
    ours = activations.module("prelu", learned="channel", channels=6, dim=dim)
    theirs = nn.PReLU(6)
    slopes = torch.linspace(-1, 1, 6)
    for module in (ours, theirs):
        (slope,) = module.parameters()
        slope.data.copy_(slopes)
    x = torch.randn(4, 6, 5, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y, expected = ours(x), theirs(x.movedim(dim, 1)).movedim(1, dim)
    assert torch.equal(y, expected)
    (dy, ds), (dy2, ds2) = (
        torch.autograd.grad(v.sin().sum(), [x, *module.parameters()])
        for v, module in ((y, ours), (expected, theirs))
    )
    assert torch.equal(dy, dy2) and torch.equal(ds, ds2)
