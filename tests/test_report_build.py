"""The library makes the whole report of tables from elsewhere without torch or Snakemake."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from conftest import ROOT
from synthetic import study

from activarium import figures
from activarium.compare.analysis import analyse
from activarium.report import build
from activarium.runtime import files
from activarium.runtime.errors import UserError

HEAVY = ("torch", "torchvision", "sklearn", "snakemake", "flint")
LIGHT = f"""
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ImportError(f"{{name}} is not installed")

sys.meta_path.insert(0, Missing())
sys.path.insert(0, {str(ROOT / "workflow/scripts")!r})
"""
BUILDS = """
from activarium.report import build
report = build.build_external_report([sys.argv[1]], "gelu", name="mine")
build.write_report(report, sys.argv[2])
"""
IMPORTS = """
import activarium
for room in ("compare", "report", "figures", "tables"):
    package = importlib.import_module(f"activarium.{room}")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"activarium.{room}.{module.name}")
"""


def light_python(code, *arguments):
    """A finished Python process in which importing anything of HEAVY fails."""
    command = [sys.executable, "-c", LIGHT + code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def table(tmp_path):
    """A small table of runs as somebody else would write it, with a data set that has no file."""
    made = study(("gelu", "relu", "mine"), ("digits", "moons"), seeds=6).runs
    columns = ["dataset", "activation", "seed", "test_accuracy", "status"]
    made[columns].to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path / "runs.csv"


def test_a_missing_package_is_missing_in_these_tests():
    done = light_python("import torch")
    assert "ImportError: torch is not installed" in done.stderr


def test_comparing_and_reporting_import_nothing_that_trains():
    done = light_python(IMPORTS)
    assert done.returncode == 0, done.stderr


def test_a_report_of_a_table_from_elsewhere_needs_neither_torch_nor_snakemake(table, tmp_path):
    before = os.times().children_user
    done = light_python(BUILDS, table, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert os.times().children_user - before < 60  # 5 s on an idle core
    page = (tmp_path / "out/report.html").read_text()
    assert "<h1>mine</h1>" in page
    assert "Of 4 comparisons with GELU in 2 settings" in page
    assert sorted(p.stem for p in (tmp_path / "out/figures").iterdir()) == sorted(figures.names())
    found = files.read_json(tmp_path / "out/analysis.json")
    for name in ("summaries", "contrasts"):
        rows = pd.read_parquet(tmp_path / f"out/{name}.parquet")
        assert len(rows) == len(found[name]) == len(pd.read_csv(tmp_path / f"out/{name}.csv"))


def test_a_built_report_holds_the_analysis_of_its_tables(table):
    made = build.build_external_report([table], "relu", confidence=0.9, margin=0.01)
    tables = made.tables
    frames = tables.runs, tables.epochs, tables.costs
    again = analyse(*frames, "relu", 0.9, 0.01, build.known_chances(), {})
    assert json.loads(json.dumps(again)) == tables.analysis


def test_a_diverged_run_scores_the_chance_that_is_stated(table):
    text = table.read_text().splitlines()
    row = next(i for i, line in enumerate(text) if line.startswith("moons,mine,3"))
    text[row] = "moons,mine,3,,diverged"
    table.write_text("\n".join(text) + "\n")
    with pytest.raises(UserError, match="chance: 'moons' has diverged runs"):
        build.build_external_report([table], "gelu")
    made = build.build_external_report([table], "gelu", chance={"moons": 0.25})
    assert made.tables.analysis["plan"]["chance"]["moons"] == 0.25
    assert "They score as guessing (25.00 %)" in made.html


def test_the_defaults_are_those_of_a_study():
    schema = yaml.safe_load((ROOT / "config/schema.yaml").read_text())
    stated = schema["$defs"]["analysis"]["properties"]
    assert (stated["confidence"]["default"], stated["margin"]["default"]) == (
        build.CONFIDENCE,
        build.MARGIN,
    )
