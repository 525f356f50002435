"""make: what is missing is said in one line with the way out, and the locks agree."""

import os
import re
import subprocess
import tomllib

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PYTHONS = ("3.11", "3.12", "3.13")


def program(file, text):
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def venv(tmp_path):
    """Run venv.sh in an empty folder with a python of `version` and so many free GB."""

    def venv(version="3.12.1", ensurepip=True, free=100, python="python"):
        program(
            tmp_path / "python",
            f"""case "$*" in
*sys.version_info*) echo {".".join(version.split(".")[:2])} ;;
*ensurepip*) exit {0 if ensurepip else 1} ;;
"-m venv "*) mkdir -p env/bin env/lib; cp "$0" env/bin/python ;;
esac""",
        )
        blocks = int(free * 2**20)
        program(tmp_path / "df", f"echo Filesystem; echo /dev/x 1 1 {blocks} 1% /")
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": python, "VENV": "env"}
        return subprocess.run(["sh", ROOT / "workflow/envs/venv.sh"], cwd=tmp_path,
                              env=environment, capture_output=True, text=True)  # fmt: skip

    return venv


@pytest.mark.parametrize("version", ["3.11.0", "3.12.7", "3.13.0"])
def test_an_environment_is_made_without_a_word(venv, tmp_path, version):
    done = venv(version)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "env/bin/python").exists()
    assert venv(version, free=1).returncode == 0  # what is there already needs no room


@pytest.mark.parametrize(
    ("lack", "line"),
    [
        ({"python": "python9"}, "no python9 here; install Python 3.11 to 3.13, or name it: "
         "make PYTHON=/path/to/python3.12"),
        ({"version": "3.10.4"}, "python is Python 3.10; 3.11 to 3.13 is needed: "
         "make PYTHON=/path/to/python3.12"),
        ({"version": "3.14.0"}, "python is Python 3.14; 3.11 to 3.13 is needed: "
         "make PYTHON=/path/to/python3.12"),
        ({"ensurepip": False}, "python cannot make environments; on Debian and Ubuntu: "
         "apt install python3.12-venv"),
        ({"free": 7.9}, "less than 8 GB free here, which torch and its CUDA libraries take; "
         "free some space"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_in_one_line_with_the_way_out(venv, tmp_path, lack, line):
    done = venv(**lack)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"make: {line}\n")
    assert not (tmp_path / "env").exists()


def test_make_help_says_what_each_target_does(house):
    done = house.run("make", "help")
    targets = re.search(r"^\.PHONY: (.+)$", (house / "Makefile").read_text(), re.MULTILINE)[1]
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "") and max(map(len, lines)) <= 100
    for target in targets.split():
        assert sum(re.match(rf"make {target} +\S+ .*\.$", line) is not None for line in lines) == 1


# Locks


def locked(file):
    lines = (ROOT / file).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_serves_every_python_with_one_version_of_each_package(python):
    machine = {"python_version": python, "python_full_version": f"{python}.5",
               "sys_platform": "linux", "platform_machine": "x86_64"}  # fmt: skip
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    users = project["dependencies"] + extras["train"]
    for file, needed in (
        ("requirements.txt", users),
        ("requirements-measures.txt", users + extras["measures"]),
        ("requirements-test.txt", users + extras["measures"] + extras["test"]),
    ):
        versions = {}
        for requirement in map(Requirement, locked(file)):
            if requirement.marker is None or requirement.marker.evaluate(machine):
                assert requirement.name not in versions
                versions[requirement.name] = str(requirement.specifier).removeprefix("==")
        for wanted in map(Requirement, needed):
            version = versions[canonicalize_name(wanted.name)]
            assert wanted.specifier.contains(Version(version)), wanted


def test_the_tests_run_on_the_versions_that_users_get():
    users, measures, tests = (
        {line.split(" ;")[0] for line in locked(f"requirements{kind}.txt")}
        for kind in ("", "-measures", "-test")
    )
    assert (
        users <= measures <= tests
    )  # whatever their markers, which tell on which machines they are needed


def test_every_dependency_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text()
    for name in ("dependencies", "train", "weights", "measures"):
        listed = text.split(f"\n{name} = [\n", 1)[1].split("\n]", 1)[0].splitlines()
        assert listed and all(re.fullmatch(r'    "[^"]+",  # .+', line) for line in listed)


def test_the_conda_environment_is_the_lock():
    environment = yaml.safe_load((ROOT / "workflow/envs/activarium.yaml").read_text())
    python, pip, packages = environment["dependencies"]
    assert python.removeprefix("python=") in PYTHONS and pip == "pip"
    assert packages["pip"] == locked("requirements-measures.txt")


def test_make_lock_writes_the_conda_environment_from_the_lock(house, tmp_path):
    file = house / "workflow/envs/activarium.yaml"
    before = file.read_text()
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin/uv", "exit 0")
    path = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    assert house.run("make", "lock", **path).returncode == 0
    assert file.read_text() == before
    house.edit("requirements-measures.txt", "zzz==1.0 ; python_version < '3.12'\n")
    assert house.run("make", "lock", **path).returncode == 0
    assert file.read_text() == before + "      - \"zzz==1.0 ; python_version < '3.12'\"\n"
