"""A model of torchvision with the study's activations is torchvision's, and starts as it says."""

import copy
import sys
from fractions import Fraction
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
import torch
import yaml
from test_concurrent_training import gpu, log, weights_at_once
from test_training import RECIPE, as_a_job, images, pack, prepared, settled, weights
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision import models

from activarium import networks
from activarium.activations import ActivationSpec
from activarium.report.training_summary import describe_networks
from activarium.runtime.errors import UserError, describe_error
from activarium.study import Study, name_checks
from activarium.study.grid import Grid
from activarium.study.name_checks import network_with_defaults
from activarium.train import checkpoints, describe, pretrained, progress
from activarium.train.initialisation import initialise
from activarium.train.loop import Cell
from activarium.train.pack import CrashedError

__all__ = ["as_a_job", "gpu", "prepared", "weights", "weights_at_once"]  # fixtures
SMALL = "shufflenet_v2_x0_5"  # the fewest parameters of those that take 8 × 8 pixels
DROPPING = "mobilenet_v3_small"  # it has dropout
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.Tanh)
# What torch computes for one of them, and what no gate computes.
OPERATIONS = {"relu", "relu_", "hardtanh", "hardtanh_", "hardswish", "hardswish_", "silu", "silu_",
              "gelu", "tanh", "leaky_relu", "elu", "clamp_min", "threshold"}  # fmt: skip


def built(model, activation=nn.SiLU, channels=3, classes=10, size=32, weights=None):
    make = lambda *_, **__: activation()  # noqa: E731 - it is told of channels
    file = networks.load("torchvision")
    return file.build(make, channels, classes, size, model=model, weights=weights)


def refused(*about, **more):
    with pytest.raises(UserError) as error:
        built(*about, **more)
    return str(error.value)


@pytest.fixture
def undrawn(monkeypatch):
    """Models are built without drawing their weights, which takes most of the time."""
    for name in dir(nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)


def own_activations(model):
    """The activation modules of torchvision's `model`, in order."""
    return [m for m in models.get_model(model).modules() if isinstance(m, ACTIVATIONS)]


def with_own_activations(model, size):
    """Our network with copies of torchvision's own activations; a module may be called thrice."""
    calls = {"resnet18": [1] + 8 * [2]}
    found = own_activations(model)
    times = calls.get(model, len(found) * [1])
    queue = [copy.deepcopy(m) for m, n in zip(found, times, strict=True) for _ in range(n)]
    net = built(model, lambda: queue.pop(0), size=size)
    assert not queue
    return net


LARGE = [(name, size) for name, size in (
    ("mobilenet_v2", 32), ("efficientnet_b0", 32), ("convnext_tiny", 32), ("vit_b_16", 32),
    ("swin_v2_t", 32), ("squeezenet1_1", 32), ("vgg11_bn", 32), ("maxvit_t", 224),
    ("regnet_y_400mf", 32))]  # fmt: skip


@pytest.mark.parametrize(
    "model, size",
    [("resnet18", 32), (DROPPING, 32), *(pytest.param(*m, marks=pytest.mark.slow) for m in LARGE)],
)
def test_with_its_own_activations_a_model_is_torchvision_s(model, size):
    ours = with_own_activations(model, size)
    initialise(ours, 0)
    last = list(ours.parameters())[-2]
    nn.init.normal_(last, generator=torch.Generator().manual_seed(2))  # vit's starts at 0
    options = {"image_size": size} if "vit_b" in model else {}
    theirs = models.get_model(model, num_classes=10, **options)
    theirs.load_state_dict(ours.network.state_dict())
    count = [sum(p.numel() for p in net.parameters()) for net in (ours, theirs)]
    assert count[0] == count[1]
    x = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    for mode in (True, False):  # dropout and stochastic depth draw the same
        found = []
        for net in (ours, theirs):
            torch.manual_seed(0)
            found.append(net.train(mode)(x))
        assert torch.equal(*found) and found[0].std() > 0


