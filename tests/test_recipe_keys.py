"""What a recipe may say beyond its first keys: torch's own code gives the same numbers."""

import math

import pytest
import torch
from fake_gpu import FakeGpu
from test_checkpoints import LONG, PowerCutError, every_epoch, trained
from test_training import (
    RECIPE,
    as_a_job,
    cut_off,
    images,
    pack,
    prepared,
    settled,
    training,
    weights,
)
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from activarium import activations, networks
from activarium.train import job, step
from activarium.train.schedules import learning_rate

__all__ = ["as_a_job", "every_epoch", "prepared", "trained", "weights"]  # fixtures, by their names
ALL = {"schedule": "one_cycle", "warmup": 0.25, "clip": 0.5, "ema": 0.75, "betas": [0.8, 0.9]}


def rates(steps, **recipe):
    """The learning rate of each step."""
    recipe = {"learning_rate": 0.5, "schedule": "constant"} | recipe
    return [learning_rate(recipe, step / steps, steps) for step in range(steps)]


@pytest.mark.parametrize("steps", [1, 2, 7, 10, 100, 997])
@pytest.mark.parametrize("warmup", [None, 0.0, 0.05, 0.3, 0.9])
def test_one_cycle_has_the_rates_of_torchs_scheduler(steps, warmup):
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1)
    given = {} if warmup is None else {"pct_start": warmup}
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 0.5, total_steps=steps, cycle_momentum=False, **given
    )
    expected = []
    for _ in range(steps):
        expected += scheduler.get_last_lr()
        optimiser.step()
        scheduler.step() if len(expected) < steps else None
    given = {} if warmup is None else {"warmup": warmup}
    assert rates(steps, schedule="one_cycle", **given) == pytest.approx(expected, rel=1e-12)


def test_one_cycle_starts_at_its_peak_where_there_is_one_step_to_rise_in():
    assert rates(10, schedule="one_cycle", warmup=0.1)[0] == 0.5, "where torch divides 0 by 0"


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_a_warm_up_rises_along_a_line_and_leaves_the_schedule_the_other_steps(schedule):
    found = rates(10, schedule=schedule, warmup=0.2)
    assert found[:2] == [0, 0.25]
    assert found[2:] == pytest.approx(rates(8, schedule=schedule))
    assert rates(10, schedule=schedule, warmup=0) == rates(10, schedule=schedule)


@pytest.mark.parametrize("kind", [step.Training, step.GraphedTraining])
def test_each_step_is_taken_at_the_rate_of_its_schedule(kind):
    one, seen = of_kind(kind, epochs=4, **ALL), []
    forward = one._step
    one._step = lambda x, y: (seen.append(float(one.optimiser.param_groups[0]["lr"])),
                              forward(x, y))[1]  # fmt: skip
    shown = [one.train_epoch(epoch)["learning_rate"] for epoch in range(4)]
    expected = rates(12, learning_rate=0.01, schedule="one_cycle", warmup=0.25)
    assert seen == pytest.approx(expected, rel=1e-6)
    assert shown == pytest.approx(expected[2::3], rel=1e-6)


def of_kind(kind, activation="gelu", network="plain", **recipe):
    """A training of either kind that has not begun."""

    def make(channels, dim=1):
        return activations.module(activation, channels=channels, dim=dim)

    net = networks.load(network).build(make, 1, 5, 8, width=4)
    return kind(net, images(), RECIPE | recipe, 0, torch.device("cpu"))


def test_betas_and_momentum_reach_the_optimiser():
    groups = training(betas=[0.8, 0.95]).optimiser.param_groups
    assert {group["betas"] for group in groups} == {(0.8, 0.95)}
    groups = training(optimizer="adamw").optimiser.param_groups
    assert {group["betas"] for group in groups} == {(0.9, 0.999)}
    for momentum in (0, 0.5, 0.9):
        groups = training(optimizer="sgd", momentum=momentum).optimiser.param_groups
        found = {(group["momentum"], group["nesterov"]) for group in groups}
        assert found == {(momentum, momentum > 0)}


def test_sgd_without_momentum_goes_along_the_gradient():
    one = training(optimizer="sgd", momentum=0, learning_rate=0.5, network="mlp")
    before = [p.detach().clone() for p in one.network.parameters()]
    x, y = one.data["train"]
    one._step(one.normalise(x), y)
    for p, old in zip(one.network.parameters(), before, strict=True):
        assert torch.allclose(p, old - 0.5 * p.grad, atol=1e-7)


