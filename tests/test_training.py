"""Training: a run depends on what it declares and on nothing else, and none is lost or made up."""

import errno
import hashlib
import io
import json
import math
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from activarium import activations, datasets, networks, tables
from activarium.data import prepare
from activarium.datasets import Images
from activarium.runtime import child_process
from activarium.runtime.errors import UserError
from activarium.train import initialisation, job, loop, precision, progress, randomness, step
from activarium.train.augmentation import augment, draw
from activarium.train.batches import split_images
from activarium.train.pack import CrashedError
from activarium.train.run_cost import saved_bytes
from activarium.train.unfinished_runs import RunStore, compute_digest

LIBRARY = Path(activations.__file__).parents[2]
CPU = torch.device("cpu")
CELL = {"recipe": "r", "network": "n", "dataset": "digits", "activation": "gelu"}
PLAIN = {"file": "plain", "parameters": {"width": 4}}
TINY = {
    "resnet14": {"width": 2},
    "plain": {"width": 2},
    "mlp": {"width": 8},
    "resnet18": {"width": 2},
    "resnet": {"width": 2, "blocks": 1},
    "fast": {"width": 2},
    "mobilenet": {"width": 2, "blocks": 1, "expand": 2},
    "convnext": {"width": 4, "blocks": 1},
    "vit": {"width": 6, "depth": 1},
    "mixer": {"width": 8, "depth": 1},
    "torchvision": {"model": "shufflenet_v2_x0_5"},
}
SMALLEST = {"convnext": 8}  # pixels, where it is not 4
RECIPE = {
    "optimizer": "adam",
    "learning_rate": 0.01,
    "schedule": "constant",
    "batch_size": 16,
    "epochs": 2,
    "weight_decay": 0.0,
    "augmentation": "crop_flip",
    "label_smoothing": 0.0,
    "precision": "float32",
}


@pytest.fixture(autouse=True)
def as_a_job(monkeypatch):
    """Every test trains as a job does: one thread, no GPU, whatever the machine has."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    precision.prepare_torch("float32")


def images(train=50, test=30, size=8, channels=1, classes=5, seed=0):
    """Random images whose class shows as brightness, as `split_images` gives them."""
    g = np.random.default_rng(seed)
    data = {"mean": [0.5] * channels, "sd": [0.3] * channels, "validation": None}
    for split, n in (("train", train), ("test", test)):
        y = np.arange(n) % classes
        x = g.integers(0, 156, (n, channels, size, size)) + (20 * y)[:, None, None, None]
        x = torch.from_numpy(x.astype(np.uint8)).to(memory_format=torch.channels_last)
        data[split] = x, torch.from_numpy(y)
    return data | {"classes": classes}


def quiet(epochs=2):
    return progress.Progress("a cell", io.StringIO(), epochs)


def trained(activation="gelu", seed=0, network=PLAIN, data=None, **recipe):
    """One run's row as a dict."""
    cell = loop.Cell(CELL | {"activation": activation}, RECIPE | recipe, network)
    data, shown = data or images(), quiet(cell.recipe["epochs"])
    return loop.train_run(cell, seed, data, CPU, shown).to_pylist()[0]


def training(activation="gelu", seed=0, data=None, network="plain", parameters=None, **recipe):
    """A `step.Training` that has not begun."""
    data = data or images()
    channels, size = data["test"][0].shape[1:3]
    net = networks.load(network).build(
        lambda channels, dim=1: activations.module(activation, channels=channels, dim=dim),
        channels,
        data["classes"],
        size,
        **(parameters or TINY[network]),
    )
    return step.Training(net, data, RECIPE | recipe, seed, CPU)


def hashed(network):
    """A hash of everything that training changes in a network."""
    sha = hashlib.sha256()
    for name, value in network.state_dict().items():
        sha.update(name.encode() + value.numpy().tobytes())
    return sha.hexdigest()


@pytest.fixture
def weights(monkeypatch):
    """{seed: hash of the weights after its last epoch}, filled by whatever trains."""
    seen = {}

    class Hashed(step.Training):
        def evaluate(self, split):
            seen[self.seed] = hashed(self.network)
            return super().evaluate(split)

    monkeypatch.setattr(loop, "Training", Hashed)
    return seen


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """(data file, description file) of a tenth of the digits."""
    folder = tmp_path_factory.mktemp("prepared")
    whole = datasets.load("digits").load()
    few = Images(*(part[:n] for part, n in zip(whole, (48, 48, 60, 60), strict=True)))
    description = prepare.write(few, folder / "digits.arrow", "digits")
    (folder / "digits.json").write_text(json.dumps(description))
    return folder / "digits.arrow", folder / "digits.json"


def pack(folder, seeds, prepared, activation="gelu", *, names=CELL, recipe=RECIPE, network=PLAIN,
         spec=None, train_size=None, validation=0, sources=(), keep_weights=False):  # fmt: skip
    """Train a pack as a job does; the path of each seed's file."""
    runs = {seed: folder / f"{activation}/{seed}.parquet" for seed in seeds}
    folder.mkdir(exist_ok=True, parents=True)
    files = job.JobFiles(
        runs=list(map(str, runs.values())),
        sources=sources,
        unfinished=folder / "unfinished/r/n/d" / activation,
        tally=folder / "tally.jsonl",
        locks=folder / "locks",
        weights=[file.with_suffix(".safetensors") for file in runs.values() if keep_weights],
    )
    cell = job.Cell(names | {"activation": activation}, recipe, network, spec)
    with (folder / "log").open("a") as log:
        job.train_cell(cell, job.DataSource(*prepared, train_size, validation), files, log)
    return runs


def settled(file):
    """A run's row without its cost: what must be the same whenever it is trained again."""
    row = tables.read_run(file).to_pylist()[0]
    assert row.pop("cost")["train_seconds"] > 0
    return row


@pytest.mark.parametrize(("cards", "said"), [([], False), (["0"], True)])
def test_a_card_that_torch_cannot_use_is_said(tmp_path, prepared, monkeypatch, capsys, cards, said):
    monkeypatch.setattr(job.devices, "visible_gpus", lambda: cards)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    pack(tmp_path, [0], prepared)
    for text in (capsys.readouterr().err, (tmp_path / "log").read_text()):
        assert ("GPU 0 is not used: torch" in text) == said


# The same run gives the same bits again


@pytest.mark.parametrize("activation", ["gelu", "prelu", "rrelu"])
def test_a_run_has_the_same_bits_alone_and_in_any_pack(tmp_path, prepared, weights, activation):
    found = {}
    for seeds in ([0], [3], [0, 1], [0, 1, 2, 3, 4], [3, 0, 4, 2, 1]):
        weights.clear()
        files = pack(tmp_path / "-".join(map(str, seeds)), seeds, prepared, activation)
        for seed in seeds:
            found.setdefault(seed, []).append((weights[seed], settled(files[seed])))
    assert [len(found[seed]) for seed in (0, 3)] == [4, 3]
    for runs in found.values():
        assert all(one == runs[0] for one in runs)
    assert len({runs[0][0] for runs in found.values()}) == 5, "other seeds, other weights"


def test_a_run_has_the_same_bits_in_a_process_of_its_own(tmp_path, prepared):
    here = settled(pack(tmp_path / "here", [1, 0], prepared)[0])
    there = tmp_path / "there"
    subprocess.run([sys.executable, "-c", SCRIPT, there, "0", *prepared], check=True)
    assert settled(there / "gelu/0.parquet") == here