def test_gates_of_squeeze_and_excitation_stay_and_its_activation_does_not():
    kinds = {type(m) for m in built(DROPPING).modules()}
    assert nn.Hardsigmoid in kinds
    assert not kinds & {nn.ReLU, nn.Hardswish}
    squeezes = [m for m in built(DROPPING).modules() if hasattr(m, "scale_activation")]
    assert {type(m.activation) for m in squeezes} == {nn.SiLU}
    assert {type(m.scale_activation) for m in squeezes} == {nn.Hardsigmoid}


class Noted(nn.Module):
    """Channels in the dimension that it was told of; notes how often it is called."""

    def __init__(self, channels, dim=1):
        super().__init__()
        self.channels, self.dim, self.calls = channels, dim, 0

    def forward(self, x):
        assert x.shape[self.dim] == self.channels
        self.calls += 1
        return x


def check_places(model, size):
    """Each activation is called once, told its channels; what stands before it has so many."""
    file = networks.load("torchvision")
    net = file.build(Noted, 3, 10, size, model=model).to("meta").eval()
    named = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear, Noted))]
    seen, layer = [], None

    def note(module, inputs, output):
        nonlocal layer
        if isinstance(module, Noted):
            seen.append((module.channels, layer.weight.shape[0]))
        else:
            layer = module

    for module in named:
        module.register_forward_hook(note)
    net(torch.zeros(2, 3, size, size, device="meta"))
    assert {m.calls for m in named if isinstance(m, Noted)} == {1}
    assert seen and all(told == before for told, before in seen)


@pytest.mark.parametrize("model, size", [("resnet50", 32), ("convnext_tiny", 32), (DROPPING, 8)])
def test_each_activation_is_called_once_and_told_its_channels(undrawn, model, size):
    check_places(model, size)


