"""Nothing finished is lost and nothing wrong gets in, whatever one machine does to a study."""

import fcntl
import logging
import os
import platform
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from conftest import BIN, ROOT, House, tables

from activarium.report import outdated
from activarium.runtime import child_process, files, interrupt, lock
from activarium.runtime.errors import UserError, open_log

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


@pytest.mark.slow
def test_runs_that_a_killed_snakemake_s_job_finishes_are_not_trained_again(house):
    recipe = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 100, "epochs": 60}
    house.say(activations=["gelu"], seeds=2, recipes={"short": recipe})
    running = faults.start_make(house)
    log = house / "results/tiny/logs/train/short/plain_2/digits/gelu-0.log"
    faults.wait_until(lambda: log.exists() and "epoch" in log.read_text(), running)
    found = faults.processes(running.pid)
    trains = [pid for pid, said in found.items() if "train.py" in said]
    for pid in found.keys() - set(trains):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    running.wait()
    assert trains
    while any(Path(f"/proc/{pid}").exists() for pid in trains):
        time.sleep(0.2)
    assert "its next start takes these runs up" in log.read_text()
    faults.finish_study(house)
    assert "2 of 2 runs were finished before and are taken as they are" in log.read_text()
    assert not (house / "results/tiny/unfinished").exists()


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_nothing_else(house):
    recipe = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 100, "epochs": 600}
    house.say(activations=["gelu"], seeds=2, recipes={"long": recipe})
    running = faults.start_make(house)
    log = house / "results/tiny/logs/train/long/plain_2/digits/gelu-0.log"
    faults.wait_until(lambda: log.exists() and "epoch" in log.read_text(), running)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait() != 0
    said = (house / "out").read_text()
    assert "stopped: 0 of 2 runs are trained and kept; the same command goes on from here" in said
    for word in ("Traceback", "Exception", "did not complete", "SIGINT"):
        assert word not in said


