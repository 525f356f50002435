"""A copy of this checkout for a test to run Snakemake in, and a tiny study trained in one."""

import fcntl
import functools
import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from browsing import browser  # noqa: F401, a fixture

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
TABLES = [
    f"{name}.{ending}"
    for name in ("runs", "epochs", "summaries", "contrasts")
    for ending in ("parquet", "csv")
]  # those that two correct executions of a study agree in, byte by byte
LOCKS = ("requirements.txt", "requirements-measures.txt")
PARTS = ("Snakefile", "Makefile", *LOCKS, "config", "profiles", "workflow")


def run_process(command, folder, environment, patience):
    """The finished command, its output as text."""
    return subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=patience)  # fmt: skip


@functools.cache
def snakemake_server():
    """A process that has imported Snakemake, which takes two thirds of a dry run's time."""
    command = [sys.executable, ROOT / "tests/snakemake_server.py"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run_forked(command, folder, environment, patience):
    """What `run_process` gives, of a Snakemake that need not be imported first."""
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        asked = {"arguments": command, "folder": str(folder), "environment": environment,
                 "stdout": out.name, "stderr": err.name, "patience": patience}  # fmt: skip
        server = snakemake_server()
        print(json.dumps(asked), file=server.stdin, flush=True)
        status = int(server.stdout.readline())
        done = subprocess.CompletedProcess(command, status, out.read(), err.read())
    if status == -signal.SIGALRM:
        raise subprocess.TimeoutExpired(command, patience, done.stdout, done.stderr)
    return done


def pytest_collection_finish():
    """What is loaded by now stays, and no garbage collection has to look at it again."""
    gc.freeze()


class House:
    """A copy of the checkout in `folder`, which a test may edit and start Snakemake in."""

    patience = 300  # seconds after which a command counts as hanging

    def __init__(self, folder):
        self.folder = Path(folder)

    def built(self):
        """Copy what Snakemake needs from the checkout, without any result."""
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            self.folder.mkdir(exist_ok=True)
            copy(ROOT / part, self.folder / part)
        shutil.copy2(ROOT / "tests/study.yaml", self.folder / "study.yaml")
        return self

    def __truediv__(self, file):
        return self.folder / file

    def environment(self, **more):
        """That of this process without what would change a study; no GPU unless `more` says so."""
        away = ("SNAKEMAKE_PROFILE", "ACTIVARIUM_DATA", "MAKEFLAGS", "MAKELEVEL")
        kept = {k: v for k, v in os.environ.items() if k not in away}
        path = {"PATH": f"{BIN}:{os.environ['PATH']}", "CUDA_VISIBLE_DEVICES": ""}
        return kept | path | {name: str(value) for name, value in more.items()}

    def run(self, *command, **environment):
        """The finished command, its output as text; no GPU is seen unless the test says so."""
        is_forked = command[0] in ("snakemake", BIN / "snakemake")
        is_forked = is_forked and "PYTHONPATH" not in environment  # which a start alone reads
        start = run_forked if is_forked else run_process
        words = list(map(str, command))
        return start(words, self.folder, self.environment(**environment), self.patience)

    def snakemake(self, *arguments, study="study.yaml", cores=1, **environment):
        """Snakemake on `study` (None: whatever is the default), finished."""
        named = ["--configfile", study] if study else []
        command = [BIN / "snakemake", *arguments, "--cores", cores, *named]
        return self.run(*command, **environment)

    def plan(self, *arguments, study="study.yaml"):
        """{rule: number of jobs} that a start would run, `all` left out; {} for nothing."""
        done = self.snakemake("-n", "--quiet", "rules", *arguments, study=study)
        assert done.returncode == 0, done.stderr
        jobs = re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
        assert jobs or "Nothing to be done" in done.stdout + done.stderr
        return {rule: int(n) for rule, n in jobs if rule not in ("all", "total")}

    def listed(self, *arguments):
        """What Snakemake lists of each planned job, which a rule's `message:` stands in for."""
        for rules in (self / "workflow/rules").glob("*.smk"):
            text = re.sub(r" +message:\n(?: +f?\".*\n)+", "", rules.read_text(encoding="utf-8"))
            rules.write_text(text, encoding="utf-8")
        done = self.snakemake("-n", "--verbose", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def edit(self, file, text="\n# edited\n"):
        """Append to a file, by default a comment: another content."""
        with (self / file).open("a", encoding="utf-8") as opened:
            opened.write(text)

    def say(self, **changes):
        """Change these keys of the study; None takes one away."""
        study = yaml.safe_load((self / "study.yaml").read_text()) | changes
        kept = {k: v for k, v in study.items() if v is not None}
        (self / "study.yaml").write_text(yaml.safe_dump(kept, sort_keys=False))


def tables(house, study="tiny"):
    """{file: bytes} of the tables that two correct executions of a study agree in."""
    return {file: (house / f"results/{study}/{file}").read_bytes() for file in TABLES}


@pytest.fixture
def house(tmp_path):
    """The checkout without any result."""
    return House(tmp_path / "house").built()


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """The folder where tests/study.yaml was trained, once for all of pytest's processes."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    with (shared / "trained.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "trained").exists():
            shutil.rmtree(shared / "training", ignore_errors=True)  # of a process that failed
            made = House(shared / "training").built()
            made.patience = 1200  # other processes wait for it, and so may the machine
            done = made.snakemake(cores=2)
            assert done.returncode == 0, done.stderr
            made.folder.rename(shared / "trained")
    return shared / "trained"


@pytest.fixture
def trained(tmp_path, trained_once):
    """A copy of the checkout where tests/study.yaml is trained and reported, every date kept."""
    shutil.copytree(trained_once, tmp_path / "house", symlinks=True)
    return House(tmp_path / "house")


def until(happened, seconds=60):
    """Wait until `happened()`; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)
