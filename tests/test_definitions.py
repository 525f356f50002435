"""An activation's file is read before the first job, and what is wrong in it said in one line."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from conftest import ROOT

from activarium import activations, study
from activarium.certify import Unproven, certify, symbolic
from activarium.definitions import FUNCTIONS, expressions, file_checks, on_numpy, on_torch
from activarium.definitions.torch_module import DefinitionModule
from activarium.runtime import source
from activarium.runtime.errors import UserError
from activarium.study.code_inputs import CodeFiles
from activarium.study.grid import Grid
from activarium.train.initialisation import mark_activation

BUILT_IN = Path(activations.__file__).parent
SCHEMA = ROOT / "config/schema.yaml"
WHOLE = """\"\"\"Mine.\"\"\"

label = "Mine"
formula = "x·Φ(x)"


def definition(x, xp):
    return {}
"""
LEARNS = WHOLE.replace("xp)", "xp, *, a=1)").format("a * xp.tanh(x)")
BOUNDED = LEARNS + "def module(): pass\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "mine.py").write_text(text, encoding="utf-8")
        return tmp_path / "mine.py"

    return write


@pytest.mark.parametrize("name", activations.names())
def test_every_built_in_file_is_valid(name):
    file_checks.check_file(BUILT_IN / f"{name}.py")


def test_every_function_of_the_vocabulary_is_known(file):
    for word in FUNCTIONS:
        file_checks.check_file(file(WHOLE.format(f"xp.{word}(x) * xp.{word}(2)")))
    file_checks.check_file(file(WHOLE.format('xp.decimal("0.1") * xp.pi * x')))
    file_checks.check_file(file(WHOLE.format("xp.piecewise(x, 0, lambda x: 0, right=xp.tanh)")))
    file_checks.check_file(file(WHOLE.format("1e15 * x + 1 / 8 + 123456789012.0 * 1e-30 + 3e-20")))
    file_checks.check_file(file(WHOLE.format("xp.tanh(x)").replace("label =", "label: str =")))
    file_checks.check_file(file(WHOLE.format("words.tanh(x)").replace("xp", "words")))


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.format("base(x, xp)").replace(
            "label", "from activarium.activations.gelu import definition as base\n\nlabel"
        ),
        "from activarium.activations.gelu import definition, formula, label\n",
        "from activarium.activations.gelu import definition as base\n"
        "label = formula = 'g'\ndefinition = base\n",
        WHOLE.replace("x, xp", "x, xp, /").format("xp.tanh(x)"),
        WHOLE.replace("x, xp", "x, xp, *, slope=0.25 if 1 < 2 else 1").format("slope * x"),
        WHOLE.format("sum(x for k in range(3) if k > 1)"),
        "\ufeff" + WHOLE.format("x"),
        "if True:\n    label = 'g'\n" + WHOLE.replace("label", "other").format("x"),
    ],
)
def test_whatever_may_be_a_definition_is_left_to_those_who_run_it(file, text):
    file_checks.check_file(file(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WHOLE.format("x *"), "mine.py, line 8: cannot be read: invalid syntax"),
        (WHOLE.replace("xp):", "xp)").format("x"), "mine.py, line 7: cannot be read: expected ':'"),
        ("\0", "mine.py: cannot be read: "),
        ("x = " + "-" * 100_000 + "1", "mine.py"),
        (WHOLE.format("x").replace("label", "name"), 'mine.py: has no label; write label = "…"'),
        (WHOLE.format("x").replace("formula", "text"), "has no formula; write"),
        (
            WHOLE.format("x").replace("definition", "f"),
            "has no definition ('f' is there); write def",
        ),
        (WHOLE.replace("x, xp", "x").format("x"), "line 7: a definition is a function of x and xp"),
        (
            WHOLE.format("x * xp.probit(x)"),
            "'xp.probit' is not in the vocabulary; known are exp",
        ),
        (
            WHOLE.format("x * xp.sigmoyd(x)"),
            "vocabulary (did you mean sigmoid?); known are exp",
        ),
        (WHOLE.format("x if x > 0 else 0"), "line 8: a definition branches by xp.piecewise only"),
        (WHOLE.format("x * (x > 0)"), "never by if or comparisons of x"),
        (WHOLE.replace("return", "y = 2 * x\n    return").format("y if 0 < y else x"), "line 9: a"),
        (
            WHOLE.format("xp.piecewise(x, 0, lambda t: 0 * t, lambda t: t if t < 1 else 1)"),
            "line 8",
        ),
    ],
)
def test_what_no_definition_can_be_read_from_is_refused_by_line(file, text, said):
    with pytest.raises(UserError) as refused:
        file_checks.check_file(file(text))
    assert said in str(refused.value) and str(refused.value).startswith("mine.py")


IMPORTS = "import math\nimport numpy as np\nfrom scipy import special\n"
SAID = {  # what is returned, as people write it elsewhere: what is said of it
    "abs(x) * x": "'abs(x)' is not in the vocabulary; write xp.piecewise(x, 0, lambda x: -x, lamb",
    "max(0, x)": "'max(0, x)' is not in the vocabulary; write xp.piecewise(x, 0, lambda x: 0, lamb",
    "x.clamp(min=0)": "'x.clamp' is not in the vocabulary; write xp.piecewise(x, 0, ",
    "x * x.sigmoid()": "'x.sigmoid' is not in the vocabulary; write xp.sigmoid(x)",
    "x * x.shape[0]": "'x.shape' is not in the vocabulary; known are exp, expm1, ",
    "np.maximum(x, 0)": "'np.maximum(x, 0)' is not in the vocabulary; write xp.piecewise(x, 0, ",
    "np.where(x > -0.5, x, 0)": "a definition branches by xp.piecewise only, never by if or "
    "comparisons of x; write xp.piecewise(x, -0.5, lambda x: …, lambda x: …), the left one first",
    "np.clip(x, 0, 1)": "'np.clip(x, 0, 1)' is not in the vocabulary; write xp.piecewise(x, -1, …)",
    "np.sqrt(2) * x": "'np.sqrt(2) * x' joins x and a number of numpy; write a plain number, or ",
    "math.exp(x)": "'math.exp(x)' is not in the vocabulary; write xp.exp(x)",
    "x * special.erfc(x)": "is not in the vocabulary; write 2 * xp.ndtr(-xp.sqrt(2) * x)",
    "float(x)": "'float(x)' is not in the vocabulary; known are",
    "x * tanh(x)": "'tanh' is not in the vocabulary; write xp.tanh(x)",
    "xp.swish(x)": "'xp.swish' is not in the vocabulary; write x * xp.sigmoid(x)",
    "alpha * x": "'alpha' is not defined; what training learns stands behind a *: "
    "def definition(x, xp, *, alpha=1)",
    "x if x == 0 else 1": "a definition branches by xp.piecewise only",
    "x if x > xp.tanh(x) else 0": "a definition branches by xp.piecewise only",
    "x if xp.tanh(x) else 0": "a definition branches by xp.piecewise only",
    "min(1, max(x, -1))": "'max(x, -1)' is not in the vocabulary; write xp.piecewise(x, 0, ",
    "x * xp.tanh": "'x * xp.tanh' joins x and a function; call it, as in xp.exp(x)",
    "x * xp": "'x * xp' joins x and xp itself; write a plain number",
    "x and 1": "a definition branches by xp.piecewise only",
    "x ** 2.5": "'x ** 2.5' is not a whole power from 1 to 16; xp.sqrt and xp.exp are there for",
    "x ** 17": "'x ** 17' is not a whole power from 1 to 16",
    "x ** 0.5": "'x ** 0.5' is a root; write xp.sqrt(x)",
    "x ** -2": "'x ** -2' has a negative power; write 1 / x**2",
    "x ** 2.0": "'x ** 2.0' has a power with a decimal point; write x**2",
    "x ** 0": "'x ** 0' has the power 0; write 1",
    "jnp.tanh(x)": "'jnp.tanh(x)' is not in the vocabulary; write xp.tanh(x)",
    "xp.piecewise(x, x, xp.tanh, xp.tanh)": "branches at a place that depends on x; write a number",
    "2 ** x": "'2 ** x' has x in its power; write xp.exp(xp.log(2) * x) for 2**x",
    "x ^ 2": "'x ^ 2' is not a power; write x**2",
    "x % 2": "'x % 2' is not allowed; there are + - * / ** and the functions of xp",
    "x / 0": "'x / 0' divides by 0",
    "1e999 * x": "'1e999 * x' holds inf, which is not a finite number",
    "1 / 6 * x": "'1 / 6 * x' holds 0.16666666666666666, which Python rounded; write x / 6 for ",
    "(0.1 + 0.2) * x": "'(0.1 + 0.2) * x' holds 0.30000000000000004, which Python rounded",
    "12 / 19 * x": "'12 / 19 * x' holds 0.631578947368421, which Python rounded",
    "x * xp.sqrt(2 / 3)": "'xp.sqrt(2 / 3)' holds 0.6666666666666666, which Python rounded",
    "xp.erf(x * 0.70710678118654752440)": "holds 0.7071067811865476, which Python rounded; write x",
    "xp.piecewise(x, -1 / 3, xp.exp, xp.tanh)": "holds -0.3333333333333333, which Python rounded",
    "True * x": "'True * x' joins x and a bool; write a plain number",
    "xp.exp(x, 2)": "'xp.exp(x, 2)' must have one argument",
    "xp.piecewise(x, 0, x, 2 * x)": "takes two functions of x; write lambda x: … for each piece",
    "xp.piecewise(x, lambda x: 0)": "has other arguments than xp.piecewise(x, 0, lambda x: …",
    "xp.piecewise(x, 0, lambda x: 0, lambda x: 1)": "only numbers as pieces; write one as 0 * x",
    "xp.decimal(0.1) * x": "'xp.decimal(0.1)' takes a decimal in quotes, xp.decimal(\"0.1\")",
    "definition(x, xp)": "'definition(x, xp)' calls itself without end",
    "sum(x for k in range(10**5))": "is too long: more than 20000 operations",
    "x(1 + x)": "'x(1 + x)' calls a number; write * between two factors",
    "x[0]": "'x[0]' treats x as a list",
    "[x].index": "definition gives a builtin_function_or_method; end it with return and a number",
    "3": "definition does not depend on x",
    "xp.sqrt(2)": "definition does not depend on x",
    "": "definition gives nothing; end it with return and a number",
    "x, x": "definition gives a tuple; end it with return and a number",
    "(yield x)": "definition gives a generator",
    "2(x)": "'2(x)' ends in TypeError: 'int' object is not callable",
}


@pytest.mark.parametrize("written", SAID)
def test_a_function_of_another_library_is_an_error_with_how_it_is_written_here(file, written):
    with pytest.raises(UserError) as refused:
        file_checks.check_file(file(IMPORTS + WHOLE.format(written)))
    assert re.match(r"mine\.py, line 1[01]: ", str(refused.value))
    assert SAID[written] in str(refused.value) and str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import torch\n" + WHOLE.format("x"), "line 1: imports torch at the top, which slows ev"),
        ("import timm\n" + WHOLE.format("x"), "line 1: imports timm at the top, which slows every"),
        (
            "from torch.nn import functional as F\n" + WHOLE.format("x * F.relu(x)"),
            "line 9: 'F.relu(x)' is not in the vocabulary; write xp.piecewise(x, 0, ",
        ),
        (
            "from activarium.definitions import on_torch\n" + WHOLE.format("on_torch.tanh(x)"),
            "line 9: 'on_torch.tanh(x)' is not in the vocabulary; write xp.tanh(x)",
        ),
        (WHOLE.format("F.gelu(x)").replace("return", "import torch.nn.functional as F\n    return"),
         "line 9: 'F.gelu(x)' is not in the vocabulary; write x * xp.ndtr(x)"),
        (
            WHOLE.format("h(x)") + "def h(x):\n    return x.relu()\n",
            "line 10: 'x.relu' is not in the vocabulary; write xp.piecewise",
        ),
        (
            "import torch\nclass Swoosh(torch.nn.Module):\n    def forward(self, x): return x\n",
            "mine.py: has no definition ('Swoosh' is there); write def definition(x, xp): "
            "return x * xp.sigmoid(x), or def definition(x, xp, *, slope=0.25) to learn it, "
            "or def module(): return Swoosh()",
        ),
        (
            "from torch import autograd, nn\nclass Rule(autograd.Function): pass\n"
            "class Step(nn.Module): pass\n",
            "mine.py: has no definition ('Rule' is there); write def definition(x, xp): "
            "return x * xp.sigmoid(x), or def definition(x, xp, *, slope=0.25) to learn it, "
            "or def module(): return Step()",
        ),
        (WHOLE.replace("def ", "async def ").format("x"), "line 7: definition is asynchronous; wr"),
        (WHOLE.format("x") + "class definition: pass", "definition is a class, not a function; w"),
        (WHOLE.format("x") + "definition = None", "definition is a NoneType, not a functi"),
        (WHOLE.replace("x, xp", "x, xp, a=1").format("x"), "line 7: a definition is a function of "
         "x and xp, and has x, xp, a; what is learned stands behind a *: def definition(x, xp, *"),
        (WHOLE.replace("x, xp", "xp, x").format("x"), "and has xp, x in this order; write def def"),
        (WHOLE.replace("x, xp", "self, x").format("x"), "and has self, x in this order; write"),
        (WHOLE.replace("x, xp", "*both").format("both"), "and has neither; write def definition(x"),
        (WHOLE.replace("x, xp", "x, xp, *, a=[1, 2]").format("a * x"), "line 7: a=[1, 2] is not "
         "a number where learning can start; one is learned for each name; write a=0.25"),
        (WHOLE.replace("x, xp", "x, xp, *, a=True").format("a * x"), "a=True is not a number wher"),
        (WHOLE.replace("x, xp", "x, xp, *, a=1e999").format("a * x"), "a=inf is not a number whe"),
        (WHOLE.replace("x, xp", "x, xp, *, a").format("a * x"), "a has no number where learning"),
        (WHOLE.replace('"Mine"', "3").format("x"), 'line 3: label is 3, not a text of one line; '),
        (WHOLE.replace('"Mine"', '""').format("x"), "line 3: label is '', not a text of one line"),
        (WHOLE.replace("·", "\\n").format("x"), "line 4: formula is 'x\\nΦ(x)', not a text of one"),
        (WHOLE.format("x") + "def module(dim, start): pass", "line 9: module needs dim, start; "
         "write def module(): or, one a channel, def module(channels):"),
        (WHOLE.format("x") + "def module(*, channels): pass", "line 9: module needs channels; wr"),
        (WHOLE.format("x") + "module = 3", "module is a int, not a function; write def modul"),
        (LEARNS + "per_channel = ('b',)", "line 9: per_channel names 'b', no parameter of "
         "definition; it learns a; write per_channel = (\"a\",)"),
        (LEARNS + "per_channel = 'a'", "line 9: per_channel is 'a', and no tuple of names; write "
         "per_channel = (\"a\",)"),
        (WHOLE.format("x") + "per_channel = ('a',)", "line 9: per_channel names 'a', no parameter "
         "of definition, which learns nothing; write per_channel = (\"gamma\",)"),
        (LEARNS + "per_channel = ('a',)\ndef module(): pass", "line 9: per_channel is for a "
         "definition alone; write def module(channels): without it"),
        (LEARNS + "least = {'a': 0}", "line 9: least has bounds that module keeps; write def m"),
        (BOUNDED + "least = 0.5", "line 10: least is 0.5, and no dict of bounds; write least = {"),
        (BOUNDED + "least = {'b': 0}", "line 10: least names 'b', no parameter of definition; wri"),
        (BOUNDED + "least = {'a': '0'}", "line 10: least of a is '0', no number up to its start, "),
        (BOUNDED + "least = {'a': 7}", "line 10: least of a is 7, no number up to its start, "),
        (BOUNDED + "least = {'a': float('nan')}", "line 10: least of a is nan, no number up to "),
        (BOUNDED + "least = {'a': float('-inf')}", "line 10: least of a is -inf, no number up to "),
        (WHOLE.format("h(x)") + "def h(x): return xp.tanh(x)", "line 9: 'xp' is not known there; "
         "pass it to the function that needs it, as an argument"),
        (WHOLE.format("x").replace("return", "xp.tanh = xp.exp\n    return"), "'xp.tanh' changes"),
        (WHOLE.replace("x, xp", "x, xp, *, half=1").format("half * x"), "line 7: half is "
         "an attribute of torch's modules; rename the parameter"),
        (WHOLE.format("x") + "import nowhere.at_all", "line 9: imports nowhere.at_all at the top"),
        (WHOLE.format("x") + "import math.at_all", "line 9: ModuleNotFoundError: No module nam"),
        (WHOLE.format("x") + "await x", "line 9: cannot be read: 'await' outside function"),
        (WHOLE.format("x") + "raise SystemExit(3)", "line 9: SystemExit: 3"),
        (WHOLE.replace("return", "\treturn 1\n    return").format("x"), "cannot be read: "),
        (WHOLE.replace("return", "x += 1\n    return").format("x"), "line 8: 'x += 1' changes"),
        (WHOLE.replace("return", "while x > 0: x = x - 1\n    return").format("x"), "line 8: a"),
    ],
)  # fmt: skip
def test_what_people_try_is_refused_by_line_with_the_way_out(file, text, said):
    with pytest.raises(UserError) as refused:
        file_checks.check_file(file(text))
    assert said in str(refused.value) and str(refused.value).startswith("mine.py")
    assert str(refused.value).isprintable()


def test_no_parameter_may_be_called_as_what_a_module_of_torch_has():
    module = mark_activation(DefinitionModule(lambda x, xp: x))
    own = {name for name in dir(module) if not name.startswith("_")}
    own.add("generator")  # which the training sets where a module has it
    assert own <= file_checks.RESERVED_NAMES


def test_what_is_not_run_may_import_anything(file):
    for guard in ('__name__ == "__main__"', "TYPE_CHECKING", "typing.TYPE_CHECKING"):
        begin = "import typing\nfrom typing import TYPE_CHECKING\n"
        file_checks.check_file(file(f"{begin}if {guard}:\n    import torch\n" + WHOLE.format("x")))


def test_a_file_in_another_encoding_is_said_to_be(tmp_path):
    (tmp_path / "mine.py").write_text(WHOLE.format("x"), encoding="utf-16")
    with pytest.raises(UserError, match="^mine.py: cannot be read: .*; save it as UTF-8$"):
        file_checks.check_file(tmp_path / "mine.py")


def test_a_whole_power_in_a_file_is_that_of_a_line(file):
    """Trained, drawn and proven."""
    power = file_checks.check_file(file(WHOLE.format("xp.tanh(x)**3 * x**2"))).definition
    line = expressions.definition("tanh(x)**3 * x**2")
    assert certify(power) == certify(line)
    x = torch.linspace(-3, 3, 61, dtype=torch.float64).requires_grad_()
    for k in range(1, 17):
        power = file_checks.check_file(file(WHOLE.format(f"x**{k}"))).definition
        line = expressions.definition(f"x**{k}")
        assert certify(power) == certify(line)
        y, z = power(x, on_torch), line(x, on_torch)
        torch.testing.assert_close(y, z, rtol=1e-14, atol=0)
        slopes = (torch.autograd.grad(v.sum(), x)[0] for v in (y, z))
        torch.testing.assert_close(*slopes, rtol=1e-14, atol=0)
        n = x.detach().numpy()
        np.testing.assert_allclose(power(n, on_numpy), line(n, on_numpy), rtol=1e-14)


def test_what_is_no_whole_power_is_not_proven_either():
    for k in (0, -1, 2.5, True, 65):
        with pytest.raises(Unproven):
            symbolic.trace(lambda x, xp, k=k: x**k)


def test_a_file_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "mine.py").symlink_to(tmp_path / "nowhere.py")
    with pytest.raises(UserError, match="mine.py: cannot be read: .*No such file"):
        file_checks.check_file(tmp_path / "mine.py")


def test_a_study_with_such_a_file_stops_before_the_first_job(house):
    (house / "workflow/scripts/activarium/activations/mine.py").write_text(
        WHOLE.format("x * xp.normcdf(x)")
    )
    house.say(activations=["gelu", "mine"])
    done = house.snakemake()
    assert done.returncode == 1 and not (house / "results").exists()
    assert done.stderr.splitlines()[-1].startswith(
        "config: activations: mine: mine.py, line 8: 'xp.normcdf' is not in the vocabulary"
    )


def test_a_file_that_the_study_does_not_name_is_not_read(monkeypatch):
    monkeypatch.setattr(file_checks, "check_file", lambda file: asked.append(file.stem))
    asked = []
    study.load(study.mapping(ROOT / "tests/study.yaml"), [], SCHEMA)
    assert asked == ["gelu", "relu"]


# What a file is made of


def test_a_definition_imported_from_another_file_is_an_input_with_it(tmp_path, monkeypatch):
    folder = tmp_path / "activations"
    folder.mkdir()
    for name, text in {
        "a": "from .b import definition\nfrom ..definitions import on_torch\nimport math",
        "b": "def definition(x, xp):\n    from activarium.activations import c, _own\n",
        "c": "import activarium.activations.a\nfrom . import load\nf = load('d').definition",
        "d": "label = 'D'",
        "_own": "from .kit.parts import part",
        "kit/__init__": "",
        "kit/parts": "from activarium.networks import e\nimport activarium",
        "e": "",
        "broken": "from .d import",
    }.items():
        (folder / f"{name}.py").parent.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text)
    names = {path.relative_to(folder).as_posix() for path in source.imported_files(folder / "a.py")}
    expected = {"a", "b", "c", "d", "_own", "kit/__init__", "kit/parts"}
    assert names == {f"{name}.py" for name in expected}
    assert source.imported_files(folder / "a.py")[0] == folder / "a.py"
    assert source.imported_files(folder / "broken.py") == (folder / "broken.py",)


def test_what_a_file_uses_elsewhere_in_the_library_is_an_input_with_it(tmp_path):
    folder = tmp_path / "activations"
    folder.mkdir()
    for name in ("definitions/expressions", "data/stratified_sample", "other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text("from . import other")
    text = "from ..definitions.expressions import definition as d\n"
    text += "from ..data import stratified_sample\n"
    text += "import os.path"
    (folder / "mine.py").write_text(text + "\nfrom ..definitions import on_torch\n")
    found = [tmp_path / "data/stratified_sample.py", tmp_path / "definitions/expressions.py"]
    assert source.imported_files(folder / "mine.py") == (folder / "mine.py", *found)


@pytest.mark.parametrize("name", activations.names())
def test_no_built_in_activation_is_made_from_another_file(name):
    assert source.imported_files(BUILT_IN / f"{name}.py") == (BUILT_IN / f"{name}.py",)


def test_what_defines_a_cell_is_all_that_its_files_import(monkeypatch):
    monkeypatch.setattr(source, "imported_files", lambda file: (file, file.with_name("base.py")))
    read = study.read(yaml.safe_load((ROOT / "tests/study.yaml").read_text()), SCHEMA)
    code = CodeFiles(Grid(read), "library")
    cell = SimpleNamespace(activation="gelu", network="plain_2", dataset="digits", folder="results")
    made = ["library/activations/gelu.py", "library/activations/base.py"]
    assert code.activation(cell) == code.profile(cell) == made
    assert code.network(cell) == ["library/networks/plain.py", "library/networks/base.py"]
    assert code.dataset(cell) == ["library/datasets/digits.py", "library/datasets/base.py"]
    assert made[0] in code.claimed(cell) and code.claimed_imports(cell) == [made[1]]
