"""Implementation numerics: torch's errors are seen where they are known and nowhere invented."""

import math

import pytest
import torch

from activarium import activations
from activarium.numerics import Exact, every, numerics, ulp

torch.set_num_threads(1)
FLOATS = (torch.float32, torch.bfloat16, torch.float16)


def found(name):
    return numerics(activations.load(name).definition, activations.module(name))


def test_gelu_flushes_to_zero_long_before_its_value_does():
    gelu = found("gelu")["float32"]
    assert -6 < gelu["value"]["zero_below"] < -5 and gelu["value"]["zero_above"] is None
    assert gelu["value"]["max_ulp"] > 1e6 and gelu["value"]["max_abs"] < 1e-6


def test_tanh_is_accurate_and_its_gradient_is_0_beyond_9():
    tanh = found("tanh")["float32"]
    assert tanh["value"]["max_ulp"] < 4 and tanh["value"]["zero_below"] is None
    assert 9 < tanh["gradient"]["zero_above"] < 9.2
    assert tanh["gradient"]["zero_below"] == -tanh["gradient"]["zero_above"]


def test_mishs_gradient_has_the_wrong_sign_far_left():
    mish = found("mish")["float32"]
    assert mish["gradient"]["wrong_sign"] > 0 and mish["value"]["wrong_sign"] == 0


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "hardtanh", "identity", "threshold"])
def test_what_needs_no_rounding_has_half_an_ulp_at_most(name):
    for of_dtype in found(name).values():
        assert of_dtype["value"]["max_ulp"] <= (1.5 if name == "leaky_relu" else 0.5)
        assert of_dtype["gradient"]["max_ulp"] <= 0.5
        assert of_dtype["not_finite"]["value"] == of_dtype["not_finite"]["gradient"] == 0
        assert of_dtype["value"]["zero_below"] is None


class Broken(torch.nn.Module):
    """SiLU that is a little off, never above 0, and nan at 3."""

    def forward(self, x):
        y = x * torch.sigmoid(x) * 1.001
        return torch.where(x == 3, y * math.nan, torch.where(x < -2, 0 * y, y))


def test_a_broken_module_is_seen():
    broken = numerics(activations.load("silu").definition, Broken())
    for name, of_dtype in broken.items():
        assert of_dtype["not_finite"]["value"] >= 1 and of_dtype["not_finite"]["first_at"] == 3
        assert -2.1 < of_dtype["value"]["zero_below"] < -2
        assert of_dtype["value"]["max_abs"] > (0.1 if name != "float16" else 0.05)


def test_exact_values_are_those_of_the_side_that_a_kink_names():
    relu = Exact(activations.load("relu").definition)
    assert [float(c.mid()) for c in relu(0.0)] == [0, 0]
    assert [float(c.mid()) for c in relu(2.5)] == [2.5, 1]
    threshold = Exact(activations.load("threshold").definition)
    assert [float(c.mid()) for c in threshold(1.0)] == [0, 0]


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_ulp_is_the_spacing_of_the_dtype(dtype):
    for value in (1.0, 1.5, 0.1, 3.7, 100.0, 0.0, 1e-6):
        at = torch.tensor(value, dtype=dtype)
        step = torch.nextafter(at, torch.tensor(math.inf, dtype=dtype)).double() - at.double()
        assert step.item() == pytest.approx(ulp(at.item(), dtype), rel=1e-12)


def test_every_finite_input_is_there_once():
    assert len(every(torch.bfloat16)) == 2 * 127.5 * 256 - 1
    assert len(every(torch.float16)) == 2 * 31 * 1024 - 1
    assert every(torch.float32).dtype == torch.float32
