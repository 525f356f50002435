"""An activation's file is read before the first job, and what is wrong in it said in one line."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from conftest import ROOT

from activarium import activations, definitions, source, study
from activarium.grid import Grid
from activarium.refusal import Refusal

HOUSE = Path(activations.__file__).parent
SCHEMA = ROOT / "config/schema.yaml"
WHOLE = """\"\"\"Mine.\"\"\"

label = "Mine"
formula = "x·Φ(x)"


def definition(x, xp):
    return {}
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "mine.py").write_text(text, encoding="utf-8")
        return tmp_path / "mine.py"

    return write


@pytest.mark.parametrize("name", activations.names())
def test_every_file_of_the_house_is_taken(name):
    definitions.check(HOUSE / f"{name}.py")


def test_every_word_of_the_vocabulary_is_known(file):
    for word in definitions.WORDS:
        definitions.check(file(WHOLE.format(f"xp.{word}")))
    definitions.check(file(WHOLE.format("xp.tanh(x)").replace("label =", "label: str =")))
    definitions.check(file(WHOLE.format("words.tanh(x)").replace("xp", "words")))


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.format("base(x, xp)").replace(
            "label", "from .gelu import definition as base\n\nlabel"
        ),
        "from .gelu import definition, formula, label\n",
        "from .gelu import definition as base\nlabel = formula = 'g'\ndefinition = base\n",
        WHOLE.replace("x, xp", "x, xp, /").format("xp.tanh(x)"),
        WHOLE.replace("x, xp", "x, xp, *, slope=0.25 if 1 < 2 else 1").format("slope * x"),
        WHOLE.format("sum(x for k in range(3) if k > 1)"),
        "\ufeff" + WHOLE.format("x"),
        "if True:\n    label = 'g'\n" + WHOLE.replace("label", "other").format("x"),
    ],
)
def test_whatever_may_be_a_definition_is_left_to_those_who_run_it(file, text):
    definitions.check(file(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WHOLE.format("x *"), "mine.py, line 8: cannot be read: invalid syntax"),
        (WHOLE.replace("xp):", "xp)").format("x"), "mine.py, line 7: cannot be read: expected ':'"),
        ("\0", "mine.py: cannot be read: "),
        ("x = " + "-" * 100_000 + "1", "mine.py"),
        (WHOLE.format("x").replace("label", "name"), 'mine.py: has no label; write label = "…"'),
        (WHOLE.format("x").replace("formula", "text"), "has no formula; write"),
        (WHOLE.format("x").replace("definition", "f"), "has no definition; write def definition("),
        (WHOLE.replace("x, xp", "x").format("x"), "line 7: a definition is a function of x and xp"),
        (WHOLE.format("x * xp.normcdf(x)"), "line 8: 'xp.normcdf' is no word here; known are exp"),
        (WHOLE.format("x * xp.sigmoyd(x)"), "no word here (did you mean sigmoid?); known are exp"),
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
    with pytest.raises(Refusal) as refused:
        definitions.check(file(text))
    assert said in str(refused.value) and str(refused.value).startswith("mine.py")


def test_a_file_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "mine.py").symlink_to(tmp_path / "nowhere.py")
    with pytest.raises(Refusal, match="mine.py: cannot be read: .*No such file"):
        definitions.check(tmp_path / "mine.py")


def test_a_study_with_such_a_file_stops_before_the_first_job(house):
    (house / "workflow/scripts/activarium/activations/mine.py").write_text(
        WHOLE.format("x * xp.normcdf(x)")
    )
    house.say(activations=["gelu", "mine"])
    done = house.snakemake()
    assert done.returncode == 1 and not (house / "results").exists()
    assert done.stderr.splitlines()[-1].startswith(
        "config: activations: mine: mine.py, line 8: 'xp.normcdf' is no word here"
    )


def test_a_file_that_the_study_does_not_name_is_not_read(monkeypatch):
    monkeypatch.setattr(definitions, "check", lambda file: asked.append(file.stem))
    asked = []
    study.load(study.mapping(ROOT / "tests/study.yaml"), [], SCHEMA)
    assert asked == ["gelu", "relu"]


# What a file is made of


def test_a_definition_imported_from_another_file_is_an_input_with_it(tmp_path, monkeypatch):
    folder = tmp_path / "activations"
    folder.mkdir()
    for name, text in {
        "a": "from .b import definition\nfrom ..primitives import on_torch\nimport math",
        "b": "def definition(x, xp):\n    from activarium.activations import c, _own\n",
        "c": "import activarium.activations.a\nfrom . import load\nf = load('d').definition",
        "d": "label = 'D'",
        "_own": "from .kit.parts import part",
        "kit/__init__": "",
        "kit/parts": "from activarium.networks import e",
        "e": "",
        "broken": "from .d import",
    }.items():
        (folder / f"{name}.py").parent.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(text)
    names = {path.relative_to(folder).as_posix() for path in source.followed(folder / "a.py")}
    expected = {"a", "b", "c", "d", "_own", "kit/__init__", "kit/parts"}
    assert names == {f"{name}.py" for name in expected}
    assert source.followed(folder / "a.py")[0] == folder / "a.py"
    assert source.followed(folder / "broken.py") == (folder / "broken.py",)


@pytest.mark.parametrize("name", activations.names())
def test_no_activation_of_the_house_is_made_from_another_file(name):
    assert source.followed(HOUSE / f"{name}.py") == (HOUSE / f"{name}.py",)


def test_what_defines_a_cell_is_all_that_its_files_import(monkeypatch):
    monkeypatch.setattr(source, "followed", lambda file: (file, file.with_name("base.py")))
    read = study.read(yaml.safe_load((ROOT / "tests/study.yaml").read_text()), SCHEMA)
    grid = Grid(read, "library")
    cell = SimpleNamespace(activation="gelu", network="plain_2", dataset="digits", home="results")
    made = ["library/activations/gelu.py", "library/activations/base.py"]
    assert grid.activation_code(cell) == grid.certified_code(cell) == made
    assert grid.network_code(cell) == ["library/networks/plain.py", "library/networks/base.py"]
    assert grid.dataset_code(cell) == ["library/datasets/digits.py", "library/datasets/base.py"]
    assert made[0] in grid.claimed(cell) and grid.claimed_through(cell) == [made[1]]