class Operations(TorchDispatchMode):
    """Notes which of `OPERATIONS` torch computes, whoever asked for them."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.seen |= {function.overloadpacket.__name__} & OPERATIONS
        return function(*args, **(kwargs or {}))


@pytest.mark.slow
@pytest.mark.parametrize("model", models.list_models(module=models))
def test_every_registered_model_has_no_other_activation_left_or_is_refused(undrawn, model):
    size = 299 if model == "inception_v3" else 224
    try:
        net = built(model, nn.Identity, size=size).to("meta").eval()
    except UserError as error:
        assert str(error).startswith(f"networks/torchvision.py: {model} calls relu as a function, ")
        net, refused = models.get_model(model).to("meta").eval(), True
        for name, module in list(net.named_modules()):
            if isinstance(module, ACTIVATIONS):
                net.set_submodule(name, nn.Identity())
    else:
        refused = False
        check_places(model, size)
    with Operations() as operations, torch.no_grad():
        net(torch.zeros(2, 3, size, size, device="meta"))
    assert bool(operations.seen - {"clamp_min"}) == refused, operations.seen


@pytest.mark.parametrize("model", ["densenet121", "googlenet"])
def test_a_model_with_an_activation_as_a_function_is_refused(undrawn, model):
    assert (
        refused(model, size=224)
        == refused(model, size=8)
        == (
            f"networks/torchvision.py: {model} calls relu as a function, which cannot be replaced; "
            "choose another model, such as resnet18"
        )
    )


@pytest.mark.parametrize(
    "model, size, line",
    [
        ("alexnet", 8, "8 × 8 pixels; the next size that it takes is 63, as in size: 63"),
        ("vit_b_32", (64, 32), "64 × 32 pixels; the next size that it takes is 96, as in size: 96"),
    ],
)
def test_a_size_that_a_model_does_not_take_is_refused_with_the_next_one(undrawn, model, size, line):
    said = refused(model, size=size)
    assert said == f"networks/torchvision.py: {model} does not take images of {line}"
    built(model, size=63 if model == "alexnet" else 96)


def test_an_unknown_model_is_refused_with_a_near_one_or_with_all():
    said = "networks/torchvision.py: torchvision.models has no classifier "
    assert refused("resnet17") == f"{said}'resnet17' (did you mean resnet18?)"
    assert refused("zzz").startswith(f"{said}'zzz'; known are alexnet, convnext_base, ")


@pytest.mark.parametrize("channels, classes, size", [(1, 3, 8), (2, 300, (12, 20))])
def test_a_model_has_the_channels_classes_and_size_of_the_images(channels, classes, size):
    net = built(SMALL, channels=channels, classes=classes, size=size)
    initialise(net, 0)
    height, width = size if isinstance(size, tuple) else (size, size)
    assert net(torch.zeros(2, channels, height, width)).shape == (2, classes)


def test_a_grey_image_gives_what_its_copy_into_three_channels_gives():
    fit = networks.load("torchvision").fit_channels
    weight, x = torch.randn(4, 3, 5, 5, dtype=torch.float64), torch.randn(2, 1, 9, 9).double()
    grey, rgb = (nn.functional.conv2d(*pair) for pair in
                 ((x, fit(weight, 1)), (x.expand(-1, 3, -1, -1), weight)))  # fmt: skip
    torch.testing.assert_close(grey, rgb)
    assert torch.equal(fit(weight, 3), weight)
    torch.testing.assert_close(fit(weight, 6).sum(1), weight.sum(1))


def test_every_activation_starts_as_torchvision_draws_and_another_seed_elsewhere():
    first, second = built(SMALL), built(SMALL, nn.PReLU)
    before = torch.get_rng_state()
    initialise(first, 3)
    initialise(second, 3)
    assert torch.equal(torch.get_rng_state(), before)
    ours, theirs = first.network.state_dict(), second.network.state_dict()
    assert ours and all(torch.equal(value, theirs[key]) for key, value in ours.items())
    generator = torch.Generator().manual_seed(5)
    torch.manual_seed(int(torch.randint(2**63 - 1, (), generator=generator)))
    drawn = models.get_model(SMALL, num_classes=10).state_dict()
    first.init_weights(torch.Generator().manual_seed(5))
    assert all(torch.equal(value, first.network.state_dict()[k]) for k, value in drawn.items())
    assert not all(torch.equal(value, theirs[key]) for key, value in drawn.items())


def test_the_first_network_of_a_process_draws_what_later_ones_draw():
    """Else its dropout would be another: where activations stand is found out but once."""
    found = []
    networks.load("torchvision")._find_calls.cache_clear()
    for _ in range(2):
        torch.manual_seed(0)
        built(SMALL)
        found.append(torch.get_rng_state())
    assert torch.equal(*found)


# The same run gives the same bits

NETWORK = {"file": "torchvision", "parameters": {"model": DROPPING, "weights": None}}
FEW = RECIPE | {"epochs": 2, "learning_rate": 2**-9, "batch_size": 48, "augmentation": "none"}


def drops(net):
    return [m.p for m in net.modules() if isinstance(m, nn.Dropout)]


def test_a_run_with_dropout_has_the_same_bits_alone_in_a_pack_and_on_a_gpu(
    tmp_path, prepared, weights, gpu, weights_at_once, monkeypatch
):
    assert drops(built(DROPPING)) == [0.2]
    found = {}
    for seeds in ([1], [0, 1]):
        pack(tmp_path / f"gpu-{len(seeds)}", seeds, prepared, recipe=FEW, network=NETWORK)
        found[len(seeds)] = weights_at_once[1]
    assert "seeds train one after the other" in log(tmp_path / "gpu-2")
    monkeypatch.setattr("activarium.train.job.fits_several", lambda device: False)
    torch.rand(7)
    pack(tmp_path / "cpu", [0, 1], prepared, recipe=FEW, network=NETWORK)
    assert found[1] == found[2] == weights[1] != weights[0]


@pytest.mark.slow
def test_a_run_with_dropout_that_was_cut_off_goes_on_with_the_same_bits(
    tmp_path, prepared, weights, monkeypatch
):
    monkeypatch.setattr(checkpoints, "MIN_INTERVAL", 0)
    monkeypatch.setattr(checkpoints, "COST_RATIO", 0)
    told = progress.Progress.log_epoch

    def cut(self, seed, metrics):
        told(self, seed, metrics)
        if metrics["epoch"] == 2:
            raise KeyError("cut off")

    def rows():
        files = pack(tmp_path, [0], prepared, recipe=FEW, network=NETWORK)
        return settled(files[0])

    with monkeypatch.context() as patch:
        patch.setattr(progress.Progress, "log_epoch", cut)
        with pytest.raises(CrashedError, match="cut off"):
            rows()
    after_two = weights.pop(0)
    row = rows()
    assert "seed 0 goes on after epoch 1" in log(tmp_path)
    assert weights[0] == after_two
    files = pack(tmp_path / "whole", [0], prepared, recipe=FEW, network=NETWORK)
    assert settled(files[0]) == row


@pytest.mark.slow
def test_stochastic_depth_gives_the_same_bits_again(tmp_path, prepared, weights):
    network = {"file": "torchvision", "parameters": {"model": "efficientnet_b0", "weights": None}}
    found = []
    for folder in ("first", "second"):
        pack(tmp_path / folder, [0, 1], prepared, recipe=FEW, network=network)
        found.append(weights[1])
        torch.rand(3)
    assert found[0] == found[1] != weights[0]


# Fine-tuning


@pytest.fixture(scope="module")
def trained_state():
    """What a short training of torchvision's own model on three classes leaves."""
    data = images(train=32, size=8, channels=3, classes=3)
    torch.manual_seed(0)
    model = models.get_model(SMALL, num_classes=3)
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(2):
        optimiser.zero_grad()
        scores = model(data["train"][0].float() / 255)
        nn.functional.cross_entropy(scores, data["train"][1]).backward()
        optimiser.step()
    return model.state_dict()