def test_ctrl_c_ends_a_job_that_is_still_importing_without_a_traceback(tmp_path):
    job = tmp_path / "job.py"
    job.write_text(
        "import sys, time\n"
        "print('importing', flush=True)\n"
        "time.sleep(0.5)\n"
        "from activarium.runtime import interrupt\n"
        "interrupt.end_on_sigint()\n"
        "print('still there')\n"
    )
    start = (
        "import subprocess, sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from activarium.runtime import interrupt\n"
        "interrupt.hold_sigint_for_jobs()\n"
        "ended = ThreadPoolExecutor().submit(subprocess.run, [sys.executable, sys.argv[1]])\n"
        "try:\n"
        "    ended.result()\n"
        "except KeyboardInterrupt:\n"
        "    print('the main thread has it')\n"
        "print(ended.result().returncode)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    running = subprocess.Popen(
        [sys.executable, "-c", start, job], env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout.readline() == "importing\n"
    os.killpg(running.pid, signal.SIGINT)
    assert running.communicate() == (f"the main thread has it\n{-signal.SIGINT}\n", "")


def test_what_ends_with_a_stop_is_no_error_and_what_failed_before_is_one(capsys):
    silence = interrupt.StopFilter()

    def shown(text, level=logging.ERROR):
        return silence.filter(logging.LogRecord("", level, "", 0, text, (), None))

    assert shown("Error in rule train_0") and not silence.stopped
    assert not shown("Command 'python' died with <Signals.SIGINT: 2>.")
    interrupt.report_stop(silence, 0, 1, file=sys.stdout)
    assert capsys.readouterr().out == "Command 'python' died with <Signals.SIGINT: 2>.\n"
    assert shown("Terminating processes on user request, this might …", logging.INFO)
    assert silence.stopped and shown("Elapsed time", logging.INFO)
    assert not shown("At least one job did not complete successfully.")


def test_a_stop_says_how_many_runs_are_trained(capsys):
    silence = interrupt.StopFilter()
    silence.stopped = True
    interrupt.report_stop(silence, 37, 110, file=sys.stdout)
    interrupt.report_stop(silence, 0, 0, file=sys.stdout)
    assert capsys.readouterr().out.splitlines() == [
        "stopped: 37 of 110 runs are trained and kept; the same command goes on from here",
        "stopped: the same command goes on from here",
    ]


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
    running = execution(tmp_path, "tiny")
    (seen,) = lock.other_executions(tmp_path)
    assert seen == (
        f"another Snakemake works here on tiny, process {running.pid} on {platform.node()}; "
        "wait for its end, or stop it"
    )
    with pytest.raises(UserError, match=f"works on tiny here, process {running.pid} on"):
        lock.acquire("tiny", tmp_path)
    running.kill()
    running.communicate()
    assert lock.other_executions(tmp_path) == []


def test_executions_of_two_studies_do_not_hinder_each_other(tmp_path):
    running = execution(tmp_path, "one"), execution(tmp_path, "two")
    assert len(lock.other_executions(tmp_path)) == 2
    for each in running:
        each.communicate("end\n")
    assert lock.other_executions(tmp_path) == []
    execution(tmp_path, "one").kill()


def test_one_on_another_host_may_live_for_all_that_a_lock_says(tmp_path):
    (tmp_path / "tiny").write_text("process 12 on login1")
    assert lock.other_executions(tmp_path) == [
        "another Snakemake may work here, process 12 on login1; if it has ended: "
        f"rm {tmp_path}/tiny, then start again"
    ]


def test_one_that_has_said_nothing_yet_lives(tmp_path):
    with (tmp_path / "tiny").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (seen,) = lock.other_executions(tmp_path)
        assert seen.startswith("another Snakemake works here on tiny, which has just begun; ")
    assert lock.other_executions(tmp_path) == []


def test_asking_who_lives_refuses_nobody(tmp_path):
    with (tmp_path / "tiny").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        threading.Timer(0.3, file.close).start()
        execution(tmp_path, "tiny").kill()


OVER_NFS = """
import errno, fcntl, os
whole = fcntl.flock

def over_nfs(file, operation):
    '''flock(2): shared needs a file that is read, exclusive one that is written.'''
    mode = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE
    if mode == (os.O_RDONLY if operation & fcntl.LOCK_EX else os.O_WRONLY):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    whole(file, operation)

fcntl.flock = over_nfs
"""


def test_locks_are_asked_for_as_nfs_wants_it(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", fcntl.flock)  # to be put back
    exec(OVER_NFS, {})
    running = execution(tmp_path / "alive", "tiny", OVER_NFS)
    assert "works here" in lock.other_executions(tmp_path / "alive")[0]
    running.kill()
    running.communicate()
    assert lock.other_executions(tmp_path / "alive") == []
    (tmp_path / ".a.txt.host.1").write_text("half")
    with files.atomic(tmp_path / "a.txt") as temporary:
        assert not (tmp_path / ".a.txt.host.1").exists()
        temporary.write_text("whole")
        files._remove_abandoned(tmp_path / "a.txt")  # as another process would meanwhile
    assert (tmp_path / "a.txt").read_text() == "whole"


def test_the_same_study_is_not_executed_twice_though_a_third_took_the_lock_away(house):
    running = execution(house / ".snakemake/execution_locks", "tiny")
    refused = house.snakemake("results/profiles/gelu.json")
    assert refused.returncode == 1 and refused.stderr.strip().splitlines()[-1] == (
        f"another Snakemake works on tiny here, process {running.pid} on {platform.node()}; "
        "wait for its end, or stop it"
    )
    assert house.plan()["certify"] == 2  # whoever only looks is not in the way
    running.communicate("end\n")
    assert house.snakemake("results/profiles/gelu.json").returncode == 0


def execution(folder, study, first=""):
    """A process that executes `study` for those who look into `folder`, until it reads a line."""
    program = (
        f"{first}\nimport sys; from pathlib import Path; from activarium.runtime import lock;"
        "lock.acquire(sys.argv[2], Path(sys.argv[1])); print('begun', flush=True); input()"
    )
    running = subprocess.Popen(
        [BIN / "python", "-c", program, folder, study], cwd=ROOT / "workflow/scripts", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout.readline() == "begun\n"
    return running


# A signal that ends a job

JOB = """
import os, signal, sys
from activarium.runtime.child_process import run_in_child
from activarium.runtime.errors import open_log
with open_log(sys.argv[1]) as log:
    run_in_child(log, "adam net digits gelu")
    print("begun", file=log, flush=True)
    {work}
"""


def job(folder, work):
    """(exit status, standard error, log) of a job that does this."""
    program = [BIN / "python", "-c", JOB.format(work=work), folder / "log"]
    done = subprocess.run(program, cwd=ROOT / "workflow/scripts", capture_output=True, text=True)
    return done.returncode, done.stderr, (folder / "log").read_text()


@pytest.mark.parametrize(
    ("number", "way_out"),
    [("SIGSEGV", "try another width"), ("SIGKILL", "memory is full"), ("SIGTERM", "more time")],
)
def test_a_job_that_a_signal_ends_says_in_a_line_which_one_of_what_and_what_to_try(
    tmp_path, number, way_out
):
    status, said, log = job(tmp_path, f"os.kill(os.getpid(), signal.{number})")
    assert (status, said.count("\n")) == (1, 1) and log.endswith(said)
    assert said.startswith(f"adam net digits gelu: killed by {number}, ") and way_out in said
    assert ('File "<string>", line 8 in <module>' in log) == (number == "SIGSEGV")


def test_a_job_in_a_child_ends_as_the_child_does(tmp_path):
    assert job(tmp_path, "pass") == (0, "", "begun\n")
    status, said, log = job(tmp_path, "raise ValueError('no')")
    assert status == 1 and said.count("ValueError: no") == log.count("ValueError: no") == 1
    refused = "from activarium.runtime.errors import UserError; raise UserError('a: no')"
    assert job(tmp_path, refused) == (1, "a: no\n", "begun\na: no\n")
    assert job(tmp_path, "os.kill(os.getpid(), signal.SIGINT)")[0] in (130, -signal.SIGINT)


def test_a_child_ends_with_the_process_that_waits_for_it(tmp_path):
    work = "print(os.getpid(), file=log, flush=True); signal.pause()"
    program = [BIN / "python", "-c", JOB.format(work=work), tmp_path / "log"]
    running = subprocess.Popen(program, cwd=ROOT / "workflow/scripts")
    while (tmp_path / "log").exists() is False or len((tmp_path / "log").read_text().split()) < 2:
        time.sleep(0.01)
    worker = int((tmp_path / "log").read_text().split()[1])
    assert worker != running.pid
    running.kill()
    running.wait()
    while (
        Path(f"/proc/{worker}").exists() and " Z " not in Path(f"/proc/{worker}/stat").read_text()
    ):
        time.sleep(0.01)


def test_a_child_knows_whether_the_process_that_started_the_job_has_ended(tmp_path):
    work = (
        "from activarium.runtime.child_process import is_orphaned; "
        "print(is_orphaned(), file=log, flush=True); "
        "os.kill(int(sys.argv[2]), 9) if len(sys.argv) > 2 else None; "
        "import time; time.sleep(0.3); print(is_orphaned(), file=log, flush=True)"
    )
    assert job(tmp_path, work)[2] == "begun\nFalse\nFalse\n"
    start = f'"$0" -c "$1" "{tmp_path}/log" $$ & wait'
    program = ["bash", "-c", start, BIN / "python", JOB.format(work=work)]
    subprocess.run(program, cwd=ROOT / "workflow/scripts")
    while (tmp_path / "log").read_text().count("\n") < 3:
        time.sleep(0.05)
    assert (tmp_path / "log").read_text() == "begun\nFalse\nTrue\n"


def test_what_is_tried_in_a_child_gives_its_value_or_the_reason(tmp_path):
    with (tmp_path / "log").open("w") as log:
        assert child_process.try_in_child(lambda: {"a": 1}, log) == ({"a": 1}, None)
        assert child_process.try_in_child(lambda: 1 / 0, log) == (
            None,
            "ZeroDivisionError: division by zero",
        )
        child_process.try_in_child(lambda: print("a traceback that is no answer", file=log), log)
        crash = child_process.try_in_child(lambda: os.kill(os.getpid(), signal.SIGSEGV), log)
    assert crash == (None, "killed by SIGSEGV")
    said = (tmp_path / "log").read_text()
    assert "a traceback that is no answer\n" in said and "Segmentation fault" in said


# An old report


def test_an_old_report_says_so_until_it_is_replaced(tmp_path):
    page = tmp_path / "report.html"
    outdated.mark(page)
    assert not page.exists()
    page.write_text("<html>\n<body>\n<p>All is well.</p>\n")
    os.utime(page, (1e9, 1e9))
    for day in (1, 2):
        outdated.mark(page, datetime(2026, 12, day, 10, 0))
    said = page.read_text()
    assert said.count("older than its study") == 1 and "2026-12-02, 10:00" in said
    assert said.startswith("<html>\n<body>\n<p id=") and said.endswith("<p>All is well.</p>\n")
    assert page.stat().st_mtime == 1e9, "Snakemake still knows what is to be made again"
    outdated.unmark(page)
    assert page.read_text() == "<html>\n<body>\n<p>All is well.</p>\n"
    assert page.stat().st_mtime == 1e9


# A disk that takes nothing


@pytest.mark.parametrize("number", [28, 30, 13])
def test_a_disk_that_cannot_be_written_ends_a_job_in_one_line(tmp_path, number):
    with pytest.raises(SystemExit) as ended, open_log(tmp_path / "log"):
        raise OSError(number, os.strerror(number), "results/a")
    assert ended.value.code == (
        f"cannot write results/a ({os.strerror(number)}); make room or get the right to write "
        "there and start again: what is finished is kept"
    )
    assert (tmp_path / "log").read_text() == f"{ended.value.code}\n"


def test_a_log_that_cannot_be_written_ends_a_job_in_one_line():
    with pytest.raises(SystemExit) as ended, open_log("/dev/full") as log:
        print("an epoch", file=log, flush=True)
    assert "No space left on device" in ended.value.code and "\n" not in ended.value.code