SCRIPT = f"""
import sys
sys.path[:0] = [{str(LIBRARY)!r}, {str(Path(__file__).parent)!r}]
from activarium.runtime import devices
devices.use_one_thread()
devices.keep_freed_memory()
from pathlib import Path
from test_training import job, pack
folder, seeds, *prepared = sys.argv[1:]
hang = job.train_run
def hang_at_2(cell, seed, *rest):
    if seed == 2:
        print("at 2", flush=True)
        import time; time.sleep(60)
    return hang(cell, seed, *rest)
job.train_run = hang_at_2
pack(Path(folder), list(map(int, seeds.split(","))), prepared)
"""


class Restless(nn.Module):
    """An activation that draws from torch's global generator, at its start and while training."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.rand(()))

    def forward(self, x):
        return nn.functional.dropout(torch.where(x > 0, x, self.slope * x), 0.1, self.training)


def test_even_unasked_randomness_belongs_to_the_run(monkeypatch, weights):
    monkeypatch.setattr(activations, "module", lambda *_, **__: Restless())
    trained(seed=1)
    alone = weights[1]
    trained(seed=0)
    torch.rand(1)
    trained(seed=1)
    assert weights[1] == alone != weights[0]


# The same seed means the same start and the same batches


def start(activation, seed=0):
    """The initial weights of all layers, by name."""
    net = training(activation, seed, network="resnet14").network
    return {
        f"{name}.{kind}": value
        for name, layer in net.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d)
        for kind, value in layer.named_parameters(recurse=False)
    }


@pytest.mark.parametrize("name", activations.names())
def test_the_same_seed_gives_every_activation_the_same_initial_weights(name):
    expected, found = start("gelu"), start(name)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[n], expected[n]) for n in expected)


def test_another_seed_gives_other_weights():
    assert not torch.equal(start("gelu", 0)["0.weight"], start("gelu", 1)["0.weight"])


def batches(activation, seed=0, epochs=2, **recipe):
    """Everything that the network sees in its first epochs, image by image."""
    one, seen = training(activation, seed, **recipe), []
    forward = one._step
    one._step = lambda x, y: (seen.append((x.clone(), y)), forward(x, y))[1]
    for epoch in range(epochs):
        one.train_epoch(epoch)
    return torch.cat([x for x, _ in seen]), torch.cat([y for _, y in seen])


@pytest.mark.parametrize("name", ["relu", "prelu", "rrelu", "snake", "tanh"])
def test_the_same_seed_gives_every_activation_the_same_batches_and_augmentation(name):
    for a, b in zip(batches("gelu"), batches(name), strict=True):
        assert torch.equal(a, b)


def test_every_epoch_and_seed_has_batches_of_its_own():
    y = batches("gelu")[1]
    assert not torch.equal(y[:48], y[48:])
    assert not torch.equal(batches("gelu", seed=1)[1], y)


def test_each_image_is_augmented_as_drawn_for_it_in_this_epoch():
    data = images(train=48, classes=48)  # so that a label is the image's number
    one = training(data=data)
    x, y = batches("gelu", data=data)
    for epoch in range(2):
        drawn = draw("crop_flip", 48, 8, 0, epoch)
        expected = one.normalise(augment(data["train"][0], drawn))
        seen = slice(48 * epoch, 48 * (epoch + 1))
        assert torch.equal(x[seen], expected[y[seen]])


def test_an_epoch_shows_no_image_twice_and_leaves_out_less_than_a_batch():
    data = images(train=50)
    data["train"][0].copy_(torch.arange(50)[:, None, None, None].expand(50, 1, 8, 8))
    x, y = batches("gelu", epochs=1, data=data, augmentation="none", batch_size=16)
    assert len(y) == 48 and len(torch.unique(x[:, 0, 0, 0])) == 48


def test_a_batch_larger_than_the_training_set_is_the_training_set():
    assert len(batches("gelu", epochs=1, data=images(train=7), batch_size=16)[1]) == 7


def test_the_generators_of_two_purposes_seeds_or_epochs_share_no_numbers():
    asked = [(p, s, e) for p in ("weights", "batches") for s in (0, 1, 10) for e in (0, 1, 11)]
    drawn = {torch.rand(4, generator=randomness.generator(*key)).numpy().tobytes() for key in asked}
    assert len(drawn) == len(asked)


def test_prelu_learns_its_slope():
    one = training("prelu")
    one.train_epoch(0)
    slopes = [p.item() for n, p in one.network.named_parameters() if p.numel() == 1]
    assert len(slopes) == 3 and all(s != 0.25 and math.isfinite(s) for s in slopes)


def test_rrelu_draws_from_its_own_generator():
    one = training("rrelu", seed=3)
    expected = torch.get_rng_state()
    one.train_epoch(0)
    assert torch.equal(torch.get_rng_state(), expected)
    noise = [m.generator for m in one.network.modules() if hasattr(m, "generator")]
    assert len(noise) == 3 and len(set(map(id, noise))) == 1
    untouched = randomness.generator("activation", 3)
    assert not torch.equal(noise[0].get_state(), untouched.get_state())


def test_rrelu_is_another_function_in_training_and_the_same_in_every_evaluation():
    one = training("rrelu")
    first, second = one.evaluate("test"), one.evaluate("test")
    assert first[0] == second[0] and torch.equal(first[1], second[1])
    x = one.normalise(one.data["test"][0])
    one.network.train()
    assert not torch.equal(one.network(x), one.network(x))


# What the numbers are


def test_the_score_is_the_last_epochs_and_never_the_best(monkeypatch):
    scores = iter([1.0, 0.2])

    class Scripted(step.Training):
        def evaluate(self, split):
            return 1.0, torch.arange(30) < 30 * next(scores)

    monkeypatch.setattr(loop, "Training", Scripted)
    row = trained()
    assert [e["test_accuracy"] for e in row["epochs"]] == [1.0, 0.2]
    assert (row["test_accuracy"], row["n_correct"], row["n_test"]) == (0.2, 6, 30)


def test_the_packed_bits_are_the_test_images_in_order():
    data, row = images(test=30), trained()
    bits = np.unpackbits(np.frombuffer(row["correct"], np.uint8), count=row["n_test"])
    assert row["n_test"] == len(data["test"][1]) == 30
    assert bits.sum() == row["n_correct"]
    assert row["test_accuracy"] == row["n_correct"] / row["n_test"]
    one = training(parameters={"width": 4})
    for epoch in range(2):
        one.train_epoch(epoch)
    assert bits.astype(bool).tolist() == one.evaluate("test")[1].tolist()


def test_without_validation_its_columns_are_missing():
    row = trained()
    assert row["validation_accuracy"] is None
    assert {e["validation_loss"] for e in row["epochs"]} == {None}


def test_validation_images_are_scored_apart_from_test_images():
    data = images()
    data["validation"] = tuple(t[:7] for t in images(seed=9)["test"])
    row = trained(data=data)
    assert row["validation_accuracy"] in [k / 7 for k in range(8)]
    assert row["validation_accuracy"] == row["epochs"][-1]["validation_accuracy"]
    assert row["test_accuracy"] == trained()["test_accuracy"]


def test_evaluation_changes_nothing_and_its_loss_is_the_mean_cross_entropy(monkeypatch):
    one = training()
    one.train_epoch(0)
    before = hashed(one.network)
    loss, correct = one.evaluate("test")
    assert hashed(one.network) == before
    x, y = one.data["test"]
    with torch.no_grad():
        logits = one.network(one.normalise(x))
    assert loss == pytest.approx(nn.functional.cross_entropy(logits, y).item(), rel=1e-5)
    assert correct.tolist() == (logits.argmax(1) == y).tolist()
    monkeypatch.setattr(step, "EVALUATION_BATCH", 7)
    assert one.evaluate("test")[1].tolist() == correct.tolist()


def test_training_learns_what_can_be_learned():
    row = trained(data=images(train=200, test=100), epochs=6, augmentation="none")
    losses = [e["train_loss"] for e in row["epochs"]]
    assert losses[-1] < 0.7 * losses[0] and row["test_accuracy"] > 0.6
    assert [e["epoch"] for e in row["epochs"]] == [1, 2, 3, 4, 5, 6]


def test_images_are_normalise_by_the_training_sets_mean_and_sd():
    g = np.random.default_rng(0)
    x = g.integers(0, 256, (40, 8, 8, 3), np.uint8)
    whole = Images(x, np.arange(40, dtype=np.uint8) % 4, x[:4], np.arange(4, dtype=np.uint8))
    mean, sd = prepare._moments(x)
    data = split_images(whole, {"mean": mean, "sd": sd}, None, 0, CPU) | {"classes": 4}
    seen = training(data=data).normalise(data["train"][0])
    assert seen.dtype == torch.float32 and seen.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(seen.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(seen.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5)


def test_bfloat16_computes_in_bfloat16_and_keeps_its_weights_in_float32():
    half, full = trained(precision="bfloat16"), trained()
    assert half["status"] == full["status"] == "ok"
    rough, fine = (row["epochs"][0]["train_loss"] for row in (half, full))
    assert rough != fine and rough == pytest.approx(fine, rel=0.2)
    one, seen = training(precision="bfloat16"), []
    one.network[0].register_forward_hook(lambda module, x, y: seen.append(y.dtype))
    one.train_epoch(0)
    assert set(seen) == {torch.bfloat16}
    assert {p.dtype for p in one.network.parameters()} == {torch.float32}


def test_tf32_is_float32_on_a_cpu_and_allowed_on_a_gpu_where_the_recipe_says_so():
    of = torch.backends
    on_gpu = of.cudnn.conv, of.cudnn.rnn, of.cuda.matmul

    def allowed(asked):
        precision.prepare_torch(asked)
        on_cpu = of.mkldnn.conv, of.mkldnn.rnn, of.mkldnn.matmul
        assert {operators.fp32_precision for operators in on_cpu} == {"ieee"}
        assert of.cudnn.allow_tf32 == of.cuda.matmul.allow_tf32 == (asked == "tf32")
        (said,) = {operators.fp32_precision for operators in on_gpu}
        return said

    assert allowed("tf32") == "tf32"
    rounded = trained(precision="tf32")
    assert allowed("float32") == allowed("bfloat16") == "ieee"
    assert rounded["epochs"] == trained()["epochs"]


def test_a_process_that_allows_tf32_everywhere_does_not_decide_for_the_recipe():
    try:
        torch.backends.fp32_precision = "tf32"
        precision.prepare_torch("float32")
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"
        assert torch.backends.cuda.matmul.fp32_precision == "ieee"
    finally:
        torch.backends.fp32_precision = "none"


def test_label_smoothing_is_in_the_training_loss_only():
    smooth = trained(epochs=1, learning_rate=1e-12, label_smoothing=0.5)["epochs"][0]
    plain = trained(epochs=1, learning_rate=1e-12)["epochs"][0]
    assert smooth["train_loss"] != plain["train_loss"]
    assert smooth["test_loss"] == pytest.approx(plain["test_loss"], rel=1e-6)


# Divergence is a result


@pytest.mark.parametrize("column", ["train_loss", "test_loss"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(monkeypatch, column, value):
    class Diverging(step.Training):
        def train_epoch(self, epoch):
            self.now = epoch
            metrics = super().train_epoch(epoch)
            bad = {"train_loss": value} if (column, epoch) == ("train_loss", 2) else {}
            return metrics | bad

        def evaluate(self, split):
            loss, correct = super().evaluate(split)
            return (value if (column, self.now) == ("test_loss", 2) else loss), correct

    monkeypatch.setattr(loop, "Training", Diverging)
    row = trained(epochs=5)
    assert row["status"] == "diverged"
    assert [e["epoch"] for e in row["epochs"]] == [1, 2]
    assert all(math.isfinite(v) for e in row["epochs"] for v in e.values() if v is not None)
    absent = ("test_accuracy", "validation_accuracy", "n_correct", "n_test", "correct")
    assert {row[name] for name in absent} == {None}
    assert row["cost"]["images"] == 3 * 48


def test_a_learning_rate_far_too_large_diverges_and_the_next_seed_trains_on(tmp_path, prepared):
    mlp = {"file": "mlp", "parameters": {"width": 8, "depth": 4}}
    recipe = RECIPE | {"optimizer": "sgd", "learning_rate": 1000.0}
    files = pack(tmp_path, [0, 1], prepared, "relu2", recipe=recipe, network=mlp)
    rows = [tables.read_run(f).to_pylist()[0] for f in files.values()]
    assert [r["status"] for r in rows] == ["diverged", "diverged"]
    assert [r["seed"] for r in rows] == [0, 1]
    assert "seed 0 diverged in epoch 1" in (tmp_path / "log").read_text()


# Schedules and optimisers


@pytest.mark.parametrize(
    "schedule, shares",
    [
        ("constant", [1, 1, 1, 1]),
        ("linear", [1, 0.75, 0.5, 0.25]),
        ("cosine", [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)]),
    ],
)
def test_a_schedule_is_followed_step_by_step(schedule, shares):
    one, rates = training(data=images(train=32), schedule=schedule), []
    forward = one._step
    one._step = lambda x, y: (
        rates.append({g["lr"] for g in one.optimiser.param_groups}),
        forward(x, y),
    )[1]
    shown = [one.train_epoch(epoch)["learning_rate"] for epoch in range(2)]
    assert [r for (r,) in rates] == pytest.approx([0.01 * s for s in shares])
    assert shown == [min(rates[1]), min(rates[3])]


@pytest.mark.parametrize("network", TINY)
@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_weights_decay_and_norms_biases_and_slopes_do_not(network, kind):
    """Where every gradient is 0, only what decays moves, and by the textbook's amount."""
    one = training("prelu", network=network, optimizer=kind, weight_decay=0.5, learning_rate=0.1)
    before = {name: p.detach().clone() for name, p in one.network.named_parameters()}
    for p in one.network.parameters():
        p.grad = torch.zeros_like(p)
    one.optimiser.step()
    layers = dict(one.network.named_modules())
    for name, p in one.network.named_parameters():
        owner, _, kind_of = name.rpartition(".")
        w = before[name]
        if kind_of == "weight" and isinstance(layers[owner], nn.Conv2d | nn.Linear):
            if kind == "sgd":  # Nesterov's first step is 1.9 gradients long at momentum 0.9
                expected = w * (1 - 0.1 * 0.5 * 1.9)
            elif kind == "adamw":
                expected = w * (1 - 0.1 * 0.5)
            else:  # Adam's first step has the length of the rate, whatever the gradient
                expected = w - 0.1 * 0.5 * w / (0.5 * w.abs() + 1e-8)
            assert torch.allclose(p, expected, atol=1e-6), name
        else:
            assert torch.equal(p, w), name