@pytest.fixture(params=[".pth", ".safetensors"])
def weights_path(request, tmp_path, trained_state):
    file = tmp_path / f"trained{request.param}"
    if request.param == ".pth":
        torch.save(trained_state, file)
    else:
        pytest.importorskip("safetensors.torch").save_file(trained_state, file)
    return str(file)


def test_weights_are_those_of_the_file_apart_from_a_head_of_other_classes(
    weights_path, trained_state
):
    net, plain = built(SMALL, weights=weights_path), built(SMALL)
    initialise(net, 0)
    initialise(plain, 0)
    ours, drawn = net.network.state_dict(), plain.network.state_dict()
    head = {"fc.weight", "fc.bias"}
    assert all(torch.equal(v, trained_state[k]) for k, v in ours.items() if k not in head)
    assert all(torch.equal(ours[key], drawn[key]) for key in head)
    said = pretrained.describe_brought_weights("tuned", lambda: net)
    assert said.startswith(f"networks: tuned: weights start from {weights_path} (sha256 ")
    assert said.endswith("…), apart from the last layer (fc.weight, fc.bias), drawn anew")
    same = built(SMALL, classes=3, weights=weights_path)
    initialise(same, 0)
    assert all(torch.equal(v, trained_state[k]) for k, v in same.network.state_dict().items())
    assert "drawn anew" not in same.start


def test_a_pth_and_a_safetensors_file_fine_tune_to_the_same_bits(
    tmp_path, prepared, weights, trained_state
):
    torch.save(trained_state, tmp_path / "w.pth")
    pytest.importorskip("safetensors.torch").save_file(trained_state, tmp_path / "w.safetensors")
    found = []
    for ending in (None, "pth", "safetensors"):
        file = ending and str(tmp_path / f"w.{ending}")
        network = {"file": "torchvision", "parameters": {"model": SMALL, "weights": file}}
        pack(tmp_path / str(ending), [0], prepared, recipe=FEW | {"epochs": 1}, network=network)
        found.append(weights[0])
    assert found[1] == found[2] != found[0]


def test_weights_of_rgb_images_start_a_network_of_grey_ones(tmp_path, trained_state):
    torch.save({"model": trained_state}, tmp_path / "w.pth")  # as training scripts nest it
    net = built(SMALL, channels=1, weights=str(tmp_path / "w.pth"))
    initialise(net, 0)
    first = trained_state["conv1.0.weight"].sum(1, keepdim=True)
    assert torch.equal(net.network.state_dict()["conv1.0.weight"], first)


def test_the_head_of_a_squeezenet_is_a_convolution(tmp_path):
    torch.save(models.get_model("squeezenet1_1", num_classes=3).state_dict(), tmp_path / "w.pth")
    net = built("squeezenet1_1", weights=str(tmp_path / "w.pth"))
    assert net.start.endswith("(classifier.1.weight, classifier.1.bias), drawn anew")


