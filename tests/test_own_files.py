"""A study takes activations, networks and data sets from files beside it, as built-in ones."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from conftest import BIN, ROOT, House
from test_workflow import RUN, prepared, remote, stub

from activarium import activations, datasets, networks, study, tables
from activarium.activations import ActivationSpec
from activarium.data.sources import load_images
from activarium.report import reference_results
from activarium.runtime import manifest, own_files, source
from activarium.runtime.errors import UserError
from activarium.study.code_inputs import PACKAGE, CodeFiles
from activarium.study.grid import Grid

SCHEMA = ROOT / "config/schema.yaml"
SWOOSH = '''"""A shifted softplus."""
from .shared import SLOPE

label = "SwooshR"
formula = "log(1 + eˣ⁻¹) − 0.08·x"


def definition(x, xp):
    return xp.softplus(x - 1) - SLOPE * x
'''
NET = '''"""One hidden layer."""
from torch import nn

from activarium.data.image_size import height_width

label = "one hidden layer"


def build(activation, channels, classes, size, *, width=4):
    hidden = nn.Linear(channels * size * size, width)
    return nn.Sequential(nn.Flatten(), hidden, activation(width), nn.Linear(width, classes))
'''
BARS = (PACKAGE / "study/templates/dataset.txt").read_text().replace("{label}", "Bars")
BARS = BARS.replace("needs_files =", 'caveat = "Bars are made up."\nneeds_files =')
STUDY = {
    "name": "tiny",
    "datasets": [{"name": "bars", "file": "my/bars_8.py"}],
    "activations": ["gelu", {"name": "mine", "file": "my/swoosh.py"}],
    "networks": [{"name": "small", "file": "my/net.py", "width": 3}],
    "recipes": {
        "short": {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 100, "epochs": 1}
    },
    "seeds": 2,
}


def write_files(folder):
    """The study and the files that it names."""
    (folder / "my").mkdir(parents=True)
    texts = {"swoosh": SWOOSH, "shared": "SLOPE = 0.08\n", "net": NET, "bars_8": BARS}
    for name, text in texts.items():
        (folder / f"my/{name}.py").write_text(text)
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the study and its files, where the test works."""
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    for cached in (source.own_files, source.library_files_of, activations.has_definition):
        cached.cache_clear()
    return tmp_path


def read(**changes):
    return study.read(STUDY | changes, SCHEMA)


