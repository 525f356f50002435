"""Every network takes any image, starts alike for all activations, learns, and can be captured."""

import math

import pytest
import torch
from fake_gpu import FakeGpu
from test_training import (
    CELL,
    CPU,
    RECIPE,
    SMALLEST,
    TINY,
    as_a_job,
    images,
    pack,
    prepared,
    quiet,
    settled,
    trained,
    training,
)
from torch import nn

from activarium import activations, datasets, networks
from activarium.data import prepare
from activarium.runtime.errors import UserError
from activarium.train import job, loop, step
from activarium.train.batches import split_images

__all__ = ["as_a_job", "prepared"]  # fixtures, used by their names
SQUARE_ONLY = set()  # networks that take no other images


def build(name, channels=3, classes=10, size=8, activation="silu", **parameters):
    """A network, a tiny one unless its parameters are given."""

    def make(channels, dim=1):
        return activations.module(activation, channels=channels, dim=dim)

    parameters = parameters or TINY[name]
    return networks.load(name).build(make, channels, classes, size, **parameters)


@pytest.mark.parametrize("name", networks.names())
def test_any_image_from_4_pixels_any_channels_and_any_number_of_classes_fit(name):
    sizes = {4: (1, 2), 5: (2, 300), 17: (1, 10), 32: (3, 100)}
    for size, (channels, classes) in sizes.items():
        if size < SMALLEST.get(name, 4):
            with pytest.raises(ValueError, match=f"images of {size} pixels"):
                build(name, channels, classes, size)
            continue
        net = build(name, channels, classes, size)
        assert net(torch.zeros(2, channels, size, size)).shape == (2, classes)


@pytest.mark.parametrize("name", networks.names())
@pytest.mark.parametrize("height, width", [(16, 32), (48, 16)])
def test_of_non_square_images_every_corner_counts_where_a_network_takes_them(name, height, width):
    if name in SQUARE_ONLY:
        with pytest.raises(UserError, match=f"networks/{name}.py takes square images only"):
            networks.fitting_size(name, (height, width))
        return
    size = networks.fitting_size(name, (height, width))
    net = build(name, size=size, activation="softplus", **LEARNS[name][0])
    g = torch.Generator().manual_seed(0)
    x = torch.rand(1, 3, height, width, generator=g)
    for rows in (slice(0, 4), slice(-4, None)):
        for columns in (slice(0, 4), slice(-4, None)):
            other = x.clone()
            other[..., rows, columns] += torch.rand(1, 3, 4, 4, generator=g)
            assert not torch.equal(net.eval()(x), net(other))


@pytest.mark.parametrize("name", networks.names())
def test_the_same_seed_gives_every_activation_the_same_start(name):
    first, second, other = (
        training(activation, seed, network=name).network.state_dict()
        for activation, seed in (("silu", 3), ("prelu", 3), ("silu", 4))
    )
    assert first and all(torch.equal(value, second[key]) for key, value in first.items())
    assert not all(torch.equal(value, other[key]) for key, value in first.items())


