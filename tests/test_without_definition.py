"""An activation without a closed form is trained and compared; nobody says that it is proven."""

import re
from pathlib import Path
from types import SimpleNamespace

import pyarrow.csv
import pytest
import torch
from conftest import ROOT
from fake_gpu import FakeGpu
from synthetic import reported, study
from test_report import Parsed
from test_training import CELL, PLAIN, RECIPE, images, pack, prepared, settled
from test_training import trained as run_of
from torch import nn
from uncertifiable import FILES, SPLINE

from activarium import activations, cli
from activarium.activations import spec_of
from activarium.certify.activation_list import activation_rows
from activarium.certify.profile_table import profile_rows
from activarium.definitions import file_checks
from activarium.definitions.module_checks import find_fault
from activarium.runtime import source
from activarium.runtime.errors import UserError
from activarium.study import Study
from activarium.study.grid import Grid
from activarium.train import job
from activarium.train.check_network import check_network
from activarium.train.loop import Cell

__all__ = ["prepared"]  # a fixture, used by its name
NOT_CERTIFIED = "not certified: no definition"
EXACT = RECIPE | {"learning_rate": 2**-6}  # as float32, in which a captured step reads it, too


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The three files, as if they stood among the built-in activations."""
    whole, known, has = activations.load, activations.names, activations.has_definition
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    made = {name: file_checks.check_file(tmp_path / f"{name}.py") for name in FILES}
    monkeypatch.setattr(activations, "load", lambda a: made.get(spec_of(a).built_in) or whole(a))
    monkeypatch.setattr(activations, "names", lambda: sorted([*known(), *FILES]))
    monkeypatch.setattr(
        activations,
        "has_definition",
        lambda a: str(getattr(a, "built_in", a)) not in FILES and has(a),
    )
    return tmp_path


# The file


def test_module_alone_is_enough_and_a_misspelt_definition_is_not(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(SPLINE)
    assert not hasattr(file_checks.check_file(file), "definition")
    file.write_text(SPLINE.replace("formula", "formel"))
    with pytest.raises(UserError, match=r'mine.py: has no formula; write formula = "…"'):
        file_checks.check_file(file)
    file.write_text(SPLINE + "\n\ndef defintion(x, xp):\n    return x\n")
    with pytest.raises(UserError, match=r"has no definition \('defintion' is there\); write def"):
        file_checks.check_file(file)


def test_whether_a_file_has_a_definition_is_read_from_its_text(tmp_path):
    assert all(map(activations.has_definition, activations.names()))
    file = tmp_path / "mine.py"
    for text, found in ((SPLINE, False), ("from .gelu import definition", True)):
        file.write_text(text)
        assert source.has_name(file, "definition") == found


def test_the_file_that_the_docs_show_is_one(tmp_path):
    shown = re.findall(r"```python\n(.*?)```", (ROOT / "docs/your-own.md").read_text(), re.DOTALL)
    (text,) = (block for block in shown if "autograd.Function" in block)
    (tmp_path / "step.py").write_text(text)
    file = file_checks.check_file(tmp_path / "step.py")
    assert not hasattr(file, "definition")
    assert find_fault(file.module(), (4, 3, 8, 8)) is None


# Training


def test_a_file_beside_the_study_is_held_to_the_same(tmp_path):
    file = tmp_path / "own.py"
    spec = activations.ActivationSpec("own", file=str(file))
    cell = Cell(CELL | {"activation": "own"}, RECIPE, PLAIN, spec)
    file.write_text(FILES["table"], encoding="utf-8")
    check_network(cell, images())
    other = tmp_path / "cut.py"
    other.write_text(FILES["table"].replace("x + (y - x).detach()", "y"), encoding="utf-8")
    spec = activations.ActivationSpec("own", file=str(other))
    with pytest.raises(UserError, match="cut.py: module.. passes no gradient back to its input"):
        check_network(Cell(cell.names, RECIPE, PLAIN, spec), images())
    assert not activations.has_definition(spec)


@pytest.mark.parametrize(
    ("compute", "fault"),
    [
        (
            torch.sign,
            "module() has the slope 0 everywhere, so nothing before it learns; w",
        ),
        (torch.relu, None),
        (lambda x: (x - 49).relu(), None),
    ],
)
def test_a_module_without_any_slope_is_refused(compute, fault):
    class Own(nn.Module):
        def forward(self, x):
            return compute(x)

    found = find_fault(Own(), (4, 3, 8, 8))
    assert found is None if fault is None else found.startswith(fault)


@pytest.mark.parametrize("name", FILES)
def test_it_is_accepted_and_learns(added, name):
    check_network(Cell(CELL | {"activation": name}, RECIPE, PLAIN), images())
    row = run_of(name, epochs=4)
    losses = [epoch["train_loss"] for epoch in row["epochs"]]
    assert row["status"] == "ok" and losses[-1] < losses[0]


def test_a_gpu_captures_what_a_host_computes(added, tmp_path, prepared, monkeypatch):
    def rows(folder):
        files = pack(tmp_path / folder, [0, 1], prepared, "step", recipe=EXACT)
        return {seed: settled(file) for seed, file in files.items()}

    apart = rows("apart")
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    gpu = FakeGpu(monkeypatch)
    assert rows("at once") == apart
    assert gpu.captured, "it was launched step by step"


# What asks for no proof, and says so


def test_no_profile_is_asked_for_and_no_claim(added):
    declared = {name: spec_of(name) for name in ["gelu", *FILES]}
    declared["mine"] = activations.ActivationSpec("mine", expr="x*ndtr(x)")
    grid = Grid(Study("tiny", "gelu", 0.95, 0.005, ("digits",), activations=declared))
    assert grid.uncertified == list(FILES)
    assert grid.profiles == ["results/profiles/gelu.json", "results/tiny/profiles/mine.json"]
    assert [Path(f).name for f in grid.numerics] == ["gelu.numerics.json", "mine.numerics.json"]
    study_s_own, all_built_in = SimpleNamespace(folder="results/tiny"), SimpleNamespace(folder="")
    assert list(grid.claimed(study_s_own)) == ["gelu"]
    assert "gelu" in grid.claimed(all_built_in) and not set(FILES) & set(grid.claimed(all_built_in))
    alone = Grid(
        Study("tiny", "step", 0.95, 0.005, ("digits",), activations={"step": spec_of("step")})
    )
    assert (alone.profiles, alone.proven_claims, alone.numerics) == ([], [], [])
    assert alone.profiles_table == ["results/tiny/profiles.parquet"], "which says why it is short"


def test_the_table_of_profiles_has_a_row_that_says_so():
    (row,) = profile_rows({}, ["spline"])
    assert row["activation"] == "spline" and row["refused"] == NOT_CERTIFIED
    assert {v for k, v in row.items() if k not in ("activation", "property", "refused")} == {None}


def test_the_commands_say_so_in_a_line(added, capsys):
    for word in ("spline", added / "spline.py"):
        with pytest.raises(SystemExit) as end:
            cli.main(["certify", str(word)])
        assert str(end.value) == (
            f"{word}: {NOT_CERTIFIED}; write def definition(x, xp) beside its module"
        )
    (row,) = (row for row in activation_rows() if row["name"] == "spline")
    assert row["class"] is None and row["formula"].startswith("straight lines")
    cli.main(["list"])
    (line,) = (ln for ln in capsys.readouterr().out.splitlines() if ln.startswith("spline "))
    assert NOT_CERTIFIED in line and line.index("straight lines") > line.index(NOT_CERTIFIED)


def test_asking_for_its_definition_is_an_error(added):
    with pytest.raises(UserError, match=f"^table: {NOT_CERTIFIED}$"):
        activations.definition("table")


def test_the_report_says_so_wherever_facts_would_stand():
    made = study(("gelu", "spline", "table"), seeds=6)
    report = reported(made, draw=False, certified=True, uncertified=["spline", "table"])
    page = Parsed(report.html)
    both = f"spline and table ({NOT_CERTIFIED})"
    assert f"Of {both} no property is proven." in page.words
    assert f"Left out, since nothing is proven of them: {both}." in page.words
    assert f"Not measured: {both}." in page.words
    assert f"Left out: {both}." in report.figures["profiles"]
    tables = [[[cell["text"].strip() for cell in row] for row in table] for table in page.tables]
    (table,) = (table for table in tables if "Lipschitz" in table[0])
    (row,) = (row for row in table if row[0] == "spline")
    assert row == ["spline", NOT_CERTIFIED, *["–"] * (len(table[0]) - 2)]
    assert f"spline, {NOT_CERTIFIED}" in [" ".join(s["text"].split()) for s in page.all("summary")]


def test_a_report_of_such_alone_has_no_figure_of_profiles():
    made = study(("spline", "table"), seeds=6)
    report = reported(made, control="table", uncertified=["spline", "table"])
    assert "No activation of this study is certified. Left out: spline" in report.html
    assert "data-empty" in report.figures["profiles"]


def test_a_report_in_which_all_are_certified_says_nothing_of_it():
    assert "not certified" not in reported(study(), draw=False, certified=True).html


@pytest.mark.slow
def test_a_study_of_them_ends_in_a_report(house):
    """Two stand among the built-in ones, two beside the study."""
    folders = ["workflow/scripts/activarium/activations", "my"] * 2
    (house / "my").mkdir()
    for (name, text), folder in zip(FILES.items(), folders, strict=True):
        (house / f"{folder}/{name}.py").write_text(text, encoding="utf-8")
    house.patience = 900
    beside = [{"name": name, "file": f"my/{name}.py"} for name in ("table", "slopes")]
    house.say(activations=["gelu", "spline", "step", *beside], seeds=6)
    assert house.plan()["certify"] == house.plan()["numerics"] == 1
    done = house.snakemake(cores=2)
    assert done.returncode == 0, done.stderr
    assert "Of 4 comparisons with GELU" in done.stderr
    page = Parsed((house / "results/tiny/report.html").read_text(encoding="utf-8"))
    assert f"Left out: Slopes, Spline, Step and Table ({NOT_CERTIFIED})." in page.words
    rows = pyarrow.csv.read_csv(house / "results/tiny/profiles.csv").to_pylist()
    refused = [row["activation"] for row in rows if row["refused"] == NOT_CERTIFIED]
    assert sorted(refused) == sorted(FILES)
    assert house.plan() == {}