def start_refused(file, **more):
    with pytest.raises(UserError) as error:
        initialise(built(SMALL, weights=str(file), **more), 0)
    return str(error.value)


def test_weights_that_do_not_fit_are_refused_by_their_first_keys(tmp_path, trained_state):
    file = tmp_path / "w.pth"
    changed = dict(trained_state)
    changed["more"] = changed.pop("conv5.0.weight")
    changed["conv1.0.weight"] = torch.zeros(24, 3, 5, 5)
    torch.save(changed, file)
    assert start_refused(file) == (
        f"{file} is of another network: it has no conv5.0.weight, has the unknown more, "
        "conv1.0.weight is [24, 3, 5, 5] and not [24, 3, 3, 3]; name the model and the size of "
        "images that it was trained with"
    )
    torch.save(models.get_model("squeezenet1_1").state_dict(), file)
    said = start_refused(file)
    assert "it has no conv1.0.weight and " in said
    assert " more, has the unknown features.0.weight and 51 more; name the model" in said


def test_older_files_without_the_counters_of_batch_norms_fit(tmp_path, trained_state):
    older = {k: v for k, v in trained_state.items() if not k.endswith("num_batches_tracked")}
    torch.save(older, tmp_path / "w.pth")
    net = built(SMALL, weights=str(tmp_path / "w.pth"))
    initialise(net, 0)
    assert "(fc.weight, fc.bias), drawn anew" in net.start


def test_a_checkpoint_of_data_parallel_fits_and_numbers_that_are_not_finite_do_not(
    tmp_path, trained_state
):
    file = tmp_path / "w.pth"
    torch.save({"state_dict": {f"module.{k}": v for k, v in trained_state.items()}}, file)
    net = built(SMALL, classes=3, weights=str(file))
    initialise(net, 0)
    assert all(torch.equal(v, trained_state[k]) for k, v in net.network.state_dict().items())
    torch.save(dict(trained_state) | {"fc.bias": torch.tensor([0, torch.nan, 0])}, file)
    assert start_refused(file) == f"{file} holds numbers that are not finite, as in fc.bias"


def test_a_file_that_holds_no_weights_is_refused_in_a_line(tmp_path, monkeypatch):
    file = tmp_path / "w.pth"
    torch.save({"state_dict": {}, "epoch": Fraction(1)}, file)
    more = "holds more than tensors, such as a fractions.Fraction; save model.state_dict()"
    assert start_refused(file) == f"{file} {more}"
    torch.save([1, 2], file)
    assert start_refused(file).startswith(f"{file} holds more than tensors; ")
    file.write_bytes(b"no weights")
    assert start_refused(file) == f"{file} cannot be read: torch.save has not written it"
    other = file.with_suffix(".safetensors")
    other.write_bytes(b"no weights")
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    way = "needs the package safetensors: pip install safetensors, or save a .pth file"
    assert start_refused(other) == f"{other} {way}"


