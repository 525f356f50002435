"""What an activation learns: one a layer or one a channel, of every network's channels."""

from types import ModuleType

import pytest
import torch
from test_sanity_check import file, net
from test_training import CELL, PLAIN, RECIPE, SMALLEST, TINY, as_a_job, images
from torch import nn

from activarium import activations, networks
from activarium.definitions.torch_module import build_module
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


# What is built in is what its paper says, written anew


def dyt(x, alpha, gamma, beta):
    return gamma * torch.tanh(alpha * x) + beta


def acon_c(x, p1, p2, beta):
    return (p1 - p2) * x * torch.sigmoid(beta * (p1 * x - p2 * x)) + p2 * x


def swish(x, beta):
    return x * torch.sigmoid(beta * x)


def pau(x, *c):
    below = sum((b * x**k).abs() for k, b in enumerate(c[6:], 1))
    return sum(a * x**k for k, a in enumerate(c[:6])) / (1 + below)


PAPERS = {"dyt": (dyt, 1), "acon_c": (acon_c, 0), "swish": (swish, 0), "pau": (pau, 0)}
CASES = [("dyt", None), ("dyt", "layer"), ("acon_c", None), ("acon_c", "layer"), ("swish", None),
         ("swish", "channel"), ("pau", None), ("pau", "channel")]  # fmt: skip


def from_elsewhere(name, learned, dim=1, channels=3):
    """(the built-in module, its paper's formula of x), both at the same drawn values."""
    draw = torch.Generator().manual_seed(1)
    ours = activations.module(name, learned=learned, channels=channels, dim=dim).double()
    for learns in ours.parameters():
        learns.data.add_(torch.randn(learns.shape, generator=draw).double() / 2)
    shape = [channels if k == dim else 1 for k in (0, 1, 2, -1)]
    given = [p.detach().clone().requires_grad_() for p in ours.parameters()]
    formula = PAPERS[name][0]
    return ours, given, lambda x: formula(x, *(p.view(shape) if p.ndim else p for p in given))


@pytest.mark.parametrize("dim", [1, -1])
@pytest.mark.parametrize(("name", "learned"), CASES)
def test_values_and_gradients_are_those_of_the_paper_s_formula(name, learned, dim):
    ours, given, formula = from_elsewhere(name, learned, dim)
    x = torch.randn(4, 3, 2, 3, generator=torch.Generator().manual_seed(0)).double()
    x.requires_grad_()
    y, expected = ours(x), formula(x)
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    got = torch.autograd.grad(y.sin().sum(), [x, *ours.parameters()])
    wanted = torch.autograd.grad(expected.sin().sum(), [x, *given])
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "learned"), CASES)
def test_a_step_of_training_is_that_of_the_paper_s_formula_in_16_bits_too(name, learned):
    """In bfloat16 the gradients of parameters are summed from float32, over all but their axis."""
    ours, given, formula = from_elsewhere(name, learned)
    ours.float()
    x = torch.randn(16, 3, 4, 4, generator=torch.Generator().manual_seed(0)).bfloat16()
    ours(x).float().square().mean().backward()
    formula(x.double()).square().mean().backward()
    for learns, expected in zip(ours.parameters(), given, strict=True):
        assert learns.grad.shape == expected.grad.shape
        torch.testing.assert_close(learns.grad.double(), expected.grad, rtol=2e-2, atol=1e-4)


SHAPES = {
    ("dyt", None): [(), (3,), (3,)],
    ("dyt", "channel"): [(), (3,), (3,)],
    ("dyt", "layer"): [(), (), ()],
    ("acon_c", None): [(3,)] * 3,
    ("acon_c", "layer"): [()] * 3,
    ("prelu", None): [(1,)],
    ("prelu", "channel"): [(3,)],
    ("swish", None): [()],
    ("swish", "channel"): [(3,)],
    ("pau", None): [()] * 10,
    ("pau", "channel"): [(3,)] * 10,
    ("xielu", "channel"): [(3,)] * 2,
}


@pytest.mark.parametrize(("name", "learned"), SHAPES)
def test_the_file_says_what_is_per_channel_and_the_study_may_choose(name, learned):
    module = activations.module(name, learned=learned, channels=3)
    assert [tuple(p.shape) for p in module.parameters()] == SHAPES[name, learned]


@pytest.mark.parametrize("learned", ["layer", "channel"])
def test_what_learns_nothing_takes_no_word_on_how(learned):
    with pytest.raises(UserError, match=f"^gelu learns nothing; leave out learned: {learned}$"):
        activations.module("gelu", learned=learned, channels=3)


MODULES = {
    "def module():": ("channel", "mine: learned: channel calls module(channels); write def "
                      "module(channels=1):, or leave module out"),
    "def module(channels):": ("layer", "mine: learned: layer calls module() without channels; "
                              "write def module(channels=1):"),
}  # fmt: skip
MINE = """
label, formula = "Mine", "a·x"

def definition(x, xp, *, a=1):
    return a * x

{}
    from torch import nn
    return nn.PReLU()
"""


@pytest.mark.parametrize("form", MODULES)
def test_a_module_that_cannot_learn_as_the_study_says_is_refused(form):
    mine = ModuleType("activarium.activations.mine")
    exec(MINE.format(form), mine.__dict__)
    learned, said = MODULES[form]
    with pytest.raises(UserError) as error:
        build_module(mine, learned, channels=3)
    assert str(error.value) == said