class Inner(nn.Module):
    """An activation that has layers with weights of its own."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(1, 2), nn.Linear(2, 1)
        for p in self.parameters():
            nn.init.constant_(p, 0.5)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x[..., None])))[..., 0]


@pytest.mark.parametrize("name", ["resnet14", "vit"])
def test_layers_inside_an_activation_keep_their_start_and_leave_that_of_the_others(
    name, monkeypatch
):
    """They have no weight decay either, as nothing that an activation learns."""
    network, data = {"file": name, "parameters": TINY[name]}, images()
    cell = loop.Cell(CELL, RECIPE | {"weight_decay": 0.1}, network)
    plain = step.Training(cell.build_network(data), data, cell.recipe, 0, CPU)
    monkeypatch.setattr(activations, "module", lambda *_, **__: Inner())
    inner = step.Training(cell.build_network(data), data, cell.recipe, 0, CPU)
    found = inner.network.state_dict()
    for key, value in plain.network.state_dict().items():
        assert torch.equal(found.pop(key), value), key
    assert found and all((value == 0.5).all() for value in found.values())
    sizes = [[len(group["params"]) for group in t.optimiser.param_groups] for t in (plain, inner)]
    assert sizes[1] == [sizes[0][0], sizes[0][1] + len(found)]


@pytest.mark.parametrize("name", networks.names())
def test_the_parameters_of_a_network_do_something(name):
    """Of two values each, the networks have other shapes, or give other scores."""
    file, given = networks.load(name), networks.parameters(name)
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for parameter, default in given.items():
        if isinstance(default, int):
            values = (False, True) if isinstance(default, bool) else (1, 2)
            values = (3, 6) if parameter == "width" and "heads" in given else values
            found = []
            for value in values:
                torch.manual_seed(0)
                net = build(name, 1, **TINY[name] | {parameter: value}).eval()
                found.append(([p.shape for p in net.parameters()], net(x).tolist()))
            assert found[0] != found[1], parameter
    assert file.label and file.__doc__


@pytest.mark.parametrize("name", networks.names())
def test_no_network_strides_over_single_pixels(name, monkeypatch):
    convolve, seen = nn.functional.conv2d, []

    def noted(x, weight, bias=None, stride=1, *more):
        seen.append((tuple(weight.shape[2:]), stride))
        return convolve(x, weight, bias, stride, *more)

    monkeypatch.setattr(nn.functional, "conv2d", noted)
    training(network=name).evaluate("test")
    strides = {stride for size, stride in seen if size == (1, 1)}
    assert strides <= {1, (1, 1)}, "torch would write beyond its memory: docs/torch.md"


# How they train

DIGITS = RECIPE | {"schedule": "one_cycle", "learning_rate": 0.02, "batch_size": 32, "epochs": 6,
                   "augmentation": "none", "evaluate_every": 20}  # fmt: skip
SLOWLY = {"learning_rate": 0.01, "batch_size": 20, "epochs": 15}
LEARNS = {  # parameters, what the recipe has of its own, and the accuracy that is surpassed
    "resnet14": ({"width": 4}, {}, 0.8),
    "plain": ({"width": 8}, {}, 0.85),
    "mlp": ({"width": 32, "depth": 3}, {}, 0.8),
    "resnet18": ({"width": 4}, {}, 0.7),
    "resnet": ({"width": 4, "blocks": 1}, {}, 0.8),
    "fast": ({"width": 8}, {}, 0.85),
    "mobilenet": ({"width": 4, "blocks": 1, "expand": 4}, {}, 0.75),
    "convnext": ({"width": 8, "blocks": 1, "patch": 1}, {}, 0.75),
    "vit": ({"width": 24, "depth": 1, "patch": 2}, SLOWLY, 0.5),
    "mixer": ({"width": 24, "depth": 2, "patch": 2}, {"batch_size": 20, "epochs": 8}, 0.6),
    "torchvision": ({"model": "resnet18"}, {"learning_rate": 0.002, "epochs": 3}, 0.6),
}


@pytest.fixture(scope="module")
def digits():
    """The 400 digits to train on and the others, as a job has them."""
    whole = datasets.load("digits").load()
    mean, sd = prepare._moments(whole.train_images)
    description = {"name": "digits", "mean": mean, "sd": sd}
    return split_images(whole, description, None, 0, CPU) | {"classes": 10}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if name == "torchvision" else ())
    for name in networks.names()
])  # fmt: skip
def test_every_network_learns_the_digits_in_a_few_epochs(name, digits):
    parameters, recipe, bar = LEARNS[name]
    network = {"file": name, "parameters": networks.parameters(name) | parameters}
    cell = loop.Cell(CELL, DIGITS | recipe, network)
    row = loop.train_run(cell, 0, digits, CPU, quiet()).to_pylist()[0]
    assert row["test_accuracy"] > bar, "chance is 0.1"


@pytest.mark.parametrize("name", networks.names())
def test_a_captured_pack_of_every_network_is_what_each_seed_gives_alone(
    name, tmp_path, prepared, monkeypatch
):
    """The stand-in of a GPU; at a rate that is exact in float32, as a captured step reads it."""
    given = {"network": {"file": name, "parameters": networks.parameters(name) | TINY[name]},
             "recipe": RECIPE | {"learning_rate": 2**-7}}  # fmt: skip
    apart = pack(tmp_path / "apart", [0, 1], prepared, "prelu", **given)
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    gpu = FakeGpu(monkeypatch)
    at_once = pack(tmp_path / "at once", [0, 1], prepared, "prelu", **given)
    assert [settled(at_once[seed]) for seed in (0, 1)] == [settled(apart[seed]) for seed in (0, 1)]
    assert [(len(r.work), r.replays) for r in gpu.captured] == [(1, 2)] * 2 + [(2, 2 * 3)]
    assert "is not captured" not in (tmp_path / "at once/log").read_text()


def check_a_step(activation, name):
    """The losses of an epoch of one step, and of evaluating it: finite where layers normalise."""
    one = training(activation, data=images(train=16, test=4), network=name)
    loss, correct = one.train_epoch(0)["train_loss"], one.evaluate("test")[1]
    assert (math.isfinite(loss) or name == "mlp") and len(correct) == 4


@pytest.mark.parametrize("number, activation", list(enumerate(activations.names())))
def test_every_activation_trains_a_step_in_one_network_and_every_network_some(number, activation):
    check_a_step(activation, networks.names()[number % len(networks.names())])


@pytest.mark.slow
@pytest.mark.parametrize("name", networks.names())
def test_every_activation_trains_a_step_in_every_network(name):
    for activation in activations.names():
        check_a_step(activation, name)


@pytest.mark.parametrize("name", networks.names())
def test_every_network_trains_with_every_key_of_a_recipe(name):
    given = {"warmup": 0.5, "clip": 1.0, "ema": 0.9, "betas": [0.9, 0.95], "epochs": 1}
    used = {"file": name, "parameters": TINY[name]}
    row = trained("prelu", 0, used, images(train=48, test=4), **given)
    assert row["status"] == "ok" and math.isfinite(row["epochs"][0]["test_loss"])