class OwnNet(nn.Module):
    """A user's class, whose own name does not say what it is."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)


@pytest.mark.parametrize("old_format", [False, True])
def test_a_file_of_a_whole_module_is_refused_as_such(tmp_path, old_format):
    file, plain = tmp_path / "w.pth", {"_use_new_zipfile_serialization": not old_format}
    model = models.get_model(SMALL) if old_format else OwnNet()
    for saved in (model, {"model": model}):
        torch.save(saved, file, **plain)
        said = start_refused(file)
        assert said == f"{file} holds a whole module; save model.state_dict()"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("do \x1b[1;31mthis\x1b[0m\nor that", "do this"),
        ("it failed because:\n\n  no kernel\nsee above", "it failed because: no kernel"),
        ("nothing follows:\n", "nothing follows:"),
    ],
)
def test_an_error_in_one_line_tells_the_reason_without_codes_of_a_terminal(message, line):
    assert describe_error(ValueError(message)) == f"ValueError: {line}"
    assert describe_error(ValueError()) == "ValueError"


# In a study


def test_a_model_s_name_in_a_study_is_answered_with_the_entry_that_names_it(monkeypatch):
    def said(item):
        with pytest.raises(UserError) as error:
            name_checks._check_item("networks", item)
        return str(error.value)

    line = (
        f"config: networks: no '{DROPPING}'; a model of torchvision: "
        f"{{name: {DROPPING}, file: torchvision, model: {DROPPING}}}"
    )
    assert said(DROPPING) == said({"name": DROPPING}) == line
    assert said({"name": "small", "file": DROPPING}) == line
    entry = yaml.safe_load(line.partition("torchvision: ")[2])
    assert network_with_defaults(entry)[1]["parameters"] == {"model": DROPPING, "weights": None}
    missing = UserError("no torchvision")
    monkeypatch.setattr(networks, "load", MagicMock(side_effect=missing))
    assert said(DROPPING) == f"config: networks: no '{DROPPING}' (did you mean mobilenet?)"


@pytest.mark.parametrize("item", ["torchvision", {"name": "net", "file": "torchvision"}])
def test_a_network_of_torchvision_names_its_model(item):
    name = item if isinstance(item, str) else item["name"]
    with pytest.raises(UserError) as error:
        network_with_defaults(item)
    assert str(error.value) == (
        f"config: networks: {name}: 'model' is missing; name a classifier of torchvision.models, "
        f"as in {{name: {name}, file: torchvision, model: resnet18}}"
    )


@pytest.mark.parametrize(
    "given, line",
    [
        ({"model": 18}, "model: 18 is not a word"),
        (
            {"weights": 18},
            "weights: 18 is no file of weights; it ends with .pth, .pt, .safetensors",
        ),
        ({"weights": "w.h5"}, "weights: 'w.h5' is no file of weights; "),
        ({"width": 8}, "width: torchvision has no such parameter; it has model, weights"),
    ],
)
def test_a_study_s_words_for_a_model_are_held_against_its_file(given, line):
    with pytest.raises(UserError) as error:
        network_with_defaults({"name": "tuned", "file": "torchvision", "model": SMALL} | given)
    assert str(error.value).startswith(f"config: networks: tuned: {line}")


def grid(file):
    network = {"file": "torchvision", "parameters": {"model": SMALL, "weights": file}}
    study = Study(
        name="s", control="gelu", confidence=0.95, margin=0.005, datasets=("digits",),
        activations={"gelu": ActivationSpec("gelu")}, networks={"tuned": network},
        recipes={"r": {}}, seeds=1,
    )  # fmt: skip
    return Grid(study)


def test_the_content_of_a_weights_file_defines_a_run_and_its_place_does_not(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cell = SimpleNamespace(network="tuned")
    first, second = tmp_path / "w.pth", tmp_path / "other.pth"
    with pytest.raises(UserError, match="^config: networks: tuned: weights: no file 'w.pth'; "):
        grid("w.pth").check_weights()
    first.write_bytes(b"some")
    before = grid("w.pth").network_content(cell)
    assert grid("w.pth").weights_file(cell, 1) == "w.pth"
    first.rename(second)
    assert grid("other.pth").network_content(cell) == before
    assert grid("w.pth").network_content(cell) == before, "gone, and known"
    first.write_bytes(b"else")
    assert grid("w.pth").network_content(cell) != before
    grid("w.pth").check_weights()


def test_a_cell_s_network_is_built_from_the_file_that_its_checksum_stands_for(weights_path):
    network = {"file": "torchvision", "parameters": {"model": SMALL, "weights": "a checksum"}}
    cell = Cell({"activation": "gelu"}, {}, network, weights_file=weights_path)
    net = cell.build_network(images())
    assert net.weights == weights_path


def test_the_report_says_how_a_model_starts(weights_path):
    given = {"name": "tuned", "file": "torchvision", "model": SMALL, "weights": weights_path}
    stated = dict([network_with_defaults(given)])
    text = describe_networks(describe.describe_networks(stated, ("digits",)))
    assert f"Weights start from {weights_path} (sha256 " in text
    assert "apart from the last layer (fc.weight, fc.bias), drawn anew" in text
