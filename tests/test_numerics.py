"""Implementation numerics: torch's errors are seen where they are known and nowhere invented."""

import math
from types import SimpleNamespace

import pytest
import torch

from activarium import activations
from activarium.activations import ActivationSpec
from activarium.certify import Unproven
from activarium.definitions.numerics import ExactFunction, all_inputs, measure_numerics, ulp

torch.set_num_threads(1)
FLOATS = (torch.float32, torch.bfloat16, torch.float16)


def found(name):
    return measure_numerics(activations.load(name).definition, activations.module(name, channels=1))


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
    broken = measure_numerics(activations.load("silu").definition, Broken())
    for name, of_dtype in broken.items():
        assert of_dtype["not_finite"]["value"] >= 1 and of_dtype["not_finite"]["first_at"] == 3
        assert -2.1 < of_dtype["value"]["zero_below"] < -2
        assert of_dtype["value"]["max_abs"] > (0.1 if name != "float16" else 0.05)


def test_exact_values_are_those_of_the_side_that_a_kink_names():
    relu = ExactFunction(activations.load("relu").definition)
    assert [float(c.mid()) for c in relu(0.0)] == [0, 0]
    assert [float(c.mid()) for c in relu(2.5)] == [2.5, 1]
    threshold = ExactFunction(activations.load("threshold").definition)
    assert [float(c.mid()) for c in threshold(1.0)] == [0, 0]


@pytest.mark.parametrize("dtype", FLOATS)
def test_an_ulp_is_the_spacing_of_the_dtype(dtype):
    for value in (1.0, 1.5, 0.1, 3.7, 100.0, 0.0, 1e-6):
        at = torch.tensor(value, dtype=dtype)
        step = torch.nextafter(at, torch.tensor(math.inf, dtype=dtype)).double() - at.double()
        assert step.item() == pytest.approx(ulp(at.item(), dtype), rel=1e-12)


def test_every_finite_input_is_there_once():
    assert len(all_inputs(torch.bfloat16)) == 2 * 127.5 * 256 - 1
    assert len(all_inputs(torch.float16)) == 2 * 31 * 1024 - 1
    assert all_inputs(torch.float32).dtype == torch.float32


@pytest.mark.parametrize("name", ["squareplus", "golu", "tanh_exp", "softsign"])
def test_value_and_gradient_are_right_as_far_as_1e4(name):
    for of_dtype in found(name).values():
        assert of_dtype["value"]["right_to"] == of_dtype["gradient"]["right_to"] == 1e4


class InFloat32(torch.nn.Module):
    """A definition computed operator by operator, which cancels or overflows."""

    def __init__(self, name):
        super().__init__()
        self.definition = activations.load(name).definition

    def forward(self, x):
        return self.definition(x, torch_itself)


torch_itself = SimpleNamespace(sqrt=torch.sqrt, exp=torch.exp, tanh=torch.tanh)


@pytest.mark.parametrize(
    ("name", "value", "gradient"), [("squareplus", (20, 500), (1e4, 1e4)),
                                    ("tanh_exp", (1e4, 1e4), (70, 89))],
)  # fmt: skip
def test_where_float32_stops_being_right_is_told(name, value, gradient):
    of = measure_numerics(activations.load(name).definition, InFloat32(name))["float32"]
    assert value[0] <= of["value"]["right_to"] <= value[1]
    assert gradient[0] <= of["gradient"]["right_to"] <= gradient[1]


class InPlace(torch.nn.Module):
    def forward(self, x):
        return x.mul_(x.sigmoid())


class OfImages(torch.nn.Module):
    """Learns a slope for each channel, and takes nothing but images."""

    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.ones(1))

    def forward(self, x):
        _, channels, _, _ = x.shape
        return torch.nn.functional.silu(x * self.slope.expand(channels)[:, None, None])


@pytest.mark.parametrize("module", [InPlace, OfImages])
def test_what_works_in_place_or_on_images_is_measured_as_any_other(module):
    silu = measure_numerics(activations.load("silu").definition, module())["float32"]
    assert silu["value"]["max_abs"] < 1e-6 and silu["value"]["right_to"] == 1e4
    assert silu["not_finite"]["value"] == 0


def test_a_breakpoint_that_is_not_rational_is_refused_with_the_reason():
    def bent(x, xp):
        return xp.piecewise(x, xp.pi, lambda x: 0 * x, lambda x: x - xp.pi)

    with pytest.raises(Unproven, match="exact rational number"):
        measure_numerics(bent, torch.nn.ReLU())


def test_a_line_is_measured_as_a_file_is_and_said_where_it_ends():
    """eˣ is held where float64 ends, so that log(1 + eˣ) stands still beyond 709."""
    text = "log1p(exp(x))"
    spec = ActivationSpec("mine", text)
    made = activations.definition(spec), activations.module(spec)
    found = measure_numerics(*made)["float32"]
    assert 300 < found["value"]["right_to"] < 709 and found["gradient"]["right_to"] == 1e4
