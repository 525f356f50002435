"""The package: its wheel holds the whole library, and works where there is nothing else."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from synthetic import study

LIBRARY = "workflow/scripts/activarium/"
HEAVY = ("torch", "torchvision", "sklearn", "snakemake", "pygments")  # of [train] alone
NO_INDEX = ("NewConnectionError", "ConnectTimeoutError", "Name or service not known")


def tracked_files():
    """The library's files, as git has them, by their names in a wheel."""
    listed = subprocess.run(["git", "ls-files", LIBRARY], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone, so no list of files is known")
    there = [line for line in listed.stdout.split() if (ROOT / line).exists()]
    return {line.removeprefix("workflow/scripts/") for line in there}


def test_the_wheel_holds_every_file_of_the_library_and_no_other(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    untracked = {name for name in files if (ROOT / "workflow/scripts" / name).exists()}
    assert tracked_files() <= files
    assert files - untracked == {"activarium/study/schema.yaml"}  # from config/
    endings = {Path(name).suffix for name in files}
    assert endings == {".py", ".css", ".js", ".html", ".json", ".yaml", ".txt"}


def test_the_schema_of_studies_is_found_in_a_clone():
    from activarium import cli

    assert cli.schema_file() == ROOT / "config/schema.yaml"


# An empty environment


class Environment:
    """A virtual environment in `folder` that holds what pip has put there."""

    def __init__(self, folder):
        self.folder = Path(folder)
        venv.create(self.folder, with_pip=True)

    def run(self, command, *arguments, cwd=None):
        """A program of the environment, finished; nothing of this process is handed on."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        words = [self.folder / "bin" / command, *arguments]
        return subprocess.run(list(map(str, words)), cwd=cwd or self.folder, env=kept,
                              capture_output=True, text=True, timeout=900)  # fmt: skip

    def pip(self, *arguments):
        done = self.run("python", "-m", "pip", "--disable-pip-version-check", *arguments)
        if done.returncode and any(word in done.stdout + done.stderr for word in NO_INDEX):
            pytest.skip("no package index can be reached from here")
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment with the wheel and its dependencies alone."""
    made = Environment(tmp_path_factory.mktemp("installed") / "env")
    made.pip("wheel", "--no-deps", "-w", made.folder / "dist", ROOT)
    (wheel,) = (made.folder / "dist").glob("activarium-*.whl")
    made.pip("install", "--no-compile", wheel)
    return made


@pytest.fixture
def activarium(installed, tmp_path):
    """Run the installed command in an empty folder; its output, once it ended well in silence."""

    def run(*arguments):
        done = installed.run("activarium", *arguments, cwd=tmp_path)
        slow_first_start = "Matplotlib is building the font cache"
        said = [line for line in done.stderr.splitlines() if slow_first_start not in line]
        assert (done.returncode, said) == (0, [])
        return done.stdout

    return run


@pytest.mark.slow
@pytest.mark.xdist_group("package")
def test_the_core_installs_nothing_that_only_training_needs(installed):
    listed = json.loads(installed.pip("list", "--format", "json"))
    names = {package["name"].lower() for package in listed}
    assert {"activarium", "numpy", "python-flint", "seaborn"} <= names
    assert not names & {"torch", "torchvision", "scikit-learn", "snakemake", "pygments"}


@pytest.mark.slow
@pytest.mark.xdist_group("package")
def test_every_command_works_where_nothing_else_is_installed(activarium, tmp_path):
    assert activarium("--help").startswith("usage: activarium")
    assert activarium("--version") == "activarium 0.1.0\n"
    assert "Lipschitz constant     1.12890…" in activarium("certify", "gelu")
    assert "f(x) = x*ndtr(1.1*x)" in activarium("certify", "x*ndtr(1.1*x)")
    assert len(activarium("list").splitlines()) > 57
    runs = study(("gelu", "relu"), ("digits",), seeds=6).runs
    columns = ["dataset", "activation", "seed", "test_accuracy", "status"]
    runs[columns].to_csv(tmp_path / "runs.csv", index=False)
    said = activarium("compare", "runs.csv", "--control", "gelu")
    assert said.endswith("The report: report.html\n")
    assert "<svg" in (tmp_path / "report.html").read_text()
    for kind in ("activation", "network", "dataset"):
        assert "Wrote my/mine.py." in activarium("new", kind, "mine")
        if kind == "activation":
            assert "Proven for all real x" in activarium("certify", "my/mine.py")
        (tmp_path / "my/mine.py").unlink()


@pytest.mark.slow
@pytest.mark.xdist_group("package")
def test_the_installed_command_reads_a_study_by_its_own_schema(activarium, tmp_path):
    (tmp_path / "study.yaml").write_bytes((ROOT / "config/config.yaml").read_bytes())
    assert activarium("report-path", "study.yaml") == "The report: results/mnist5k/report.html\n"


@pytest.mark.slow
@pytest.mark.xdist_group("package")
def test_the_installed_library_is_imported_from_python(installed, tmp_path):
    program = """
import sys
from activarium import activations
from activarium.definitions import on_numpy
print(activations.definition("golu")(1.0, on_numpy))
try:
    activations.module("golu")
except ValueError as error:
    print(error)
print(*sys.modules)
"""
    done = installed.run("python", "-c", program, cwd=tmp_path)
    value, error, modules = done.stdout.splitlines()
    assert value == "0.6922006275553464"
    assert error.endswith("install it with pip install 'activarium[train]'")
    assert not set(HEAVY) & set(modules.split())


# Python


def test_the_lines_in_the_docstring_of_the_package_run():
    import torch

    import activarium

    lines = [line.strip() for line in activarium.__doc__.splitlines() if line.startswith("    ")]
    names, values = {}, []
    for line in lines:
        if line.startswith("from "):
            exec(line, names)
        else:
            values.append(eval(line, names))
    module, definition, value, lipschitz = values
    assert isinstance(module, torch.nn.Module) and callable(definition)
    assert module(torch.ones(1, dtype=torch.float64)).item() == pytest.approx(value, abs=1e-12)
    assert 1 < float(lipschitz[0]) <= float(lipschitz[1]) < 1.2