def test_a_learned_slope_with_many_dimensions_is_still_no_weight():
    class Slopes(nn.Module):
        def __init__(self):
            super().__init__()
            self.slope = nn.Parameter(torch.ones(1, 4, 1, 1))

    net = nn.Sequential(nn.Conv2d(1, 4, 3), Slopes())
    groups = step.make_optimiser(net, RECIPE | {"weight_decay": 0.1}).param_groups
    assert [len(g["params"]) for g in groups] == [1, 2]
    assert groups[0]["params"][0] is net[0].weight and groups[1]["weight_decay"] == 0


@pytest.mark.parametrize("widths", [{}, {"kdim": 6, "vdim": 2}])
def test_attention_decays_all_of_its_weights_and_no_bias(widths):
    """Those for queries, keys and values are in no linear layer."""
    attention = nn.MultiheadAttention(4, 2, **widths)
    decayed, others = step.make_optimiser(nn.Sequential(attention), RECIPE).param_groups
    named = {id(p): name for name, p in attention.named_parameters()}
    assert {p.ndim for p in decayed["params"]} == {2} and {p.ndim for p in others["params"]} == {1}
    own = {"in_proj_weight"} if not widths else {f"{k}_proj_weight" for k in "qkv"}
    assert {named[id(p)] for p in decayed["params"]} == own | {"out_proj.weight"}
    inside = nn.Sequential(initialisation.mark_activation(nn.Sequential(attention)))
    assert not step.make_optimiser(inside, RECIPE).param_groups[0]["params"]


