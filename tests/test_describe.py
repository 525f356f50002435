"""A network's description is what the network that is trained is made of."""

import pytest
import torch
from torch import nn

from activarium import networks
from activarium.train.describe import describe_networks
from activarium.train.initialisation import initialise


def about(name, *over, **changed):
    stated = {"file": name, "parameters": networks.parameters(name) | changed}
    return describe_networks({"net": stated}, over or ("digits",))["net"]


def test_a_description_counts_layers_activations_and_parameters():
    found = about("resnet14", "digits", "cifar10", "cifar100")
    assert found["layers"] == {"convolution": 15, "batch norm": 13, "linear layer": 1}
    assert (found["activations"], found["norm"]) == (13, True)
    net = networks.load("resnet14").build(lambda *_: nn.ReLU(), 3, 100, 32)
    assert found["parameters"]["cifar100"] == sum(p.numel() for p in net.parameters())
    assert found["parameters"]["digits"] < found["parameters"]["cifar10"]
    plain = about("mlp", depth=3)
    assert (plain["layers"], plain["norm"]) == ({"linear layer": 4}, False)


@pytest.mark.parametrize("changed", [{}, {"sigma_w": 1.0, "sigma_b": 0.5}])
def test_weights_start_with_the_variance_that_is_describe_networks(changed):
    found = about("mlp", width=512, **changed)
    net = networks.load("mlp").build(lambda *_: nn.ReLU(), 1, 10, 8, width=512, **changed)
    initialise(net, 0)
    layer = net[3]
    assert found["sigma_w2"] == pytest.approx(512 * layer.weight.var().item(), rel=0.02)
    assert found["sigma_b2"] == pytest.approx(layer.bias.var().item(), rel=0.2)


def test_a_layer_of_ones_own_is_counted_under_its_name_and_a_broken_net_says_why(monkeypatch):
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

    class File:
        label = "mine"

        @staticmethod
        def build(activation, *shape):
            return nn.Sequential(Scale(), activation(), nn.Dropout(0.1))

    monkeypatch.setattr(networks, "load", lambda name: File)
    stated = {"net": {"file": "mine", "parameters": {}}}
    found = describe_networks(stated, ("digits",))["net"]
    assert (found["layers"], found["parameters"]) == ({"Scale": 1}, {"digits": 3})
    stated["net"]["parameters"] = {"depth": 3}
    assert "unexpected key" in describe_networks(stated, ("digits",))["net"]["refused"]