@pytest.mark.parametrize("kind", [step.Training, step.GraphedTraining])
@pytest.mark.parametrize("clip", [1e-3, 1e6])
def test_the_gradient_is_scaled_down_to_the_largest_norm_and_never_up(kind, clip):
    clipped, free = of_kind(kind, clip=clip), of_kind(kind)
    x, y = free.data["train"]
    for one in (clipped, free):
        one._step(one.normalise(x), y)
    whole, found = (
        torch.cat([p.grad.flatten() for p in one.network.parameters()]) for one in (free, clipped)
    )
    assert torch.allclose(found, whole * min(1, clip / whole.norm().item()), rtol=1e-4, atol=0)


@pytest.mark.parametrize("kind", [step.Training, step.GraphedTraining])
@pytest.mark.parametrize("activation", ["gelu", "prelu", "rrelu"])
def test_the_moving_average_is_that_of_torch_s_averaged_model(kind, activation):
    one = of_kind(kind, activation, "resnet14", ema=0.75, epochs=3)
    multi = get_ema_multi_avg_fn(0.75)
    theirs = AveragedModel(one.scored_network, multi_avg_fn=multi, use_buffers=True)
    optimiser_step = one.average.update
    one.average.update = lambda: (theirs.update_parameters(one.network), optimiser_step())
    for epoch in range(3):
        one.train_epoch(epoch)
    ours, expected = one.scored_network.state_dict(), theirs.module.state_dict()
    assert {name.rpartition(".")[2] for name in ours} >= {"weight", "running_var"}
    for name, value in ours.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, expected[name], rtol=1e-6, atol=1e-7, msg=name)
        else:
            assert torch.equal(value, one.network.state_dict()[name]), "whole numbers are copied"


def test_an_activation_draws_from_the_same_generator_in_the_average():
    one = training("rrelu", ema=0.75)
    drawn = [m.generator for m in one.scored_network.modules() if hasattr(m, "generator")]
    assert len(drawn) == 3 and all(generator is one.noise for generator in drawn)


def test_the_average_is_scored_and_the_weights_train_on_as_without_it():
    plain, averaged = training(), training(ema=0.75)
    for epoch in range(2):
        assert plain.train_epoch(epoch) == averaged.train_epoch(epoch)
    for name, value in plain.network.state_dict().items():
        assert torch.equal(value, averaged.network.state_dict()[name])
    assert plain.evaluate("test")[0] != averaged.evaluate("test")[0]
    plain.network.load_state_dict(averaged.average.model.state_dict())
    assert plain.evaluate("test")[0] == averaged.evaluate("test")[0]


@pytest.mark.parametrize(
    "given", [ALL, {"optimizer": "sgd", "momentum": 0.5, "ema": 0.5, "warmup": 0.5}]
)
def test_a_cut_run_goes_on_with_its_average_bit_by_bit(tmp_path, prepared, weights, trained, given):
    recipe = LONG | given
    expected = settled(pack(tmp_path / "whole", [0], prepared, "rrelu", recipe=recipe)[0])
    bits = weights[0]
    for epoch in (1, 3):
        folder = tmp_path / str(epoch)
        trained[1].add((0, epoch))
        with pytest.raises(PowerCutError):
            pack(folder, [0], prepared, "rrelu", recipe=recipe)
        found = settled(pack(folder, [0], prepared, "rrelu", recipe=recipe)[0])
        assert (found, weights[0]) == (expected, bits)


@pytest.mark.parametrize("activation", ["prelu", "rrelu"])
def test_a_captured_run_is_that_of_a_host_alone_in_a_pack_and_after_a_cut(
    tmp_path, prepared, monkeypatch, activation
):
    """The rates of this schedule are the same numbers in float32, in which a captured step reads
    them."""
    exact = {"learning_rate": 2**-6, "schedule": "linear", "warmup": 0.5, "batch_size": 12}
    recipe = RECIPE | {"epochs": 4} | ALL | exact
    apart = pack(tmp_path / "apart", [0, 1], prepared, activation, recipe=recipe)
    expected = [settled(apart[seed]) for seed in (0, 1)]
    assert all(math.isfinite(epoch["test_loss"]) for row in expected for epoch in row["epochs"])
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    gpu = FakeGpu(monkeypatch)
    alone = pack(tmp_path / "alone", [1], prepared, activation, recipe=recipe)
    together = pack(tmp_path / "together", [0, 1], prepared, activation, recipe=recipe)
    assert settled(alone[1]) == expected[1]
    assert [settled(together[seed]) for seed in (0, 1)] == expected
    assert gpu.captured and all(graph.replays for graph in gpu.captured)
    with cut_off(monkeypatch):
        pack(tmp_path / "cut", [0, 1], prepared, activation, recipe=recipe)
    resumed = pack(tmp_path / "cut", [0, 1], prepared, activation, recipe=recipe)
    assert [settled(resumed[seed]) for seed in (0, 1)] == expected
    assert "seed 1 goes on after epoch 2" in (tmp_path / "cut/log").read_text()
