"""Expressions: a line of the study is trained and certified like a file, or refused in one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from activarium import activations, study
from activarium.activations import ActivationSpec
from activarium.certify import certify
from activarium.definitions import FUNCTIONS, expression_checks, expressions
from activarium.definitions.expressions import ExpressionError
from activarium.study.grid import Grid

HOME = Path(__file__).parents[1]
SCHEMA = HOME / "config/schema.yaml"
SAME = {
    "x * ndtr(x)": "gelu",
    "x*sigmoid(2*x)": "aptx",
    "expm1(x) if x <= 0 else x": "elu",
    "x if x > 0 else 0.01*x": "leaky_relu",
    "-1 if x < -1 else x if x < 1 else 1": "hardtanh",
    "0 if x <= 0 else x**2": "relu2",
    "x * sigmoid(2*sqrt(2/pi)*(x + 0.044715*x**3))": "gelu_tanh",
    "x if x > 1/2 else x if -x > 0.5 else 0*x": "hardshrink",
}


def with_activations(*entries):
    config = yaml.safe_load((HOME / "config/config.yaml").read_text())
    return config | {"activations": ["gelu", *entries], "control": "gelu"}


@pytest.mark.parametrize(("text", "name"), SAME.items())
def test_an_expression_has_the_profile_of_the_file_it_repeats(text, name):
    mine = certify(expressions.definition(text))
    built_in = certify(activations.load(name).definition)
    assert {**mine, "definition": ""} == {**built_in, "definition": ""}


@pytest.mark.parametrize(("text", "name"), SAME.items())
def test_an_expression_trains_as_the_file_it_repeats(text, name):
    x = torch.linspace(-4, 4, 801, dtype=torch.float64).requires_grad_()
    for module in (activations.module(ActivationSpec("mine", text)), activations.module(name)):
        gradient = torch.autograd.grad(module(x).sum(), x)[0]
        assert module(x).shape == x.shape and gradient.isfinite().all()
    expected = activations.module(name)(x)
    torch.testing.assert_close(
        activations.module(ActivationSpec("mine", text))(x), expected, rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("text", [*SAME, "1 if x < 0 else 2"])
def test_an_expression_keeps_shape_and_dtype(text, dtype):
    y = activations.module(ActivationSpec("mine", text))(torch.zeros(2, 3, dtype=dtype))
    assert y.shape == (2, 3) and y.dtype == dtype


def test_decimals_are_exact_and_not_the_nearest_doubles():
    profile = certify(expressions.definition("0.1000000000000000000000000000001 * x"))
    assert profile["lipschitz"] == ["0.1", "0.1000000000000000000000001"]
    assert certify(expressions.definition("x / 6"))["lipschitz"][0].startswith("0.1666666666666666")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_of_the_vocabulary_can_be_written(function):
    argument = "2 + x*x" if function in ("log", "log1p", "sqrt") else "x"
    expression_checks.check_expression(f"{function}({argument})")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("foo(x)", "'foo' is not a function here; known are x, pi, exp"),
        ("y + x", "'y' is not in the vocabulary; known are x, pi, exp"),
        ("exp", "'exp' is a function: write exp(…)"),
        ("exp(x, 2)", "must have one argument"),
        ("x % 2", "'x % 2' is not allowed"),
        (
            "x ** 2.5",
            "'x ** 2.5' is not a whole power from 1 to 16; sqrt and exp are there for others",
        ),
        ("x ** 99", "is not a whole power from 1 to 16"),
        ("x ** -1e999", "is not a whole power from 1 to 16"),
        ("x ** 1e300", "is not a whole power from 1 to 16"),
        ("x ** +2", "is not a whole power from 1 to 16"),
        ("x ** x", "is not a whole power from 1 to 16"),
        ("x ** 0.5", "'x ** 0.5' is a root; write sqrt(x)"),
        ("x ** -0.5", "is a root; write 1 / sqrt(x)"),
        ("x ** -2", "has a negative power; write 1 / x**2"),
        ("x ** 2.0", "has a power with a decimal point; write x**2"),
        ("x ^ 2", "'x ^ 2' is not a power; write x**2"),
        (
            "a * x",
            "ndtr; a number that training learns needs a file, with def definition(x, xp, *, a=",
        ),
        ("X * 2", "'X' is not in the vocabulary (did you mean x?); known are x, pi"),
        ("x * sigmod(x)", "'sigmod' is not a function here (did you mean sigmoid?); known are x"),
        ("relu(x)", "'relu' is not a function here; write 0 if x < 0 else x"),
        ("abs(x)", "'abs' is not a function here; write -x if x < 0 else x"),
        ("max(0, x)", "'max' is not a function here; write 0 if x < 0 else x"),
        ("x * Φ(x)", "'Φ' is not a function here; write ndtr(x)"),
        ("e**x", "'e' is not in the vocabulary; write exp(1)"),
        ("torch.tanh(x)", "'torch.tanh(x)' is not allowed; write tanh(x)"),
        ("x * math.pi", "'math.pi' is not allowed; write pi"),
        ("lambda x: 2 * x", "is not allowed; write only what stands behind the colon"),
        ("x(2)", "'x(2)' calls a number; write * between two factors"),
        ("2x", "cannot be read as one expression: write * between two factors, as in 2 * x"),
        ("y = x", "cannot be read as one expression: write only what stands right of the ="),
        ("x²", "cannot be read as one expression: write **2 for ²"),
        ("x·2", "'x·2' is not in the vocabulary; write * for ·"),
        ("|x|", "cannot be read as one expression: write -x if x < 0 else x for |x|"),
        ("(x", "cannot be read as one expression: '(' was never closed"),
        (
            "x if 0 < x and x < 1 else 0",
            "is not a condition; write pieces in a row, … if x < 0 else …",
        ),
        ("x if x*x < 1 else 0", "'x*x' is not a straight line in x"),
        ("x if exp(x) < 1 else 0", "'exp(x)' is not a straight line in x"),
        ("x if x < pi else 0", "'pi' is not a straight line in x"),
        ("x if x != 0 else 0", "is not a condition"),
        ("x if 1 < x < 2 else 0", "is not a condition"),
        ("x if 1 < 2 else 0", "does not depend on x"),
        ("x < 1", "is a condition"),
        ("1 / x", "a division, logarithm or root is not proven finite near x = 0"),
        ("x / (x*x - 4)", "a division, logarithm or root is not proven finite near x ="),
        ("log(x)", "a division, logarithm or root is not proven finite"),
        ("sqrt(1 - x*x)", "a division, logarithm or root is not proven finite"),
        ("3", "does not depend on x"),
        ("x +", "cannot be read as one expression"),
        ("x; x", "cannot be read as one expression"),
        ("0x10 * x", "'0x10' is not a decimal number"),
        ("1e999 * x", "is too large or too small a number"),
        ("__import__('os').system('true')", "is not allowed"),
        ("(lambda: x)()", "is not allowed"),
        ("x.real", "is not allowed"),
        ("[x]", "is not allowed"),
        ("x * ndtr(x)  # GELU\n + 0.5*x", "has a comment in it"),
        ("x + \x1b[31m", "'x + \\x1b[31m' cannot be read as one expression"),
        ("x" + " + x" * 300, "is too long"),
    ],
)
def test_anything_else_is_refused_in_one_line(text, part):
    with pytest.raises(ExpressionError) as refused:
        expression_checks.check_expression(text)
    assert part in str(refused.value) and "\n" not in str(refused.value)


def test_a_branch_may_hold_what_is_sound_on_its_side_alone():
    expression_checks.check_expression("1 / x if x > 1 else x")
    with pytest.raises(ExpressionError):
        expression_checks.check_expression("1 / x if x > -1 else x")


# In a study


def test_a_study_takes_an_expression_beside_files():
    read = study.read(with_activations({"name": "mine", "expr": "x * ndtr(1.1*x)"}), SCHEMA)
    assert read.declared_activations == {"gelu": None, "mine": "x * ndtr(1.1*x)"}
    grid = Grid(read)
    assert grid.profiles == ["results/profiles/gelu.json", "results/mnist5k/profiles/mine.json"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "mine", "expr": "x * foo(x)"}, "config: activations: mine: 'foo' is not a fun"),
        ({"name": "relu", "expr": "x"}, "config: activations: 'relu' is a built-in activation"),
        ({"name": "mine", "expr": "1/x"}, "config: activations: mine: '1/x': a division"),
    ],
)
def test_a_study_with_an_expression_that_is_refused_stops(entry, message):
    with pytest.raises(study.StudyError) as refused:
        study.read(with_activations(entry), SCHEMA)
    assert str(refused.value).startswith(message)


def test_reading_a_study_with_expressions_needs_no_torch_and_no_pandas():
    program = f"""
import sys
from activarium import study
config = {json.dumps(with_activations({"name": "mine", "expr": "x * ndtr(1.1*x)"}))}
study.read(config, {str(SCHEMA)!r})
assert not {{"torch", "pandas"}} & set(sys.modules)
""".replace("null", "None")
    subprocess.run([sys.executable, "-c", program], cwd=HOME / "workflow/scripts", check=True)