def refusal(**changes):
    with pytest.raises(study.StudyError) as caught:
        read(**changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Read


def test_a_name_need_not_be_the_file_s(here):
    found = read()
    assert found.activations["mine"] == ActivationSpec("mine", file="my/swoosh.py")
    assert found.networks["small"] == {"file": "my/net.py", "parameters": {"width": 3}}
    assert found.image_sources == {"bars": {"file": "my/bars_8.py"}}
    assert found.own_labels == {"activations": {"mine": "SwooshR"}, "datasets": {"bars": "Bars"}}


def test_two_of_one_file_are_called_by_their_names(here):
    Path("my/learns.py").write_text(
        'label = "L"\nformula = "a·x"\ndef definition(x, xp, *, a=1): return a * x\n'
    )
    both = [{"name": n, "file": "my/learns.py", "learned": n} for n in ("layer", "channel")]
    found = read(activations=["gelu", *both])
    assert found.own_labels["activations"] == {}


def test_the_files_are_used_as_built_in_ones_are(here):
    found = read()
    module = activations.module(found.activations["mine"])
    x = torch.linspace(-3, 3, 7)
    torch.testing.assert_close(module(x), torch.nn.functional.softplus(x - 1) - 0.08 * x)
    assert networks.parameters("my/net.py") == {"width": 4}
    net = networks.load("my/net.py").build(lambda n: module, 1, 2, 8, width=3)
    assert net(torch.zeros(5, 1, 8, 8)).shape == (5, 2)
    images, about = load_images("bars", found.image_sources["bars"], "data")
    assert images.train_images.shape == (200, 8, 8, 1) and about.label == "Bars"
    assert datasets.shape("my/bars_8.py") == {"channels": 1, "size": 8, "classes": 2}


def test_files_of_two_folders_do_not_meet(here):
    shutil.copytree("my", "other")
    Path("other/shared.py").write_text("SLOPE = 5\n")
    first, second = (own_files.import_file(f"{f}/swoosh.py") for f in ("my", "other"))
    assert (first.SLOPE, second.SLOPE) == (0.08, 5)
    assert own_files.import_file("my/../my/swoosh.py") is first


# Refused


@pytest.mark.parametrize(("axis", "entry", "line"), [
    ("activations", {"name": "relu", "file": "my/swoosh.py"}, "'relu' is a built-in activation"),
    ("networks", {"name": "plain", "file": "my/net.py"}, "'plain' is a built-in network"),
    ("datasets", {"name": "digits", "file": "my/bars_8.py"}, "'digits' is a built-in data set"),
    ("activations", {"name": "a", "file": "my/none.py"}, "a: file: no file 'my/none.py'; a path "
     "starts where snakemake runs; make one: activarium new activation none --folder my"),
    ("networks", {"name": "a", "file": "my/none.py"}, "activarium new network none --folder my"),
    ("datasets", {"name": "a", "file": "none.py"}, "activarium new dataset none --folder ."),
    ("activations", {"name": "a", "file": "my/{x}.py"}, "'my/{x}.py' has a brace in its path"),
    ("networks", {"name": "small", "file": "my/net.py", "depth": 3}, "has no such parameter"),
    ("datasets", {"name": "a", "file": "my/bars_8.py", "size": 3}, "file has no other key"),
])  # fmt: skip
def test_an_entry_that_cannot_be_is_one_line(here, axis, entry, line):
    others = ["gelu"] if axis == "activations" else []
    said = refusal(**{axis: [*others, entry]})
    assert said.startswith(f"config: {axis}: ") and line in said


@pytest.mark.parametrize(("axis", "text", "line"), [
    ("activations", SWOOSH.replace("def definition", "def define"), "has no definition"),
    ("activations", "import torch\n" + SWOOSH, "line 1: imports torch at the top, which slows"),
    ("activations", SWOOSH + "def (", "line 10: cannot be read"),
    ("activations", SWOOSH.replace(".shared", ".gone"), "line 2: ModuleNotFoundError"),
    ("activations", SWOOSH.replace("from .shared import", "from shared import"),
     "line 2: imports shared, which stands beside it; write from . import shared, or from .shared"),
    ("activations", SWOOSH.replace("SLOPE * x", "xp.cosh(x)"), "line 9"),
    ("networks", NET.replace("def build", "def make"), "has no build"),
    ("networks", NET.replace("*, width=4", "width=4"), "write *, before width"),
    ("networks", "import shared\n" + NET, "line 1: imports shared, which stands beside it"),
    ("networks", NET.replace("from activarium.data", "from ..data"),
     "line 4: from ..data.image_size import … finds nothing beside your study; write from "
     "activarium.data.image_size import …"),
    ("activations", SWOOSH.replace(".shared import SLOPE", ".gelu import label"),
     "line 2: from .gelu import … finds nothing beside your study; write from "
     "activarium.activations.gelu import …"),
    ("datasets", BARS.replace("classes = 2", "classes = 1"), "classes = 1 must be a whole number"),
    ("datasets", "import torch\n" + BARS, "line 1: imports torch at the top"),
    ("datasets", BARS + "\n1 / 0\n", "ZeroDivisionError"),
])  # fmt: skip
def test_a_file_that_cannot_work_is_one_line_with_its_place(here, axis, text, line):
    Path("my/wrong.py").write_text(text)
    others = ["gelu"] if axis == "activations" else []
    said = refusal(**{axis: [*others, {"name": "odd", "file": "my/wrong.py"}]})
    assert said.startswith(f"config: {axis}: odd: wrong.py") and line in said


def test_a_slow_import_beside_an_activation_s_file_is_named(here):
    Path("my/shared.py").write_text("import torch\nSLOPE = 1\n")
    assert "mine: shared.py, line 1: imports torch at the top" in refusal()


# What a job's numbers come from


def code_of(**names):
    """What defines a cell: the inputs of its rule."""
    code = CodeFiles(Grid(read()), "library")
    cell = type("Wildcards", (), {"folder": "results/tiny", **names})
    return code, cell


def test_a_file_and_those_beside_it_are_inputs_of_their_own_cells_alone(here):
    code, mine = code_of(activation="mine", network="small", dataset="bars")
    assert code.activation(mine) == ["my/swoosh.py", "my/shared.py"] == code.profile(mine)
    assert code.network(mine) == ["my/net.py", "library/data/image_size.py"]
    assert code.dataset(mine) == ["my/bars_8.py"]
    _, gelu = code_of(activation="gelu")
    assert not any("my/" in file for file in code.activation(gelu))
    assert code.own_files == ["my/bars_8.py", "my/net.py", "my/shared.py", "my/swoosh.py"]
    assert {"my/net.py", "library/data/image_size.py"} <= set(code.networks_and_datasets)


@pytest.mark.parametrize(("text", "files"), [
    ("from . import a", ["my/f.py", "my/a.py", "my/sub/b.py"]),
    ("from .sub import b", ["my/f.py", "my/sub/b.py"]),
    ("from .sub.b import c\nfrom torch import nn", ["my/f.py", "my/sub/b.py"]),
    ("def definition(x, xp):\n    from .a import c", ["my/f.py", "my/a.py", "my/sub/b.py"]),
])  # fmt: skip
def test_imports_are_followed_beside_the_file(here, text, files):
    Path("my/sub").mkdir()
    Path("my/a.py").write_text("from .sub.b import c")
    Path("my/sub/b.py").write_text("c = 1")
    Path("my/f.py").write_text(text)
    assert list(source.own_files("my/f.py")) == files


@pytest.mark.parametrize("text", [
    "from activarium.networks.resnet18 import build",
    "from activarium import networks\nbuild = networks.load('resnet18').build",
])  # fmt: skip
def test_a_built_in_file_that_is_used_is_an_input_with_what_it_imports(here, text):
    Path("my/f.py").write_text(text)
    found = source.library_files_of("my/f.py", PACKAGE)
    assert set(source.imported_files(PACKAGE / "networks/resnet18.py")) <= set(found)


def test_submitted_jobs_hold_the_content_of_the_files_against_what_was_sent(here):
    manifest.write(read(), [range(2)], "sent.json")
    manifest.check(read(), [range(2)], "sent.json")
    Path("my/shared.py").write_text("SLOPE = 0.09\n")
    with pytest.raises(UserError, match="config: my/shared.py was edited while tiny is trained"):
        manifest.check(read(), [range(2)], "sent.json")


def test_a_provenance_tells_the_content_and_leaves_other_studies_as_they_were(here):
    told = Grid(read()).declared_training
    assert set(told["own_files"]) == {"activations/mine", "datasets/bars", "networks/small"}
    assert told["caveats"] == {"bars": "Bars are made up."}
    plain = {"activations": ["gelu"], "networks": ["plain"], "datasets": ["digits"]}
    assert not {"own_files", "caveats"} & set(Grid(read(**plain)).declared_training)


# Kept


def test_files_are_kept_below_the_reference_as_they_stand_here(here):
    (here / "elsewhere").mkdir()
    os.chdir(here / "elsewhere")
    kept = reference_results.kept_files(
        ["a.py", "deep/b.py", "../my/net.py", "reference/tiny/my/c.py"], "reference/tiny"
    )
    assert list(map(str, kept.values())) == [
        f"reference/tiny/{file}" for file in ("a.py", "deep/b.py", "my/net.py", "my/c.py")
    ]
    with pytest.raises(UserError, match="two files would be kept as reference/tiny/my/net.py"):
        reference_results.kept_files(["my/net.py", "../my/net.py"], "reference/tiny")


# By Snakemake, from a folder that is not the checkout


class Elsewhere(House):
    """A folder with a study and its files; the workflow is this checkout's."""

    patience = 900

    def snakemake(self, *arguments, study="study.yaml", cores=1, **environment):
        there = ["-s", ROOT / "Snakefile", "--workflow-profile", ROOT / "profiles/default"]
        command = [BIN / "snakemake", *arguments, "--cores", cores, "--configfile", study, *there]
        return self.run(*command, **environment)


def test_another_workflow_takes_files_beside_its_own_study(tmp_path):
    theirs = House(tmp_path / "theirs")
    write_files(theirs.folder)
    (theirs / "Snakefile").write_text(
        f'configfile: "study.yaml"\nmodule act:\n    snakefile: "{ROOT / "Snakefile"}"\n'
        "    config: config\nuse rule * from act as act_*\n"
    )
    plan = theirs.plan(study=None)
    assert plan["act_train_0"] == 2 and plan["act_prepare"] == 1 and plan["act_certify"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("edited", [False, True])
def test_a_remote_job_trains_with_the_files_that_were_there_when_it_was_sent(house, edited):
    """The command that submits a job edits what the activation's file imports."""
    stub(house, "'-'")
    remote(house, {})
    prepared(house)
    (house / "my").mkdir()
    for name, text in (("swoosh", SWOOSH), ("shared", "SLOPE = 0.08\n")):
        (house / f"my/{name}.py").write_text(text)
    house.say(activations=["gelu", {"name": "mine", "file": "my/swoosh.py"}])
    if edited:
        text = (house / "submit").read_text()
        edit = "echo SLOPE=1 >>my/shared.py\nsetsid"
        (house / "submit").write_text(text.replace("setsid", edit))
    file = RUN.format("mine", 0)
    done = house.snakemake(file, "--workflow-profile", "remote", "--jobs", "4")
    line = "config: my/shared.py was edited while tiny is trained; undo it, or stop and start again"
    assert (line in (house / "submitted.log").read_text().splitlines()) == edited
    assert (house / file).exists() != edited and (done.returncode == 1) == edited, done.stderr


@pytest.fixture(scope="module")
def own_trained(tmp_path_factory):
    """The study, trained and reported once."""
    folder = tmp_path_factory.mktemp("own") / "theirs"
    write_files(folder)
    done = Elsewhere(folder).snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def theirs(own_trained, tmp_path):
    shutil.copytree(own_trained, tmp_path / "theirs")
    return Elsewhere(tmp_path / "theirs")


def trained_and_certified(plan):
    return {name: n for name, n in plan.items() if name in ("train_0", "certify", "prepare")}


@pytest.mark.slow
@pytest.mark.xdist_group("own")
def test_an_edit_runs_its_own_cells_again_and_nothing_else(theirs):
    assert theirs.plan() == {}
    assert theirs.plan("--forcerun", "report") == {"report": 1}
    for file in ("swoosh", "shared"):
        theirs.edit(f"my/{file}.py")
        plan = theirs.plan()
        assert trained_and_certified(plan) == {"train_0": 1, "certify": 1}, file
        text = (theirs / f"my/{file}.py").read_text().removesuffix("\n# edited\n")
        (theirs / f"my/{file}.py").write_text(text)
        assert theirs.plan() == {}
    theirs.edit("my/net.py")
    assert trained_and_certified(theirs.plan()) == {"train_0": 2}
    theirs.edit("my/bars_8.py")
    assert trained_and_certified(theirs.plan()) == {"train_0": 2, "prepare": 1}


@pytest.mark.slow
@pytest.mark.xdist_group("own")
def test_the_report_treats_them_as_built_in_ones(theirs):
    page = (theirs / "results/tiny/report.html").read_text()
    assert "SwooshR is defined in <code>my/swoosh.py</code>" in page
    assert "Bars: Bars are made up." in page and "log(1 + eˣ⁻¹) − 0.08·x" in page
    assert "small (my/net.py, width 3)" in page
    for name in ("mine.json", "mine.numerics.json", "proven_claims.json"):
        assert (theirs / "results/tiny/profiles" / name).exists()
    assert not (theirs / "results/profiles/mine.json").exists()
    assert "SwooshR" in (theirs / "results/tiny/figures/profiles.svg").read_text()
    described = json.loads((theirs / "results/tiny/networks.json").read_text())
    assert described["small"]["label"] == "one hidden layer"


def publish(theirs):
    """Keep the study's results, as if they had been trained at a commit."""
    made = theirs / "results/tiny"
    rows = tables.read(made / "costs.parquet").to_dict("records")
    table = tables.table([row | {"commit": "0" * 40} for row in rows], tables.COSTS)
    tables.write_run(table, made / "costs.parquet")
    names = ("runs.parquet", "epochs.parquet", "costs.parquet", "provenance.json", "analysis.json")
    code = CodeFiles(Grid(study.read(yaml.safe_load(Path("study.yaml").read_text()), SCHEMA)), "x")
    said = yaml.safe_load((theirs / "study.yaml").read_text())
    results = [str(made / name) for name in names]
    reference_results.publish(results, said, "reference/tiny", code.own_files)


@pytest.mark.slow
@pytest.mark.xdist_group("own")
def test_a_reference_keeps_the_files_and_is_drawn_again_from_its_folder(theirs, monkeypatch):
    monkeypatch.chdir(theirs.folder)
    publish(theirs)
    shutil.rmtree(theirs / "my")
    shutil.rmtree(theirs / "results")
    kept = "reference/tiny/study.yaml"
    said = yaml.safe_load((theirs / kept).read_text())
    assert said["activations"][1]["file"] == "reference/tiny/my/swoosh.py"
    assert (theirs / "reference/tiny/my/shared.py").read_text() == "SLOPE = 0.08\n"
    assert theirs.plan(study=kept)["train_0"] == 2
    shards = ("--config", "shards=[reference/tiny/runs.parquet]")
    again = theirs.snakemake(*shards, study=kept, cores=2)
    assert again.returncode == 0, again.stderr
    assert "SwooshR" in (theirs / "results/tiny/report.html").read_text()
    theirs.edit("reference/tiny/my/shared.py")
    other = theirs.snakemake("results/tiny/runs.csv", *shards, study=kept)
    log = (theirs / "results/tiny/logs/collect.log").read_text()
    assert other.returncode == 1 and "was trained with the content of: activations/mine" in log
