"""Nothing finished is lost and nothing wrong gets in, whatever one machine does to a study."""

import fcntl
import os
import random
import subprocess
import sys

import pytest
from conftest import BIN, ROOT, House, tables

from activarium import alive, files
from activarium.refusal import logged

sys.path.append(str(ROOT / "benchmarks"))
import faults  # noqa: E402


@pytest.fixture
def machine(tmp_path, trained_once):
    """What benchmarks/faults.py breaks, without training anything for it."""
    made = object.__new__(faults.Machine)
    made.folder, made.houses, made.seconds = tmp_path / "houses", 0, 15
    made.study, made.name = ROOT / "tests/study.yaml", "tiny"
    made.folder.mkdir()
    made.trained, made.tables = House(trained_once), tables(House(trained_once))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(3))
def test_a_kill_at_any_moment_changes_no_byte(machine, moment):
    assert faults.killed(machine, random.Random(moment)) == "tables equal"


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_disk_that_became_read_only_is_named(machine):
    assert faults.read_only(machine, random.Random(0))


@pytest.mark.slow
def test_a_lock_is_taken_away_only_where_nothing_lives(machine):
    assert faults.stale_lock(machine, random.Random(0))


def test_whatever_is_damaged_is_named_rebuilt_or_read_as_it_was(machine):
    outcomes = [faults.corrupted(machine, random.Random(n)) for n in range(100)]
    assert outcomes.count("read as it was") < 40


# What a killed process leaves


def test_what_a_killed_process_left_is_removed_and_a_living_one_s_is_not(tmp_path):
    (tmp_path / ".a.txt.host.1").write_text("half")
    living = (tmp_path / ".a.txt.host.2").open("w")
    fcntl.flock(living, fcntl.LOCK_SH)
    (tmp_path / ".b.txt.host.1").write_text("another one's")
    files.write_text(tmp_path / "a.txt", "whole")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".a.txt.host.2", ".b.txt.host.1", "a.txt"]


def test_an_execution_is_seen_as_long_as_it_lives(tmp_path):
    program = (
        "from pathlib import Path; from activarium import alive;"
        f"alive.begin(Path({str(tmp_path)!r})); print('begun', flush=True); input()"
    )
    running = subprocess.Popen(
        [BIN / "python", "-c", program], cwd=ROOT / "workflow/scripts", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout.readline() == "begun\n"
    (seen,) = alive.others(tmp_path)
    assert seen.startswith(f"process {running.pid} on ")
    running.kill()
    running.communicate()
    assert alive.others(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


# A disk that takes nothing


@pytest.mark.parametrize("number", [28, 30, 13])
def test_a_disk_that_cannot_be_written_ends_a_job_in_one_line(tmp_path, number):
    with pytest.raises(SystemExit) as ended, logged(tmp_path / "log"):
        raise OSError(number, os.strerror(number), "results/a")
    assert ended.value.code == (
        f"cannot write results/a ({os.strerror(number)}); make room or get the right to write "
        "there and start again: what is finished is kept"
    )
    assert (tmp_path / "log").read_text() == f"{ended.value.code}\n"


def test_a_log_that_cannot_be_written_ends_a_job_in_one_line():
    with pytest.raises(SystemExit) as ended, logged("/dev/full") as log:
        print("an epoch", file=log, flush=True)
    assert "No space left on device" in ended.value.code and "\n" not in ended.value.code
