"""Activations: what is trained is what is defined; a new file is tested as soon as it is there."""

import ast
import doctest
import inspect
import math
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch
from formulas import FORMULAS
from mpmath import mp
from scipy import integrate, optimize, stats
from torch import nn
from torch._subclasses import FakeTensorMode

from activarium import activations
from activarium.activations import ActivationSpec
from activarium.definitions import FUNCTIONS, expressions, on_numpy, on_torch
from activarium.definitions.module_checks import find_mismatch
from activarium.definitions.torch_module import DefinitionModule, required_dtype
from activarium.runtime.errors import UserError

LIBRARY = Path(activations.__file__).parents[2]
NAMES = activations.names()
LEARNED = [n for n in NAMES if activations.load(n).definition.__kwdefaults__]

# How far a module of torch may be from the definition in float64, for value and gradient.
ROUNDING = 1e-13
TORCHS_OWN = {
    "softplus": (2.1e-9, 2.1e-9),  # x itself above 20
    "hardsigmoid": (ROUNDING, 5.1e-9),  # a slope of 1/6 in float32, whatever x is
}


class Spy:
    """The primitives on torch, noting every breakpoint that a definition names."""

    def __init__(self):
        self.kinks = {}

    def __getattr__(self, word):
        return getattr(on_torch, word)

    def piecewise(self, x, c, left, right, at="right"):
        self.kinks[c] = at
        return on_torch.piecewise(x, c, left, right, at)


def kinks(name):
    """{breakpoint: the side that gives value and derivative there} of an activation."""
    spy = Spy()
    activations.load(name).definition(torch.zeros(1, dtype=torch.float64), spy)
    return spy.kinks


def grid(name, dtype=torch.float64):
    """|x| ≤ 100, dense near 0, with every breakpoint and its two neighbours."""
    x = [np.linspace(-100, 100, 2001), np.linspace(-8, 8, 3201), np.geomspace(1e-30, 1, 61)]
    near = [[np.nextafter(c, -np.inf), c, np.nextafter(c, np.inf)] for c in kinks(name)]
    return torch.tensor(np.unique(np.concatenate([*x, -x[2], [0.0], *near])), dtype=dtype)


def value_and_gradient(function, x):
    x = x.clone().requires_grad_()
    y = function(x)
    return y.detach(), torch.autograd.grad(y.sum(), x)[0]


def defined(name):
    return lambda x: activations.load(name).definition(x, on_torch)


def built(name, dtype=torch.float64):
    """The trained module as evaluation sees it, its parameters started in `dtype`."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return activations.module(name, channels=1).eval()
    finally:
        torch.set_default_dtype(before)


def minimum(name):
    """(where, what) of the least value on [−3, 0], by numpy."""
    f = activations.load(name).definition
    found = optimize.minimize_scalar(
        lambda x: float(f(np.float64(x), on_numpy)), bounds=(-3, 0), options={"xatol": 1e-10}
    )
    return found.x, found.fun


def gaussian(function):
    """E of function(x) for a standard normal x."""
    parts = [(-12, -1), (-1, 0), (0, 1), (1, 12)]
    density = stats.norm.pdf
    return sum(integrate.quad(lambda x: function(x) * density(x), *p)[0] for p in parts)


# The files


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_it_is_in_one_sentence(name):
    file = activations.load(name)
    first, *rest = file.__doc__.split("\n\n")
    assert first.endswith(".") and "\n" not in first and not re.search(r"[.!?] [A-Z]", first)
    assert name == "identity" or rest
    assert file.label and file.formula and file.label.isprintable() and file.formula.isprintable()


def test_no_two_activations_share_a_label():
    labels = [activations.load(n).label for n in NAMES]
    assert sorted(set(labels)) == sorted(labels)


def test_the_papers_twenty_are_all_here():
    # fmt: off
    twenty = {
        "elu", "hardshrink", "hardsigmoid", "hardtanh", "hardswish", "leaky_relu", "logsigmoid",
        "prelu", "relu", "relu6", "rrelu", "selu", "celu", "gelu", "sigmoid", "softplus",
        "softshrink", "softsign", "tanh", "tanhshrink",
    }
    # fmt: on
    assert len(twenty) == 20 and twenty <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_uses_only_the_vocabulary(name):
    tree = ast.parse(inspect.getsource(activations.load(name).definition))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            assert node.value.id == "xp"
            assert node.attr in (*FUNCTIONS, "piecewise", "pi", "decimal")
        if isinstance(node, ast.BinOp):
            assert isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div)
            numbers = isinstance(node.left, ast.Constant), isinstance(node.right, ast.Constant)
            assert not all(numbers), "Python rounds this before a proof sees it"
        assert not isinstance(node, ast.Compare | ast.If | ast.IfExp | ast.Import | ast.ImportFrom)


def test_reading_and_drawing_definitions_needs_no_torch_and_no_pandas():
    program = """
