"""An activation's file is read before the first job, and what is wrong in it said in one line."""

from pathlib import Path

import pytest
from conftest import ROOT

from activarium import activations, definitions, study
from activarium.refusal import Refusal

HOUSE = Path(activations.__file__).parent
WHOLE = """\"\"\"Mine.\"\"\"

label = "Mine"
formula = "x·Φ(x)"


def definition(x, xp):
    return {}
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "mine.py").write_text(text)
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
    ("text", "said"),
    [
        (WHOLE.format("x *"), "mine.py, line 8: is no Python: invalid syntax"),
        (WHOLE.replace("xp):", "xp)").format("x"), "mine.py, line 7: is no Python: expected ':'"),
        ("\0", "mine.py, line 1: is no Python: "),
        (WHOLE.format("x").replace("label", "name"), 'has no label; write label = "…"'),
        (WHOLE.format("x").replace("formula", "text"), "has no formula"),
        (WHOLE.format("x").replace("definition", "f"), "has no function definition(x, xp)"),
        (WHOLE.format("x").replace("x, xp", "x"), "has no function definition(x, xp)"),
        (WHOLE.format("x * xp.normcdf(x)"), "line 8: 'xp.normcdf' is no word here; known are exp"),
        (WHOLE.format("x * xp.sigmoyd(x)"), "no word here (did you mean sigmoid?); known are exp"),
        (WHOLE.format("x if x > 0 else 0"), "line 8: a definition branches by xp.piecewise only"),
        (WHOLE.format("x * (x > 0)"), "branches by xp.piecewise only, never by if or comparisons"),
    ],
)
def test_what_no_definition_can_be_read_from_is_refused_by_line(file, text, said):
    with pytest.raises(Refusal) as refused:
        definitions.check(file(text))
    assert said in str(refused.value) and str(refused.value).startswith("mine.py, line ")


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
    study.load(study.mapping(ROOT / "tests/study.yaml"), [], ROOT / "config/schema.yaml")
    assert asked == ["gelu", "relu"]
