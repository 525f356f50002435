"""A network's own file, as people write it: what is wrong is one line with file and line."""

import importlib
import sys
from pathlib import Path

import pytest
import yaml

from activarium import networks, study
from activarium.runtime.errors import UserError

REPO = Path(networks.__file__).parents[4]

MINE = '''"""Mine."""

label = "Mine"


def build(activation, channels, classes, size, *, width=16):
    return None
'''
SIGNATURE = "build(activation, channels, classes, size, *, width=16)"


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write the text of networks/mine.py, where the folder's own files are."""
    monkeypatch.setattr(networks, "FOLDER", tmp_path)
    monkeypatch.setattr(networks, "__path__", [str(tmp_path)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text):
        sys.modules.pop("activarium.networks.mine", None)
        (tmp_path / "mine.py").write_text(text)
        importlib.invalidate_caches()

    yield write
    sys.modules.pop("activarium.networks.mine", None)


def refused(read):
    with pytest.raises(UserError) as error:
        read("mine")
    return str(error.value)


@pytest.mark.parametrize(
    "signature, parameters",
    [
        (SIGNATURE, {"width": 16}),
        ("build(act, c, k, s, *, width=16, drop=0.5)", {"width": 16, "drop": 0.5}),
        ("build(activation, channels, classes, size)", {}),
        ("build(activation, channels, classes, size, *, shift=-1)", {"shift": -1}),
    ],
)
def test_the_parameters_of_a_network_are_what_stands_behind_the_star(own, signature, parameters):
    own(MINE.replace(SIGNATURE, signature))
    assert networks.parameters("mine") == parameters
    assert networks.load("mine").label == "Mine"


@pytest.mark.parametrize(
    "signature, line",
    [
        (
            "build(activation, channels, classes, size, *)",
            "mine.py, line 6: cannot be read: named arguments must follow bare *; leave out the * "
            "where nothing follows it",
        ),
        (
            "build(activation, channels, classes, size, *, width)",
            "mine.py, line 6: width has no default; write a number out, as width=16",
        ),
        (
            "build(activation, channels, classes, size, *, width=2 * BASE)",
            "mine.py, line 6: width has the default 2 * BASE; write a number out, as width=16",
        ),
        (
            "build(activation, channels, classes, size, width=16)",
            "mine.py, line 6: what a study may set stands behind a *: write *, before width",
        ),
        (
            "build(activation, channels, classes)",
            "mine.py, line 6: build must be build(activation, channels, classes, size, *, …)",
        ),
        (
            "build(*all, **more)",
            "mine.py, line 6: build must be build(activation, channels, classes, size, *, …)",
        ),
        (
            "make(activation, channels, classes, size, *, width=16)",
            "mine.py: has no build; write def build(activation, channels, classes, size, *, …)",
        ),
    ],
)
def test_a_build_that_is_not_one_is_named_with_its_line(own, signature, line):
    own(MINE.replace(SIGNATURE, signature))
    said = {refused(read).replace("named parameters", "named arguments")  # since Python 3.13
            for read in (networks.parameters, networks.load)}  # fmt: skip
    assert said == {line}


def test_a_build_that_is_no_function_and_a_file_without_label_are_named(own):
    own(MINE.replace("def build", "def make") + "\n\nbuild = make\n")
    assert refused(networks.parameters) == (
        "mine.py, line 10: build must be a function of this file: "
        "build(activation, channels, classes, size, *, …)"
    )
    own(MINE.replace('label = "Mine"', ""))
    assert refused(networks.parameters) == 'mine.py: has no label; write label = "…"'


def test_a_network_that_cannot_be_imported_is_named_with_its_line(own):
    own(MINE.replace('label = "Mine"', 'import nothing_here\nlabel = "Mine"'))
    assert networks.parameters("mine") == {"width": 16}
    line = "mine.py, line 3: ModuleNotFoundError: No module named 'nothing_here'"
    assert refused(networks.load) == line


def test_a_study_names_the_network_s_file_and_what_is_wrong_with_it(own):
    own(MINE.replace("width=16", ""))
    config = yaml.safe_load((REPO / "tests/study.yaml").read_text()) | {"networks": ["mine"]}
    with pytest.raises(UserError) as error:
        study.read(config, REPO / "config/schema.yaml")
    assert str(error.value).startswith("config: networks: mine: mine.py, line 6: cannot be read: ")
