"""A network that brings weights along is named in one line: training draws all of them anew."""

from functools import partial

import pytest
import torch
from test_training import TINY
from torch import nn

from activarium import networks
from activarium.train import describe, pretrained


def pretrained_network(n):
    """A build whose first `n` layers are set to what a file might hold."""
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1), nn.Flatten(),
                        nn.Linear(2, 2))  # fmt: skip
    for layer in [m for m in net if isinstance(m, (nn.Conv2d, nn.Linear))][:n]:
        layer.load_state_dict({k: torch.arange(v.numel()).float().reshape(v.shape)
                               for k, v in layer.state_dict().items()})  # fmt: skip
    return net


def test_loaded_weights_are_told_from_drawn_ones_and_said_in_one_line():
    assert pretrained.count_own_weights(partial(pretrained_network, 2)) == (2, 3)
    assert pretrained.describe_brought_weights("mine", partial(pretrained_network, 2)) == (
        "networks: mine: build sets the weights of 2 of its 3 layers itself, as pretrained ones "
        "are; the training draws the weights of all of them anew, so these are not used (norms "
        "and whatever else learns keep their own start)"
    )
    assert pretrained.describe_brought_weights("mine", partial(pretrained_network, 0)) is None


def test_weights_of_another_draw_are_no_weights_of_the_network_s_own():
    def orthogonal():
        net = pretrained_network(0)
        nn.init.orthogonal_(net[-1].weight)
        return net

    assert pretrained.count_own_weights(orthogonal) == (0, 3)


@pytest.mark.parametrize("name", networks.names())
def test_no_built_in_network_brings_weights_along(name):
    build = partial(networks.load(name).build, describe.Activation, 1, 10, 8, **TINY[name])
    own, n = pretrained.count_own_weights(build)
    assert own == 0 < n


def test_looking_for_weights_leaves_the_generator_as_it_was():
    before = torch.get_rng_state()
    pretrained.count_own_weights(partial(pretrained_network, 1))
    assert torch.equal(torch.get_rng_state(), before)