import sys
import numpy as np
from activarium import activations
assert not {"torch", "pandas", "numpy.testing", "scipy"} & set(sys.modules), "importing alone"
from activarium.definitions import on_numpy
for name in activations.names():
    file = activations.load(name)
    y = file.definition(np.linspace(-100, 100, 101), on_numpy)
    assert y.shape == (101,) and np.isfinite(y).all(), name
assert not {"torch", "pandas"} & set(sys.modules), "reading definitions"
"""
    subprocess.run([sys.executable, "-c", program], cwd=LIBRARY, check=True)


def test_names_only_reads_the_folder():
    program = """
import sys
from activarium import activations
activations.names()
assert "activarium.activations.gelu" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=LIBRARY, check=True)


def test_an_unknown_name_is_an_error_with_a_suggestion():
    for ask in (activations.definition, activations.module, activations.load):
        with pytest.raises(UserError, match=r"^no activation 'Golu' \(did you mean golu\?\)$"):
            ask("Golu")
        with pytest.raises(UserError, match="^no activation 'nothing'; `activarium list` "):
            ask("nothing")


def test_the_examples_in_the_docstrings_are_true():
    failed, tried = doctest.testmod(activations)
    assert tried >= 4 and not failed


# What is trained is what is defined


@pytest.mark.parametrize("name", NAMES)
def test_the_trained_module_equals_the_definition(name):
    x = grid(name)
    y, dy = value_and_gradient(built(name), x)
    expected, slope = value_and_gradient(defined(name), x)
    value_tolerance, slope_tolerance = TORCHS_OWN.get(name, (ROUNDING, ROUNDING))
    torch.testing.assert_close(y, expected, rtol=0, atol=value_tolerance)
    torch.testing.assert_close(dy, slope, rtol=0, atol=slope_tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_and_torch_read_the_same_definition(name):
    x = grid(name)
    y = activations.load(name).definition(x.numpy(), on_numpy)
    torch.testing.assert_close(torch.from_numpy(y), defined(name)(x), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", [n for n in NAMES if kinks(n)])
def test_the_derivative_at_a_breakpoint_is_torchs_and_that_of_the_named_side(name):
    for c, side in kinks(name).items():
        at = torch.tensor([c], dtype=torch.float64)
        beside = torch.nextafter(at, torch.tensor(-torch.inf if side == "left" else torch.inf))
        (y, z), dy = value_and_gradient(defined(name), torch.cat([at, beside]))
        torch.testing.assert_close(dy[0], dy[1], rtol=0, atol=1e-12)
        torch.testing.assert_close(y, z, rtol=0, atol=1e-12)
        torchs = value_and_gradient(built(name), at)
        torch.testing.assert_close(dy[:1], torchs[1], rtol=0, atol=ROUNDING)
        torch.testing.assert_close(y, torchs[0][0], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("name", "slopes"),
    [
        ("relu", {0: 0}),
        ("leaky_relu", {0: 0.01}),
        ("prelu", {0: 0.25}),
        ("rrelu", {0: 11 / 48}),
        ("penalized_tanh", {0: 0.25}),
        ("erf_relu", {0: 1}),
        ("pau", {0: 0.505000375 - 0.0335583603 * 3.30847488e-6}),
        ("selu", {0: 1.7580993408473766}),
        ("hardswish", {-3: 0, 3: 1}),
        ("hard_elish", {-1: 0, 0: 0.5, 1: 1}),
        ("hard_mish", {-2: 0, 0: 1}),
        ("threshold", {1: 0}),
        ("relu6", {0: 0, 6: 0}),
    ],
)
def test_the_derivative_at_a_breakpoint_is_what_the_file_says(name, slopes):
    assert set(kinks(name)) == set(slopes)
    at = torch.tensor(list(slopes), dtype=torch.float64)
    expected = torch.tensor(list(slopes.values()), dtype=torch.float64)
    torch.testing.assert_close(value_and_gradient(defined(name), at)[1], expected)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients_are_finite_up_to_100(name, dtype, training):
    module = built(name, dtype).train(training)
    x = grid(name, dtype).requires_grad_()
    y = module(x)
    gradients = torch.autograd.grad(y.sum(), [x, *module.parameters()])
    assert y.isfinite().all() and all(g.isfinite().all() for g in gradients)
    y, dy = value_and_gradient(defined(name), x.detach())
    assert y.isfinite().all() and dy.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_shape_and_dtype_go_through(name):
    x = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        y = activations.module(name, channels=3).to(dtype)(x.to(dtype))
        assert y.shape == x.shape and y.dtype == dtype and y.isfinite().all()
    module = activations.module(name, channels=3)
    if isinstance(module, DefinitionModule):  # as under autocast, where parameters stay in float32
        assert module(x.bfloat16()).dtype == torch.bfloat16


class Made(nn.Module):
    """A module that computes one function of (x, whether it trains)."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x, self.training)


@pytest.mark.parametrize("name", NAMES)
def test_no_built_in_module_disagrees_with_its_definition(name):
    definition = activations.load(name).definition
    assert find_mismatch(activations.module(name, channels=1), definition) is None


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        (
            nn.GELU("tanh"),
            "gelu",
            "module() gives -0.00843458 at x = -2.719, definition -0.0089075",
        ),
        (nn.PReLU(), "leaky_relu", "module() gives -12.4997 at x = -50, definition -0.499988"),
        (nn.ReLU(), "prelu", "module() gives 0 at x = -50, definition -12.4997; write both alike"),
        (nn.Softmax(1), "gelu", "module() gives 1 at x ="),
        (
            nn.PReLU(8),
            "prelu",
            "module() cannot be run on images [802, 1, 1, 1]: RuntimeError: Mis",
        ),
        (
            nn.Flatten(),
            "identity",
            "module() makes [802, 1] of [802, 1, 1, 1]; it must keep shapes",
        ),
        (Made(lambda x, _: (x, x)), "identity", "TypeError: it gives a tuple and no tensor"),
        (
            Made(lambda x, _: x.relu().detach()),
            "relu",
            "module() has the slope 0 at x = 0.001234, d",
        ),
        (
            Made(lambda x, _: torch.where(x > 0, x.sqrt() ** 2, 0)),
            "relu",
            "module() has the slope nan at x =",
        ),
        (
            Made(lambda x, t: x * (2 if t else 1)),
            "identity",
            "definition 50.0012 while it trains; w",
        ),
        (
            nn.PReLU(init=0.01),
            "leaky_relu",
            "module() learns 1 numbers, definition none; name them behind a *, as in def",
        ),
        (
            nn.LeakyReLU(0.25),
            "prelu",
            "definition learns slope, module() nothing; write both alike",
        ),
    ],
)
def test_a_module_that_is_not_its_definition_is_told_by_where_and_by_how_much(module, name, said):
    assert said in find_mismatch(module, activations.load(name).definition)


def test_what_draws_or_works_in_place_agrees_as_evaluation_has_it():
    relu = activations.load("relu").definition
    state = torch.get_rng_state()
    assert find_mismatch(nn.ReLU(inplace=True), relu) is None
    assert find_mismatch(nn.Sequential(nn.ReLU(), nn.Dropout(0.5)), relu) is None
    assert find_mismatch(nn.RReLU(), activations.load("rrelu").definition) is None
    assert torch.equal(torch.get_rng_state(), state)


# The definitions against formulas written anew, in as many digits as their cancellations need

POINTS = [s * x for x in (0.11, 0.37, 0.77, 1.3, 2.6, 5.3, 9.7, 17.9, 33.3, 97.7) for s in (-1, 1)]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_definition_and_its_derivative_agree_with_120_digits(name):
    y, dy = value_and_gradient(defined(name), torch.tensor(POINTS, dtype=torch.float64))
    with mpmath.workdps(120):
        formula = FORMULAS[name]
        exact = [float(formula(mp.mpf(x))) for x in POINTS]
        slope = [float(mp.diff(formula, mp.mpf(x))) for x in POINTS]
    np.testing.assert_allclose(y, exact, rtol=2e-14, atol=2e-14)
    np.testing.assert_allclose(dy, slope, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", ["aptx", "gelu", "gelu_tanh", "gish", "golu", "mish", "silu"])
def test_the_left_tail_keeps_its_relative_accuracy(name):
    points = [-3.1, -5.3, -8.9, -15.3, -21.7]
    y = defined(name)(torch.tensor(points, dtype=torch.float64))
    with mpmath.workdps(400):
        exact = np.array([float(FORMULAS[name](mp.mpf(x))) for x in points])
    normal = np.abs(exact) > 1e-300
    np.testing.assert_allclose(y[normal], exact[normal], rtol=1e-12)


# Known values and what the files claim


def test_gelu_of_one_is_the_normal_distribution_function_there():
    assert defined("gelu")(torch.ones(1, dtype=torch.float64)).item() == pytest.approx(
        0.8413447460685429, rel=1e-15
    )


@pytest.mark.parametrize(
    ("name", "where", "what"),
    [
        ("mish", -1.19243, -0.30884),
        ("gelu", -0.75179, -0.16997),
        ("silu", -1.27846, -0.27846),
        ("hardswish", -1.5, -0.375),
        ("hard_mish", -1.0, -0.5),
    ],
)
def test_a_minimum_is_where_the_literature_has_it(name, where, what):
    assert minimum(name) == pytest.approx((where, what), abs=6e-6)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("elu", "celu"),
        ("tanh_exp", "telu"),
        ("golu", "exp_expish"),
        ("silu", "acon_c"),
        ("silu", "swish"),
    ],
)
def test_two_names_for_one_function(one, other):
    assert torch.equal(defined(one)(grid(one)), defined(other)(grid(one)))


@pytest.mark.parametrize(("name", "tolerance"), [("selu", 1e-7), ("star_relu", 1e-4)])
def test_a_standard_normal_keeps_mean_0_and_variance_1(name, tolerance):
    def f(x):
        return float(activations.load(name).definition(np.float64(x), on_numpy))

    assert gaussian(f) == pytest.approx(0, abs=tolerance)
    assert gaussian(lambda x: f(x) ** 2) == pytest.approx(1, abs=tolerance)


def test_laplace_meets_the_squared_relu():
    meet = torch.tensor([0.5**0.5], dtype=torch.float64)
    laplace = value_and_gradient(defined("laplace"), meet)
    torch.testing.assert_close(laplace, value_and_gradient(defined("relu2"), meet))


C1 = ["elu", "celu", "leaky_relu2", "relu2", "sign_relu", "softsign", "star_relu"]


@pytest.mark.parametrize("name", C1)
def test_a_derivative_said_to_be_continuous_is(name):
    zero = torch.tensor([-1e-9, 0.0, 1e-9], dtype=torch.float64)
    _, slopes = value_and_gradient(defined(name), zero)
    torch.testing.assert_close(slopes, slopes[1].expand(3), rtol=0, atol=1e-8)


def test_berlu_is_a_leaky_relu_whose_slope_never_jumps():
    meet = torch.tensor([-0.0100001, -0.01, 0.01, 0.0100001], dtype=torch.float64)
    y, slopes = value_and_gradient(defined("berlu"), meet)
    torch.testing.assert_close(y, torch.where(meet < 0, meet / 100, meet), rtol=0, atol=1e-9)
    torch.testing.assert_close(slopes, slopes.new_tensor([0.01, 0.01, 1, 1]), rtol=0, atol=1e-5)


def test_smoothed_relu2_tends_to_the_squared_relu_of_a_smaller_width():
    x = torch.linspace(-50, 50, 1001, dtype=torch.float64)
    width = 1e-3  # φ of the width a at x is (a/0.2)² times φ of the width 0.2 at 0.2·x/a
    # They differ by a²/4 at most, and by the rounding of numbers up to 2500.
    narrow = (width / 0.2) ** 2 * defined("smooth_relu2")(0.2 * x / width)
    torch.testing.assert_close(narrow, defined("relu2")(x), rtol=0, atol=width**2 / 4 + 1e-11)


def test_what_learns_from_the_form_of_another_starts_there():
    x = grid("mish")
    torch.testing.assert_close(defined("dyn_mish")(x), defined("mish")(x), rtol=1e-14, atol=0)
    at = {"gamma": 1, "delta": 1}
    pserf = activations.load("pserf").definition(x, on_torch, **at)
    torch.testing.assert_close(pserf, defined("serf")(x), rtol=1e-14, atol=0)


def test_smu_of_alpha_0_would_be_gelu():
    """As its paper says: so with α = 0.01 it is near, where μ = 1/√2."""
    x = torch.linspace(-4, 4, 801, dtype=torch.float64)
    smu = activations.load("smu").definition(x, on_torch, mu=0.5**0.5)
    assert (smu - defined("gelu")(x)).abs().max() < 0.05


# What is learned and what is drawn


def test_prelu_learns_its_slope():
    prelu = activations.module("prelu")
    assert [p.shape for p in prelu.parameters()] == [(1,)] and prelu.weight.item() == 0.25
    prelu(torch.tensor([-2.0, 3.0])).sum().backward()
    torch.optim.SGD(prelu.parameters(), lr=0.1).step()
    assert prelu.weight.item() == pytest.approx(0.25 + 0.1 * 2)


def test_these_learn_and_no_others():
    learned = (
        "acon_c berlu derf dyn_mish dyt erf_act erf_relu pau poly_relu prelu pserf smu star_relu "
        "swish swish_t xielu"
    )
    assert " ".join(LEARNED) == learned
    assert [n for n in NAMES if list(activations.module(n, channels=1).parameters())] == LEARNED


@pytest.mark.parametrize("optimiser", [torch.optim.SGD, torch.optim.AdamW])
@pytest.mark.parametrize("name", LEARNED)
def test_every_parameter_moves_by_a_step(name, optimiser):
    module = activations.module(name, channels=1)
    before = [p.detach().clone() for p in module.parameters()]
    assert len(before) == len(activations.load(name).definition.__kwdefaults__)
    assert all(p.numel() == 1 and p.ndim <= 1 for p in before)  # so no weight decay
    x = torch.randn(64, generator=torch.Generator().manual_seed(0))
    (module(x) - torch.relu(x)).square().mean().backward()
    optimiser(module.parameters(), lr=0.1, fused=True).step()
    assert all(not torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))
    assert module(x).isfinite().all()


def test_two_modules_share_no_parameter():
    for name in LEARNED:
        one, other = (activations.module(name, channels=1) for _ in range(2))
        with torch.no_grad():
            next(one.parameters()).add_(1)
        assert not torch.equal(next(one.parameters()), next(other.parameters()))


def test_xielu_stays_convex_enough_however_it_learns():
    module = built("xielu")
    with torch.no_grad():
        for learned in module.parameters():
            learned.fill_(-50)
    x = torch.tensor([-3.0, 3.0], dtype=torch.float64)
    expected = activations.load("xielu").definition(x, on_torch, alpha_p=0.0, alpha_n=0.5)
    torch.testing.assert_close(module(x), expected)


def test_rrelu_draws_from_its_own_generator_alone():
    rrelu, x = activations.load("rrelu").module(), -torch.ones(4096)
    rrelu.generator = torch.Generator().manual_seed(5)
    state = torch.get_rng_state()
    first, second = rrelu(x), rrelu(x)
    assert torch.equal(torch.get_rng_state(), state)
    rrelu.generator = torch.Generator().manual_seed(5)
    assert torch.equal(rrelu(x), first) and not torch.equal(first, second)
    slopes = -first
    assert slopes.min() >= 1 / 8 and slopes.max() <= 1 / 3
    assert slopes.mean().item() == pytest.approx(11 / 48, abs=0.005)
    assert len(slopes.unique()) > 4000


def test_rrelu_evaluates_with_the_mean_slope():
    rrelu, x = activations.module("rrelu").eval(), torch.linspace(-3, 3, 7)
    state = torch.get_rng_state()
    assert torch.equal(rrelu(x), rrelu(x)) and torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(rrelu(x), torch.nn.RReLU().eval()(x))


@pytest.mark.parametrize("name", [n for n in NAMES if n != "rrelu"])
def test_nothing_else_is_drawn_nor_differs_in_training(name):
    module, state = activations.module(name, channels=1), torch.get_rng_state()
    x = torch.linspace(-3, 3, 61)
    assert not hasattr(module, "generator")
    assert torch.equal(module.train()(x), module.eval()(x))
    assert torch.equal(torch.get_rng_state(), state)


# The primitives


@pytest.mark.parametrize("xp", [on_numpy, on_torch])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_also_takes_a_plain_number(function, xp):
    for number in (0.7, 2, Fraction(1, 2)):
        y = getattr(xp, function)(float(number))
        assert isinstance(y, float) and y == getattr(on_numpy, function)(float(number))


def test_constants_are_the_nearest_doubles():
    assert on_torch.pi == on_numpy.pi == float(+mp.pi)
    assert on_torch.decimal("0.1") == on_numpy.decimal("0.1") == 0.1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_an_exponential_never_overflows(dtype):
    x = torch.tensor([-1e4, 0.0, 10.0, 1e4], dtype=dtype)
    y, dy = value_and_gradient(on_torch.exp, x)
    assert y.isfinite().all() and dy.isfinite().all()
    assert torch.equal(y[:3], torch.exp(x[:3])) and torch.equal(dy[:3], y[:3])


def test_an_unused_branch_cannot_spoil_a_gradient():
    def sqrt_or_log(x):
        return on_torch.piecewise(x, 1, lambda x: 0 * x, lambda x: torch.log(x - 0.5))

    _, dy = value_and_gradient(sqrt_or_log, torch.tensor([-100.0, 0.0, 0.5, 1.0, 100.0]))
    assert dy.isfinite().all() and dy[3] == 2


# What is trained is the definition, where float32 would overflow, cancel or round on the way

FAR = {  # a line: {x: (value, slope)}
    "log1p(exp(x))": {100.0: (100, 1), 700.0: (700, 1), -800.0: (0, 0)},
    "log(1 + exp(x))": {90.0: (90, 1), 500.0: (500, 1)},
    "x * tanh(expm1(x))": {89.0: (89, 1), 1e4: (1e4, 1), -100.0: (76.15942, -0.7615942)},
    "x * tanh(log1p(exp(x)))": {1e4: (1e4, 1), 88.0: (88, 1)},
    "(x + sqrt(x*x + 4)) / 2": {-1e4: (1e-4, 1e-8), 1e4: (1e4, 1)},
    "x * 1e30 * 1e30 * 1e-60": {3.0: (3, 1), -1e4: (-1e4, 1)},
    "exp(-x**16)": {1e4: (0, 0), 0.0: (1, 0)},
    "x * exp(-exp(-x))": {-1e4: (0, 0), 1e4: (1e4, 1)},
}


@pytest.mark.parametrize("expr", FAR)
def test_a_line_is_trained_as_it_is_certified_far_out(expr):
    at = torch.tensor(list(FAR[expr]))
    y, dy = value_and_gradient(activations.module(ActivationSpec("mine", expr)), at)
    expected, slope = map(torch.tensor, zip(*FAR[expr].values(), strict=True))
    torch.testing.assert_close(y, expected.float(), rtol=2e-7, atol=1e-30)
    torch.testing.assert_close(dy, slope.float(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", ["gelu", "golu", "squareplus", "hard_mish"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_a_definition_rounds_once_whatever_the_precision_and_autocast(name, dtype):
    module = DefinitionModule(activations.load(name).definition)
    x = torch.linspace(-12, 12, 4001).to(dtype)
    inner = value_and_gradient(defined(name), x.to(module.dtype))
    for autocast in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            y, dy = value_and_gradient(module, x)
        assert y.dtype == dy.dtype == dtype
        assert torch.equal(y, inner[0].to(dtype))
        assert torch.equal(dy, inner[1].float().to(dtype))
    with torch.no_grad():
        assert torch.equal(module(x), y)


@pytest.mark.parametrize(
    ("expr", "enough"),
    [
        ("x * ndtr(x)", torch.float32),
        ("x * exp(-exp(-x))", torch.float32),
        ("x * tanh(log1p(exp(x)))", torch.float32),
        ("x * tanh(expm1(x))", torch.float32),
        ("log1p(exp(x))", torch.float64),
        ("(x + sqrt(x*x + 4)) / 2", torch.float64),
        ("x * 1e30 * 1e30 * 1e-60", torch.float64),
        ("(1000 + x) - 1000", torch.float64),
    ],
)
def test_float32_is_taken_where_it_is_right_and_float64_elsewhere(expr, enough):
    assert required_dtype(expressions.definition(expr)) == enough


def test_the_precision_is_found_on_a_cpu_whatever_the_default_device():
    def definition(x, xp, *, slope=1.0):
        return x * xp.sigmoid(slope * x)

    with torch.device("meta"):
        assert required_dtype(definition) == torch.float32


def test_the_precision_is_found_once_for_all_layers_of_a_network():
    before = required_dtype.cache_info().misses
    for _ in range(13):
        activations.module(ActivationSpec("mine", "x * tanh(x + 0.123)"))
    assert required_dtype.cache_info().misses == before + 1


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_no_activation_needs_a_number_from_the_device(dtype):
    """Neither forwards nor backwards, so that a GPU can record it; else the fake tensor raises."""
    modules = [activations.module(name, channels=3) for name in NAMES]
    sixteen = dtype == torch.bfloat16
    with FakeTensorMode(allow_non_fake_inputs=True), torch.autocast("cpu", dtype, enabled=sixteen):
        for module in modules:
            x = torch.empty(2, 3, 4, 4, dtype=dtype, requires_grad=True)
            module(x).sum().backward()
            assert x.grad.dtype == dtype and x.grad.shape == x.shape


@pytest.mark.parametrize("name", ["softsign", "tanhshrink", "softplus", "xielu"])
def test_a_module_of_several_operators_rounds_once_to_bfloat16(name):
    x, module = torch.linspace(-12, 12, 4001).bfloat16(), activations.module(name).eval()
    y, dy = value_and_gradient(module, x)
    expected = value_and_gradient(module, x.float())
    assert torch.equal(y, expected[0].bfloat16()) and torch.equal(dy, expected[1].bfloat16())


def test_a_kernel_of_torch_is_trained_as_it_stands():
    for name in ("gelu", "relu", "silu", "mish", "prelu"):
        assert type(activations.module(name)).__module__.startswith("torch.nn.")


def test_learned_parameters_have_the_derivatives_of_the_definition():
    module = activations.module("acon_c", learned="layer")
    x, weight = torch.randn(2, 40, generator=torch.Generator().manual_seed(0))
    (module(x) * weight).sum().backward()
    at = {n: p.detach().double().requires_grad_() for n, p in module.named_parameters()}
    y = activations.load("acon_c").definition(x.double(), on_torch, **at)
    (y * weight).sum().backward()
    for name, learned in module.named_parameters():
        torch.testing.assert_close(learned.grad, at[name].grad.float())


def test_where_a_tensor_is_cut_changes_no_bit_and_no_layout(monkeypatch):
    x = torch.randn(6, 3, 4, 4).to(memory_format=torch.channels_last)
    whole = value_and_gradient(activations.module("squareplus"), x)
    monkeypatch.setattr("activarium.definitions.torch_module.CHUNK_SIZE", 50)
    cut = value_and_gradient(activations.module("squareplus"), x)
    for one, other in zip(whole, cut, strict=True):
        assert torch.equal(one, other)
        assert one.is_contiguous(memory_format=torch.channels_last)
    for shape in ((), (0, 3), (1, 5)):
        assert activations.module("squareplus")(torch.zeros(shape)).shape == shape


def test_a_line_is_read_once_and_not_at_every_step(monkeypatch):
    stated = expressions.definition("expm1(1.5*x)**2 if x < 0.5 else x - pi")
    monkeypatch.delattr("ast.get_source_segment")
    y = stated(torch.tensor([0.0, 1.0], dtype=torch.float64), on_torch)
    torch.testing.assert_close(y, torch.tensor([0.0, 1 - math.pi], dtype=torch.float64))