def test_a_weight_that_two_layers_share_is_stepped_once():
    first, second = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    second.weight = first.weight
    recipe = RECIPE | {"optimizer": "sgd", "momentum": 0, "learning_rate": 1}
    optimiser = step.make_optimiser(nn.Sequential(first, second), recipe)
    before = first.weight.detach().clone()
    first.weight.grad = torch.ones(4, 4)
    optimiser.step()
    assert torch.equal(first.weight, before - 1)


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_a_step_is_that_of_the_textbook(kind):
    """The first step of plain torch, unfused and in float64, on the same batch."""
    recipe = {"optimizer": kind, "weight_decay": 0.01, "batch_size": 50, "augmentation": "none"}
    one = training("tanh", network="mlp", **recipe)
    other = training("tanh", network="mlp", **recipe).network.double()
    classes = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    weights = [p for p in other.parameters() if p.ndim > 1]
    groups = [
        {"params": weights, "weight_decay": 0.01},
        {"params": [p for p in other.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if kind == "sgd":
        optimiser = torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True)
    else:
        optimiser = classes[kind](groups, lr=0.01, foreach=False)
    x, y = one.data["train"]
    for epoch in range(3):
        one.train_epoch(epoch)
        optimiser.zero_grad()
        nn.functional.cross_entropy(other(one.normalise(x).double()), y).backward()
        optimiser.step()
    for a, b in zip(one.network.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a.double(), b, atol=2e-4)


# How weights start


def test_weights_start_normal_with_twice_the_inverse_fan_in_as_variance():
    net = training(network="resnet14", parameters={"width": 16}).network
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for layer in layers:
        w, fan_in = layer.weight.detach(), layer.weight[0].numel()
        sd = math.sqrt(2 / fan_in)
        assert w.std().item() == pytest.approx(sd, rel=4 / math.sqrt(2 * w.numel()))
        assert abs(w.mean().item()) < 4 * sd / math.sqrt(w.numel())
        if layer.bias is not None:
            assert not layer.bias.detach().any()
    scaled = [m.weight.detach().flatten() * math.sqrt(m.weight[0].numel() / 2) for m in layers]
    fourth = torch.cat(scaled).pow(4).mean().item()
    assert fourth == pytest.approx(3, abs=0.1), "as a normal has"


@pytest.mark.parametrize("sigma_w, sigma_b", [(1.0, 0.3), (2.5, 0.0), (1.4142, 1.0)])
def test_a_deep_mlp_is_drawn_with_its_own_sigma_w_and_sigma_b(sigma_w, sigma_b):
    parameters = {"depth": 6, "width": 128, "sigma_w": sigma_w, "sigma_b": sigma_b}
    net = training(network="mlp", parameters=parameters).network
    layers = [m for m in net if isinstance(m, nn.Linear)]
    assert [tuple(m.weight.shape) for m in layers] == [(128, 64), *[(128, 128)] * 5, (5, 128)]
    for layer in layers[:-1]:
        scaled = layer.weight.detach() * math.sqrt(layer.in_features)
        assert scaled.std().item() == pytest.approx(sigma_w, rel=0.03)
    biases = torch.cat([m.bias.detach() for m in layers])
    assert biases.std().item() == pytest.approx(sigma_b, rel=0.1)


# The networks


def count(network, **parameters):
    """Layers with weights on the way from image to class, without the shortcuts' projections."""
    net = networks.load(network).build(nn.ReLU, 3, 10, 32, **parameters)
    return sum(
        isinstance(m, nn.Linear) or (isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3))
        for m in net.modules()
    )


def test_resnet14_has_6n_plus_2_layers_with_weights():
    assert [count("resnet14", width=2, blocks=n) for n in (1, 2, 3)] == [8, 14, 20]
    assert count("resnet14") == 14


def test_resnet14_has_three_stages_of_w_2w_and_4w_channels():
    net = networks.load("resnet14").build(nn.ReLU, 3, 10, 32, width=5)
    assert [m.weight.shape[0] for m in net if hasattr(m, "weight")] == [5, 20, 10]
    assert [m.conv2.weight.shape[0] for m in net if hasattr(m, "conv2")] == [5, 5, 10, 10, 20, 20]


def test_resnet14_normalises_and_activates_before_each_convolution():
    order = []
    net = networks.load("resnet14").build(nn.ReLU, 1, 10, 8, width=2)
    for module in net[1].modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, x, y: order.append(type(m).__name__))
    net(torch.zeros(2, 1, 8, 8))
    assert order == ["BatchNorm2d", "ReLU", "Conv2d"] * 2


def test_any_networks_strided_convolution_of_single_pixels_takes_its_pixels_first_in_training():
    torch.manual_seed(0)
    one = nn.Sequential(nn.Conv2d(1, 3, 1, (2, 3)), nn.Conv2d(3, 4, 3, 2), nn.Flatten())
    net = nn.Sequential(*one, nn.Linear(4, 5))
    t = step.Training(net, images(), RECIPE, 0, CPU)
    x, strides = t.normalise(t.data["test"][0]), [net[0].stride, net[1].stride]
    assert strides == [(1, 1), (2, 2)]
    strided = nn.functional.conv2d(x, net[0].weight, net[0].bias, stride=(2, 3))
    torch.testing.assert_close(net[0](x), strided)
    assert math.isfinite(t.train_epoch(0)["train_loss"])


def test_taking_pixels_first_is_the_strided_convolution():
    x = torch.rand(4, 16, 9, 9).to(memory_format=torch.channels_last)
    project = networks.load("resnet14").Projection(16, 32, 2)
    strided = nn.functional.conv2d(x, project.weight, stride=2)
    torch.testing.assert_close(project(x), strided, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("network", ["resnet14", "plain"])
def test_images_and_their_gradients_are_channels_last_throughout(network):
    t = training(network=network, data=images(size=12, channels=3))
    maps, gradients = [], []

    def note(_layer, _inputs, output):
        if output.ndim == 4:
            maps.append(output)
            output.register_hook(gradients.append)

    for layer in t.network.modules():
        layer.register_forward_hook(note)
    t.train_epoch(0)
    assert len(gradients) == len(maps) > 0
    for x in maps + gradients:
        assert x.is_contiguous(memory_format=torch.channels_last)


# Augmentation


def ramp(n=64, channels=2, size=16):
    """Images without a zero pixel, no two alike."""
    g = torch.Generator().manual_seed(1)
    x = torch.randint(1, 256, (n, channels, size, size), generator=g, dtype=torch.uint8)
    return x.to(memory_format=torch.channels_last)


def test_none_gives_the_images_as_they_are():
    assert draw("none", 64, 16, 0, 0) == {}
    x = ramp()
    assert augment(x, {}) is x


def test_flip_mirrors_about_half_of_the_images_left_to_right():
    x, drawn = ramp(), draw("flip", 64, 16, 0, 0)
    y = augment(x, drawn)
    for before, after, flipped in zip(x, y, drawn["flip"], strict=True):
        assert torch.equal(after, before.flip(-1) if flipped else before)
    assert 0.3 < drawn["flip"].float().mean() < 0.7


@pytest.mark.parametrize("size, reach", [(8, 1), (16, 2), (32, 4), (96, 12)])
def test_crop_moves_an_image_by_up_to_an_eighth_and_fills_with_zeros(size, reach):
    x, drawn = ramp(200, 1, size), draw("crop", 200, size, 0, 0)
    y = augment(x, drawn)
    assert y.shape == x.shape and y.dtype == torch.uint8
    moved = set()
    for before, after, corner in zip(x, y, drawn["crop"].tolist(), strict=True):
        down, right = (reach - c for c in corner)
        expected = torch.zeros_like(before)
        rows = slice(max(down, 0), size + min(down, 0)), slice(max(-down, 0), size + min(-down, 0))
        cols = (
            slice(max(right, 0), size + min(right, 0)),
            slice(max(-right, 0), size + min(-right, 0)),
        )
        expected[:, rows[0], cols[0]] = before[:, rows[1], cols[1]]
        assert torch.equal(after, expected)
        moved |= {down, right}
    assert moved == set(range(-reach, reach + 1))


def test_crop_flip_flips_the_same_images_as_flip_does():
    x = ramp()
    both, flip, crop = draw("crop_flip", 64, 16, 3, 5), draw("flip", 64, 16, 3, 5), None
    assert torch.equal(both["flip"], flip["flip"])
    crop = augment(x, {"crop": both["crop"]})
    assert torch.equal(augment(x, both), augment(crop, flip))


def test_augmentation_is_drawn_anew_for_every_epoch_and_seed():
    drawn = [draw("crop_flip", 64, 16, s, e) for s, e in ((0, 0), (0, 1), (1, 0), (0, 0))]
    assert torch.equal(drawn[0]["crop"], drawn[3]["crop"])
    assert not torch.equal(drawn[0]["crop"], drawn[1]["crop"])
    assert not torch.equal(drawn[0]["flip"], drawn[2]["flip"])


def test_augmented_images_stay_channels_last():
    x = augment(ramp(), draw("crop_flip", 64, 16, 0, 0))
    assert x.is_contiguous(memory_format=torch.channels_last)


def test_test_images_are_never_augmented():
    one, seen = training(), []
    normalise = one.normalise
    one.normalise = lambda x: (seen.append(x), normalise(x))[1]
    one.evaluate("test")
    assert torch.equal(torch.cat(seen), one.data["test"][0])


# Which images are trained on


@pytest.fixture
def numbered():
    """(images, description): 300 images that carry their number, of classes of unequal size."""
    n = np.arange(300)
    x = np.stack([n // 256, n % 256], 1).astype(np.uint8).reshape(300, 1, 2, 1)
    y = np.concatenate([np.full(k, c) for c, k in enumerate((150, 100, 50))]).astype(np.uint8)
    y = y[np.random.default_rng(0).permutation(300)]
    return Images(x, y, x[:5], y[:5]), {"mean": [0.5], "sd": [0.5], "name": "numbered"}


def numbers(part):
    flat = part[0].reshape(len(part[0]), 2).int()
    return (256 * flat[:, 0] + flat[:, 1]).tolist()


def test_train_size_draws_in_proportion_and_the_same_images_for_every_run(numbered):
    drawn = [split_images(*numbered, 60, 0, CPU)["train"] for _ in range(2)]
    assert numbers(drawn[0]) == numbers(drawn[1])
    assert torch.bincount(drawn[0][1]).tolist() == [30, 20, 10]
    assert drawn[0][1].tolist() == numbered[0].train_labels[numbers(drawn[0])].tolist()


def test_a_smaller_train_size_lies_within_a_larger_one(numbered):
    drawn = [
        set(numbers(split_images(*numbered, n, 0, CPU)["train"])) for n in (6, 17, 60, 299, 300)
    ]
    assert all(small < large for small, large in zip(drawn, drawn[1:], strict=False))


def test_validation_images_are_held_out_of_training_in_proportion(numbered):
    data = split_images(*numbered, None, 0.1, CPU)
    trains, held = set(numbers(data["train"])), set(numbers(data["validation"]))
    assert not trains & held and len(trains | held) == 300
    assert torch.bincount(data["validation"][1]).tolist() == [15, 10, 5]


def test_validation_is_held_out_of_the_images_that_train_size_draws(numbered):
    whole = set(numbers(split_images(*numbered, 100, 0, CPU)["train"]))
    data = split_images(*numbered, 100, 0.2, CPU)
    assert set(numbers(data["train"])) | set(numbers(data["validation"])) == whole
    assert len(data["train"][1]) == 80


def test_a_draw_that_leaves_a_class_untrained_is_refused_in_one_line():
    n = np.arange(41)
    y = (n == 40).astype(np.uint8)  # one image of class 1
    images = Images(*[n.astype(np.uint8).reshape(41, 1, 1, 1), y] * 2)
    about = {"mean": [0.5], "sd": [0.5], "name": "rare"}
    with pytest.raises(UserError) as refused:
        split_images(images, about, 20, 0, CPU)
    assert str(refused.value) == (
        "config: train_size: 20 leaves no image of class 1 of rare to train on, which has 1 in "
        "all; write more"
    )
    with pytest.raises(UserError, match="validation: 0.6 leaves no image of class 1 of rare"):
        split_images(images, about, None, 0.6, CPU)


def test_the_only_image_of_a_class_is_trained_on_and_not_held_out():
    n = np.arange(41)
    y = (n == 40).astype(np.uint16)
    x = n.astype(np.uint8).reshape(41, 1, 1, 1)
    data = split_images(
        Images(x, y, x, y), {"mean": [0.5], "sd": [0.5], "name": "rare"}, None, 0.1, CPU
    )
    assert data["train"][1].dtype == torch.int64
    assert torch.bincount(data["train"][1]).tolist() == [36, 1]
    assert torch.bincount(data["validation"][1]).tolist() == [4]


def test_no_training_without_validation_holds_any_out(numbered):
    data = split_images(*numbered, None, 0, CPU)
    assert data["validation"] is None and len(data["train"][1]) == 300
    assert numbers(data["test"]) == [0, 1, 2, 3, 4]


def test_a_train_size_larger_than_the_training_set_is_refused(numbered):
    with pytest.raises(UserError) as refused:
        split_images(*numbered, 301, 0, CPU)
    assert str(refused.value) == "config: train_size: 301 is more than the 300 of numbered"


# A pack


def one_run(seed, cell=CELL):
    """The table of a run that cost nothing."""
    row = {**cell, "seed": seed, "status": "diverged", "epochs": [], "cost": {"images": 1}}
    return tables.table([row], tables.RUN_FILE)


@pytest.fixture
def calls(monkeypatch):
    """A stand-in for training that costs nothing: the seeds `done`, and those that `crash`."""
    done, crash = [], set()

    def train_run(cell, seed, *_):
        if seed in crash:
            raise ZeroDivisionError(f"of seed {seed}\nsecond line")
        done.append(seed)
        return one_run(seed, cell.names)

    monkeypatch.setattr(job, "train_run", train_run)
    return SimpleNamespace(done=done, crash=crash)


def test_a_seed_that_crashes_costs_only_itself(tmp_path, prepared, calls):
    calls.crash.add(1)
    with pytest.raises(CrashedError) as crashed:
        pack(tmp_path, [0, 1, 2], prepared)
    assert calls.done == [0, 2]
    assert str(crashed.value) == (
        "seed 1 of r n digits gelu crashed (ZeroDivisionError: of seed 1); "
        "the other seeds are kept: the next start trains only what is missing"
    )
    assert "Traceback" in (tmp_path / "log").read_text()
    assert not (tmp_path / "gelu").exists(), "no run has its name before the whole pack is done"
    calls.crash.clear()
    calls.done.clear()
    files = pack(tmp_path, [0, 1, 2], prepared)
    assert calls.done == [1]
    assert all(f.exists() for f in files.values())
    assert not (tmp_path / "unfinished").exists()


def test_runs_of_a_killed_snakemake_are_taken_up_by_its_next_start(
    tmp_path, prepared, calls, monkeypatch
):
    """Nobody took note of them, so that Snakemake deletes the files and starts the job again."""
    with monkeypatch.context() as patch:
        patch.setattr(child_process, "is_orphaned", lambda: True)
        files = pack(tmp_path, [0, 1], prepared)
    assert "its next start takes these runs up" in (tmp_path / "log").read_text()
    before = [file.read_bytes() for file in files.values()]
    for file in files.values():
        file.unlink()
    calls.done.clear()
    files = pack(tmp_path, [0, 1], prepared)
    assert calls.done == [] and [file.read_bytes() for file in files.values()] == before
    assert not (tmp_path / "unfinished").exists()


def test_runs_of_code_that_was_edited_meanwhile_count_for_neither(tmp_path, prepared, calls):
    """Snakemake looks at the code when the job has ended, and would take them for the new one's."""
    code = tmp_path / "gelu.py"
    code.write_text("old")
    whole = job.train_run

    def edits(cell, seed, *rest):
        code.write_text("new")
        return whole(cell, seed, *rest)

    job.train_run = edits
    with pytest.raises(UserError, match="code of r n digits gelu was edited while it trained"):
        pack(tmp_path, [0, 1], prepared, sources=[code])
    assert not (tmp_path / "gelu").exists()
    job.train_run = whole
    calls.done.clear()
    pack(tmp_path, [0, 1], prepared, sources=[code])
    assert calls.done == [0, 1]


def test_a_store_that_another_execution_clears_meanwhile_holds_nothing(tmp_path, monkeypatch):
    store = RunStore(tmp_path / "unfinished/a", "d")
    store.save_run(7, one_run(7))
    store.save_checkpoint(7, {"epoch": 1})
    there = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: (there(path), path.unlink())[0])
    assert store.load_run(7) is None and store.load_checkpoint(7) is None


def test_a_crashed_network_is_not_held_in_memory(monkeypatch, tmp_path, prepared):
    import gc
    import weakref

    alive = []

    def train_run(*_):
        gc.collect()
        assert not [r for r in alive if r() is not None]
        network = nn.Linear(1, 1)
        alive.append(weakref.ref(network))
        raise RuntimeError("out of memory")

    monkeypatch.setattr(job, "train_run", train_run)
    with pytest.raises(CrashedError, match="seed 0, 1, 2 of .*out of memory"):
        pack(tmp_path, [0, 1, 2], prepared)


def test_a_killed_job_keeps_its_finished_runs(tmp_path, prepared, monkeypatch):
    code = [sys.executable, "-c", SCRIPT, tmp_path, "0,1,2", *prepared]
    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "at 2\n"
        os.kill(child.pid, signal.SIGKILL)
    store = tmp_path / "unfinished/r/n/d/gelu"
    assert {p.name for p in store.iterdir()} == {"0.parquet", "1.parquet"}
    (store / ".2.parquet.999").write_bytes(b"half a file of a killed process")
    train_run, trained = job.train_run, []

    def noted(cell, seed, *rest):
        trained.append(seed)
        return train_run(cell, seed, *rest)

    monkeypatch.setattr(job, "train_run", noted)
    files = pack(tmp_path, [0, 1, 2], prepared)
    assert trained == [2]
    assert not (tmp_path / "unfinished").exists()
    whole = pack(tmp_path / "whole", [0, 1, 2], prepared)
    assert [settled(files[s]) for s in files] == [settled(whole[s]) for s in whole]


OTHERWISE = {
    "recipe": {"recipe": RECIPE | {"epochs": 3}},
    "network": {"network": {"file": "plain", "parameters": {"width": 5}}},
    "train_size": {"train_size": 40},
    "validation": {"validation": 0.1},
    "cell": {"names": CELL | {"network": "other"}},
}


def leave(folder, prepared, calls, **changed):
    """Leave seed 0 finished in an unfinished pack of 0 and 1."""
    calls.crash.add(1)
    with pytest.raises(CrashedError):
        pack(folder, [0, 1], prepared, **changed)
    calls.crash.clear()
    calls.done.clear()


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_run_finished_otherwise_is_not_taken(tmp_path, prepared, calls, what):
    leave(tmp_path, prepared, calls)
    pack(tmp_path, [0, 1], prepared, **OTHERWISE[what])
    assert calls.done == [0, 1]


def test_a_run_of_edited_code_is_not_taken(tmp_path, prepared, calls):
    code = tmp_path / "step.py"
    code.write_text("a = 1")
    leave(tmp_path, prepared, calls, sources=[code])
    code.write_text("a = 2")
    pack(tmp_path, [0, 1], prepared, sources=[code])
    assert calls.done == [0, 1]


def test_a_run_of_another_torch_is_not_taken(tmp_path, prepared, calls, monkeypatch):
    leave(tmp_path, prepared, calls)
    monkeypatch.setattr(torch, "__version__", "9.9")
    pack(tmp_path, [0, 1], prepared)
    assert calls.done == [0, 1]


def test_a_run_of_other_data_is_not_taken(tmp_path, prepared, calls):
    leave(tmp_path, prepared, calls)
    fewer = Images(*(part[:40] for part in datasets.load("digits").load()))
    about = prepare.write(fewer, tmp_path / "digits.arrow", "digits")
    (tmp_path / "digits.json").write_text(json.dumps(about))
    pack(tmp_path, [0, 1], (tmp_path / "digits.arrow", tmp_path / "digits.json"))
    assert calls.done == [0, 1]


def test_a_run_is_taken_where_nothing_has_changed(tmp_path, prepared, calls):
    leave(tmp_path, prepared, calls)
    pack(tmp_path, [0, 1], prepared)
    assert calls.done == [1]


def test_a_broken_unfinished_run_is_trained_again(tmp_path, prepared, calls):
    leave(tmp_path, prepared, calls)
    kept = tmp_path / "unfinished/r/n/d/gelu/0.parquet"
    kept.write_bytes(kept.read_bytes()[:-20])
    pack(tmp_path, [0, 1], prepared)
    assert calls.done == [0, 1]


def test_a_kept_run_that_cannot_be_read_just_now_stays(tmp_path, monkeypatch):
    store = RunStore(tmp_path / "unfinished/a", compute_digest([], ["x"]))
    store.save_run(7, one_run(7))
    store.save_checkpoint(8, {"epoch": 1})

    def stale(*_, **__):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        patch.setattr(tables, "read_run", stale)
        patch.setattr(Path, "read_bytes", stale)
        for asked in (store.load_run, store.load_checkpoint):
            with pytest.raises(OSError, match="Stale"):
                asked(7 if asked == store.load_run else 8)
    assert store.load_run(7) is not None and store.load_checkpoint(8) == {"epoch": 1}


def test_a_kept_run_is_written_as_if_it_had_never_waited(tmp_path):
    table = one_run(7)
    store = RunStore(tmp_path / "unfinished/a", compute_digest([], ["x"]))
    store.save_run(7, table)
    tables.write_run(table, tmp_path / "direct")
    tables.write_run(store.load_run(7), tmp_path / "waited")
    assert (tmp_path / "waited").read_bytes() == (tmp_path / "direct").read_bytes()


def test_clearing_leaves_the_runs_of_another_pack(tmp_path):
    store = RunStore(tmp_path / "unfinished/a/b", "d")
    for seed in (1, 11, 21):
        store.save_run(seed, one_run(seed))
    store.clear([1, 2])
    assert sorted(p.name for p in store.folder.iterdir()) == ["11.parquet", "21.parquet"]
    store.clear([11, 21])
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_kept_although_another_pack_removes_the_folder(tmp_path, monkeypatch):
    store, write = RunStore(tmp_path / "unfinished/a", "d"), tables.write
    removed = []

    def late(table, path):
        if len(removed) < 2:
            removed.append(1)
            raise FileNotFoundError(path)
        write(table, path)

    monkeypatch.setattr(tables, "write", late)
    store.save_run(0, one_run(0))
    assert store.load_run(0) is not None


def test_a_digest_depends_on_every_file_and_every_value(tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        file.write_text("1")
    first = compute_digest(files, [1, "x", None])
    assert compute_digest(reversed(files), [1, "x", None]) == first
    assert compute_digest(files, [2, "x", None]) != first
    files[1].write_text("2")
    assert compute_digest(files, [1, "x", None]) != first


# What a person sees


@pytest.mark.parametrize(
    "seconds, words",
    [(0, "0 s"), (8.4, "8 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (5400, "1.5 h"),
     (86400, "24.0 h"), (129600, "1.5 days"), (1e6, "11.6 days")],
)  # fmt: skip
def test_a_duration_in_words(seconds, words):
    assert progress.format_duration(seconds) == words


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def metrics(epoch):
    return {"epoch": epoch, "train_loss": 0.5, "test_accuracy": 0.75}


def test_every_epoch_stands_in_the_log_with_the_time_that_is_left(clock):
    log = io.StringIO()
    shown = progress.Progress("a cell", log, epochs=2)
    clock[0] = 100.0  # reading the data is no epoch
    shown.start_pack([3, 4])
    for seed in (3, 4):
        for epoch in (1, 2):
            clock[0] += 10
            shown.log_epoch(seed, metrics(epoch))
        shown.end_seed(seed)
    assert log.getvalue().splitlines() == [
        f"seed {seed}, epoch {epoch} of 2: train loss 0.500, test accuracy 75.00 %, "
        f"{left} s left in this pack"
        for seed, epoch, left in ((3, 1, 30), (3, 2, 20), (4, 1, 10), (4, 2, 0))
    ]


def test_runs_that_diverge_crash_or_were_kept_leave_the_estimate_right(clock, tmp_path):
    log = io.StringIO()
    shown = progress.Progress("a cell", log, epochs=100)
    shown.start_pack([0, 1, 2])  # of ten, seven were kept
    clock[0] += 10
    shown.log_epoch(0, metrics(1))
    shown.end_seed(0)  # it has diverged
    clock[0] += 10
    shown.log_epoch(1, metrics(1))
    assert log.getvalue().splitlines()[-1].endswith("33 min left in this pack")  # 199 · 10 s


def test_epochs_that_end_at_once_share_an_estimate(clock):
    log = io.StringIO()
    shown = progress.Progress("a cell", log, epochs=2)
    shown.start_pack([0, 1, 2])
    clock[0] += 12
    shown.end_epochs([0, 1, 2])
    shown.log_epoch(0, metrics(1))
    shown.end_seed(1)  # it has diverged
    shown.log_epoch(2, metrics(1))
    clock[0] += 8
    shown.end_epochs([0, 2])
    for seed in (0, 2):
        shown.log_epoch(seed, metrics(2))
        shown.end_seed(seed)
    left = [line.split(", ")[-1] for line in log.getvalue().splitlines()]
    assert left == [f"{n} s left in this pack" for n in (12, 8, 0, 0)]


def test_the_terminal_gets_a_line_now_and_then_that_opens_with_its_cell(clock, capsys):
    shown = progress.Progress("adam net digits gelu", io.StringIO(), epochs=2000)
    shown.start_pack([0])
    for epoch in range(1, 2001):
        clock[0] += 1
        shown.log_epoch(0, metrics(epoch))
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("adam net digits gelu: seed 0, epoch ") for line in lines)
    at = [int(line.split("epoch ")[1].split()[0]) for line in lines]
    assert at == [15, 45, 105, 225, 465, 945, 1545]
    assert max(map(len, lines)) <= 120


def test_a_line_reaches_the_terminal_in_one_piece(monkeypatch):
    pieces = []

    class Terminal(io.StringIO):
        def write(self, text):
            pieces.append(text)

    monkeypatch.setattr(sys, "stderr", Terminal())
    progress.Progress("a cell", io.StringIO(), 1).log("hello")
    assert pieces == ["a cell: hello\n"]


def test_before_training_one_line_says_how_many_runs_are_left(tmp_path, capsys):
    progress.open_tally(tmp_path / "logs/tally.jsonl", left=30, declared=110, at_once=2)
    assert capsys.readouterr().err == "training: 30 of 110 runs are left\n"


def test_finished_runs_of_an_unfinished_pack_are_not_left(tmp_path, capsys):
    progress.open_tally(tmp_path / "tally.jsonl", left=30, kept=12, declared=110, at_once=2)
    said = "training: 18 of 110 runs are left, 12 of unfinished packs are kept\n"
    assert capsys.readouterr().err == said


def test_with_nothing_to_train_nothing_is_said(tmp_path, capsys):
    progress.open_tally(tmp_path / "tally.jsonl", left=0, declared=110, at_once=2)
    assert capsys.readouterr().err == "" and not list(tmp_path.iterdir())


def test_after_a_pack_a_line_says_how_long_the_others_take_here(tmp_path):
    path = tmp_path / "tally.jsonl"
    progress.open_tally(path, left=100, declared=100, at_once=2)
    line = progress.add_to_tally(path, runs=10, trained=10, seconds=600)
    assert line == "10 of 100 runs are trained; about 45 min of training left"
    line = progress.add_to_tally(path, runs=10, trained=10, seconds=1800)
    assert line == "20 of 100 runs are trained; about 80 min of training left"


def test_runs_that_were_finished_before_take_no_time_but_are_done(tmp_path):
    path = tmp_path / "tally.jsonl"
    progress.open_tally(path, left=20, declared=20, at_once=1)
    assert progress.add_to_tally(path, runs=5, trained=0, seconds=3) is None
    line = progress.add_to_tally(path, runs=5, trained=1, seconds=60)
    assert line == "10 of 20 runs are trained; about 10 min of training left"
    assert progress.add_to_tally(path, runs=10, trained=10, seconds=60) is None, "nothing is left"


def test_a_study_above_a_day_on_this_device_says_so(tmp_path):
    path = tmp_path / "tally.jsonl"
    progress.open_tally(path, left=1000, declared=1000, at_once=1)
    line = progress.add_to_tally(path, runs=10, trained=10, seconds=3600)
    assert line == (
        "10 of 1000 runs are trained; about 4.1 days of training left: more than a day; "
        "a GPU, a cluster or a smaller study would be shorter"
    )


@pytest.mark.parametrize("content", [None, "", "{", "{}\n", '{"runs": 5}\n'])
def test_a_tally_that_cannot_be_used_never_fails_a_job(tmp_path, content):
    path = tmp_path / "tally.jsonl"
    if content is not None:
        path.write_text(content)
    assert progress.add_to_tally(path, runs=1, trained=1, seconds=1) is None


def test_a_job_whose_runs_were_all_finished_before_ends_well(tmp_path, prepared, calls):
    progress.open_tally(tmp_path / "tally.jsonl", left=100, declared=100, at_once=1)
    leave(tmp_path, prepared, calls)
    pack(tmp_path, [0], prepared)
    assert calls.done == []


def test_several_jobs_add_to_the_tally_at_once(tmp_path):
    path, jobs, packs = tmp_path / "tally.jsonl", 4, 100
    progress.open_tally(path, left=jobs * packs + 1, declared=1000, at_once=jobs)
    code = (
        "import sys; from activarium.train.progress import add_to_tally; "
        f"[add_to_tally(sys.argv[1], 1, 1, 60) for _ in range({packs})]; print(*sys.modules)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, path], cwd=LIBRARY, stdout=subprocess.PIPE)
        for _ in range(jobs)
    ]
    for other in started:
        loaded = other.communicate()[0].decode().split()
        assert other.returncode == 0 and "torch" not in loaded
    lines = list(map(json.loads, path.read_text().splitlines()))
    assert len(lines) == 1 + jobs * packs
    assert sum(line["runs"] for line in lines[1:]) == jobs * packs


# What it costs


def test_a_run_says_what_it_cost_and_on_what():
    cost = trained(epochs=2)["cost"]
    assert cost["images"] == 2 * 48
    assert cost["images_per_second"] == pytest.approx(96 / cost["train_seconds"])
    assert cost["evaluate_seconds"] > 0
    assert cost["saved_bytes_per_element"] == 4
    assert (cost["device"], cost["threads"]) == ("cpu", 1)
    assert cost["torch"] == torch.__version__ and cost["device_name"]
    assert cost["started"][10] == "T" and cost["started"].endswith("+00:00")


# What autograd keeps of an activation, as its derivative formula says: the input, the output (free,
# for what comes next keeps it too), a mask, the slopes that were drawn


@pytest.mark.parametrize(
    ("activation", "kept"),
    [
        ("identity", 0),
        ("relu", 0),
        ("sigmoid", 0),
        ("gelu", 4),
        ("prelu", 4),
        ("rrelu", 1 + 4),
        ("squareplus", 4),
    ],
)
def test_saved_bytes_are_what_the_derivative_needs_beside_the_output(activation, kept):
    assert saved_bytes(activations.module(activation)) == kept


class PerChannel(nn.Module):
    """An activation of images alone, which learns a slope for each channel."""

    def __init__(self, channels=1):
        super().__init__()
        self.slope = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        squared = x * x.detach().clone()  # kept by what fails on plain numbers, too
        return squared * self.slope.view(1, -1, 1, 1).expand(1, x.shape[1], 1, 1)


def test_saved_bytes_of_an_activation_of_images_are_those_of_images_of_one_pixel():
    x, squared = 4, 4  # of the first product the copy alone, of the second what it multiplies
    assert saved_bytes(PerChannel()) == x + squared


class AcrossPixels(nn.Module):
    """An activation of images of several pixels alone."""

    def forward(self, x):
        return x * x[:, :, 1:2]


def test_a_measurement_that_fails_costs_no_run(tmp_path, prepared, monkeypatch):
    monkeypatch.setattr(activations, "module", lambda *_, **__: AcrossPixels())
    row = tables.read_run(pack(tmp_path, [0], prepared)[0]).to_pylist()[0]
    assert row["status"] == "ok" and row["test_accuracy"] > 0
    assert row["cost"]["saved_bytes_per_element"] is None
    said = (tmp_path / "log").read_text().splitlines()
    line = "memory is not measured, and nothing need be done: IndexError: "
    assert said[0].startswith(line)


def test_what_may_fail_is_measured_before_the_first_epoch(monkeypatch):
    done = []
    monkeypatch.setattr(loop, "saved_bytes_or_none", lambda *_: done.append("measured"))
    whole = step.Training.train_epoch
    monkeypatch.setattr(
        step.Training, "train_epoch", lambda *a: (done.append("epoch"), whole(*a))[1]
    )
    trained()
    assert done == ["measured", "epoch", "epoch"]


def test_counting_saved_bytes_draws_nothing_that_a_later_run_would_miss():
    before = torch.get_rng_state()
    saved_bytes(activations.module("rrelu"))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_job_does_not_import_torchs_compiler(tmp_path, prepared):
    code = SCRIPT + "assert 'torch._dynamo' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", code, tmp_path, "0", *prepared], check=True)


ELU_TWICE = f"""
import sys
sys.path.insert(0, {str(LIBRARY)!r})
import torch
from torch.nn.functional import elu
from activarium.train.fast_elu import speed_up_elu

x = torch.arange(-2**31, 2**31 - 1, 4999).to(torch.int32).view(torch.float32)
x = x[x.isfinite()].requires_grad_()

def value_and_slope():
    y = elu(x)
    return y.detach(), torch.autograd.grad(y.sum(), x)[0]

cold = value_and_slope()
speed_up_elu()
assert all(map(torch.equal, cold, value_and_slope()))
"""


@pytest.mark.slow
def test_a_fast_elu_has_the_bits_of_a_slow_one():
    subprocess.run([sys.executable, "-c", ELU_TWICE], check=True)


# Real images


def cifar():
    """CIFAR-10 where ACTIVARIUM_DATA has it; skips elsewhere, and never asks the network."""
    root = Path(os.environ.get("ACTIVARIUM_DATA") or "nowhere")
    if not any((root / n).exists() for n in ("cifar-10-batches-py", "cifar-10-python.tar.gz")):
        pytest.skip("ACTIVARIUM_DATA names no folder with CIFAR-10")
    return datasets.load("cifar10").load(root)


@pytest.mark.slow
def test_real_cifar10_is_learned_far_above_chance_and_the_same_way_twice(tmp_path, weights):
    about = prepare.write(cifar(), tmp_path / "cifar10.arrow", "cifar10")
    assert about["sha256"] == "6f291c36aee74012d2adde3d1a620028f1c7cf56244476202dfcfb52058cef21"
    assert np.allclose(about["mean"], [0.4914, 0.4822, 0.4465], atol=1e-4)
    assert np.allclose(about["sd"], [0.2470, 0.2435, 0.2616], atol=1e-4)
    (tmp_path / "cifar10.json").write_text(json.dumps(about))
    found = []
    for folder in ("once", "twice"):
        files = pack(
            tmp_path / folder,
            [0],
            (tmp_path / "cifar10.arrow", tmp_path / "cifar10.json"),
            names=CELL | {"dataset": "cifar10"},
            network={"file": "resnet14", "parameters": {"width": 8}},
            recipe=RECIPE | {"batch_size": 64, "learning_rate": 0.003},
            train_size=5000,
        )
        found.append((weights[0], settled(files[0])))
    assert found[0] == found[1]
    row = found[0][1]
    assert row["n_test"] == 10000
    assert row["test_accuracy"] > 0.3, "chance is 0.1"


@contextmanager
def cut_off(monkeypatch):
    """Here a pack ends in its seed 1, after that has finished epoch 3."""
    told = progress.Progress.log_epoch

    def cut(self, seed, metrics):
        told(self, seed, metrics)
        if (seed, metrics["epoch"]) == (1, 3):
            raise KeyError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(progress.Progress, "log_epoch", cut)
        with pytest.raises(CrashedError, match="seed 1 of .*cut off"):
            yield


EVALUATED = ("test_loss", "test_accuracy", "validation_loss", "validation_accuracy")


def without_evaluations(row, epochs):
    """The history of a run with null where an epoch was not evaluated."""
    return [e if e["epoch"] in epochs else e | dict.fromkeys(EVALUATED) for e in row["epochs"]]


@pytest.mark.parametrize(("every", "evaluated"), [(1, {1, 2, 3}), (2, {2, 3}), (9, {3})])
def test_a_run_evaluated_less_often_is_the_same_run_with_gaps(every, evaluated):
    whole, sparse = trained(epochs=3), trained(epochs=3, evaluate_every=every)
    assert sparse["epochs"] == without_evaluations(whole, evaluated)
    assert all(sparse[k] == whole[k] for k in ("test_accuracy", "correct", "n_correct", "status"))
