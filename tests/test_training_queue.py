"""A queue stops in time, keeps every finished run as tables that studies take, and goes on."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from conftest import tables as bytes_of_tables

from activarium import study, tables
from activarium.runtime import files
from activarium.runtime.errors import UserError
from activarium.runtime.snakemake_command import run_until
from activarium.study.grid import Grid
from activarium.tables import collect, shards
from activarium.tables.reuse import Definitions, read
from activarium.training_queue.kept_tables import KeptTables
from activarium.training_queue.queue_file import read_queue
from activarium.training_queue.train_queue import train_queue

SCHEMA = ROOT / "config/schema.yaml"
TINY = yaml.safe_load((ROOT / "tests/study.yaml").read_text())

# The file


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "is no list of studies; write - {study: config/NAME.yaml}"),
        ("study: a.yaml", "is no list of studies"),
        ("- [", "cannot be read as YAML ("),
        ("- a.yaml", "item 1: 'a.yaml' names no study; write {study: config/NAME.yaml}"),
        ("- {study: tiny.yaml}\n- {name: x}", "item 2: {'name': 'x'} names no study; write"),
        ("- {study: none.yaml}", "item 1: config: no file none.yaml"),
        ("- {study: tiny.yaml, seeds: 0}", "item 1: config: seeds: 0 must be at least 1"),
        ("- {study: tiny.yaml, seeds: 1, seeds: 2}", ": seeds is given twice"),
        ("- {study: tiny.yaml, activations: [rellu]}", "no 'rellu' (did you mean relu?)"),
        ("- {study: tiny.yaml}\n- {study: tiny.yaml}", "2 items are called tiny; say another name"),
        ("- {study: tiny.yaml, shards: [a/runs.parquet]}", "tiny.yaml has shards, and trains noth"),
    ],
)
def test_a_queue_that_cannot_be_trained_is_one_line(tmp_path, monkeypatch, text, line):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(yaml.safe_dump(TINY))
    Path("queue.yaml").write_text(text)
    with pytest.raises(UserError) as refused:
        read_queue("queue.yaml", SCHEMA)
    assert str(refused.value).startswith("queue: queue.yaml")
    assert line in str(refused.value) and "\n" not in str(refused.value)


def test_too_few_minutes_are_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(yaml.safe_dump(TINY))
    Path("queue.yaml").write_text("- {study: tiny.yaml}")
    with pytest.raises(UserError, match=r"queue: 0.5 minutes are too few; give it more than 1"):
        train_queue("queue.yaml", 0.5)
    assert not Path("results").exists()


@pytest.mark.parametrize("name", ["cifar10-wide", "paper"])
def test_the_parts_of_a_study_in_the_queue_are_that_study_every_run_once(monkeypatch, name):
    monkeypatch.chdir(ROOT)
    items = [item for item in read_queue("config/queue.yaml", SCHEMA) if item.name.startswith(name)]
    grids = [Grid(study.read(item.config, SCHEMA)) for item in items]
    parts = [run.removeprefix(grid.paths.folder) for grid in grids for run in grid.runs]
    whole = Grid(study.read(study.mapping(f"config/{name}.yaml"), SCHEMA))
    assert sorted(parts) == sorted(run.removeprefix(whole.paths.folder) for run in whole.runs)


# Time

STOPPED = """
import signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
signal.signal(signal.SIGINT, {handler})
print(child.pid, file=open("child", "w"), flush=True)
while True:
    time.sleep(0.01)
"""
OBEYS = "lambda *_: (open('stopped', 'w').close(), sys.exit(1))"


@pytest.mark.parametrize(("handler", "stops"), [(OBEYS, True), ("signal.SIG_IGN", False)])
def test_at_the_end_a_command_and_what_it_started_are_stopped(
    tmp_path, monkeypatch, handler, stops
):
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    command = [sys.executable, "-c", STOPPED.format(handler=handler)]
    assert run_until(command, began + 1.5, grace=2) is None
    assert time.monotonic() - began < 30
    assert Path("stopped").exists() == stops
    with pytest.raises(ProcessLookupError):
        for _ in range(200):  # until the system has taken note
            os.kill(int(Path("child").read_text()), 0)
            time.sleep(0.02)


def test_a_command_that_ends_before_gives_its_exit_code():
    assert run_until([sys.executable, "-c", "raise SystemExit(3)"], time.monotonic() + 60) == 3


# What is kept

RATES = {"tune": [0.001, 0.01], "seeds": 2}


class Trained:
    """A tuned study laid out in this folder, whose run files are made up."""

    def __init__(self):
        recipe = TINY["recipes"]["short"]
        recipes = {"short": recipe, "tuned": recipe | {"learning_rate": RATES}}
        self.config = TINY | {"recipes": recipes, "seeds": 4}
        self.grid = Grid(study.read(self.config, SCHEMA))
        self.kept = KeptTables(Path("kept/tiny"))
        about = {"name": "digits", "classes": 10, "sha256": "abc"}
        files.write_json(self.grid.prepared("digits", "json"), about)

    def write(self, file, accuracy=None):
        """The file of a finished run, of one that tunes where an `accuracy` validates it."""
        *_, recipe, network, dataset, activation = Path(file).parent.parts
        key = dict(zip(tables.KEY, (recipe, network, dataset, activation, int(Path(file).stem)),
                       strict=True))  # fmt: skip
        scored = {"test_accuracy": 0.5, "n_correct": 4, "n_test": 8, "correct": b"\x0f"}
        result = {"validation_accuracy": accuracy} if accuracy else scored
        epochs = [{"epoch": 1, "test_accuracy": result.get("test_accuracy")}]
        row = key | result | {"status": "ok", "epochs": epochs, "cost": {"commit": "abc"}}
        tables.write_run(tables.table([row], tables.RUN_FILE), file)

    def tune(self, *activations):
        """Every run that tunes these; the larger rate is better."""
        for file in self.grid.tuning.runs:
            if Path(file).parent.name in activations:
                self.write(file, 0.9 if "rate=0.01/" in file else 0.5)

    def add(self, since=0.0, grid=None):
        """What a queue keeps of `grid`, by default of the whole study, before it."""
        declared = self.grid.declared_training | {"chance": {}, "definitions": {}}
        self.kept.add(grid or self.grid, since, declared, {"plain_2": "code"})

    def runs(self, recipe, activation):
        return [run for run in self.grid.runs if f"/{recipe}/" in run and f"/{activation}/" in run]

    def taken(self):
        """What a study takes of the kept tables by `reuse`."""
        declared = self.grid.declared_training | {"reuse": tuple(self.kept.paths)}
        return read(self.kept.paths, declared, Definitions())


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Trained()


def test_what_is_finished_is_kept_and_taken_by_a_study(made):
    made.tune("gelu")
    for run in [*made.runs("short", "gelu")[:2], *made.runs("tuned", "gelu")[:1]]:
        made.write(run)
    made.add()
    taken = made.taken()
    assert made.kept.size == taken.runs.num_rows == 3
    assert taken.tuning.cells == [("tuned", "plain_2", "digits", "gelu")]
    chosen = taken.tuning.runs.filter(taken.tuning.runs["chosen"])["value"].to_pylist()
    assert chosen == [0.01, 0.01]
    assert taken.costs["code"].to_pylist() == ["code"] * 3


def test_the_next_call_adds_to_it_until_the_shard_is_whole(made):
    made.tune("gelu", "relu")
    for part in (made.grid.runs[::2], made.grid.runs[1::2]):
        for run in part:
            made.write(run)
        made.add()
    declared = made.grid.declared_training
    found = shards.read([made.kept.paths[0]], declared)
    for table, expected in zip(found, collect.collect(made.grid.runs), strict=True):
        same = set(table.column_names) - {"code"}
        assert table.select(sorted(same)).equals(expected.select(sorted(same)))
    assert len(made.taken().tuning.cells) == 2


def test_of_a_study_that_takes_what_is_kept_only_the_rest_is_added(made):
    for run in made.runs("short", "gelu"):
        made.write(run)
    made.add()
    cell = "short/plain_2/digits/gelu"
    rest = Grid(made.grid.study, reused={cell: frozenset(range(4))})
    for run in made.runs("short", "relu"):
        made.write(run)
    made.add(grid=rest)
    assert made.kept.size == 8 and made.taken().runs.num_rows == 8


def test_runs_from_before_this_call_are_not_known_to_be_current(made):
    old, new = made.runs("short", "gelu")[:2]
    for run in (old, new):
        made.write(run)
    os.utime(old, (1000, 1000))
    made.add(since=2000)
    assert made.kept.size == 1
    made.add(since=None)  # Snakemake has ended with all of them
    assert made.kept.size == 2


def test_a_run_that_waits_for_its_pack_is_kept(made):
    made.write(made.grid.waiting_run(made.runs("short", "relu")[3]))
    made.add()
    assert made.taken().keys == [("short", "plain_2", "digits", "relu", 3)]


def test_a_tuning_that_is_not_whole_is_left_and_what_it_would_choose_for_as_well(made):
    made.tune("gelu")
    for run in (*made.runs("tuned", "gelu"), *made.runs("short", "gelu")):
        made.write(run)
    Path(made.grid.tuning.runs[0]).unlink()
    made.add()
    assert {run[0] for run in made.taken().keys} == {"short"}
    assert not made.taken().tuning.cells


def test_a_tuning_is_kept_before_any_run_is_scored(made):
    made.tune("relu")
    made.add()
    assert made.kept.paths == ["kept/tiny/tuning.parquet"]
    assert len(made.taken().tuning.cells) == 1


def test_nothing_is_kept_of_nothing(made):
    made.add()
    assert made.kept.paths == [] and not Path("kept").exists()


def test_a_kill_between_two_tables_leaves_those_before(made):
    made.write(made.grid.runs[0])
    made.add()
    before = made.kept.paths
    Path("kept/tiny").rename("kept/.tiny.old")
    (Path("kept/.tiny.new")).mkdir()
    made.kept.recover()
    assert made.kept.paths == before and [f.name for f in Path("kept").iterdir()] == ["tiny"]


# The workflow


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["time", signal.SIGTERM])
def test_a_queue_stops_in_time_and_goes_on_until_its_shards_are_the_study(house, stop):
    """Called again and again, it ends with the tables of the study trained whole, to the byte."""
    house.patience = 900
    rate = {"learning_rate": {"tune": [0.001, 0.03], "seeds": 1}, "epochs": 12}
    house.say(recipes={"short": {"optimizer": "adam", "batch_size": 20} | rate}, seeds=6, pack=3)
    parts = [{"study": "study.yaml", "name": name, "activations": [name], "control": name}
             for name in ("gelu", "relu")]  # fmt: skip
    (house / "queue.yaml").write_text(yaml.safe_dump(parts))
    command = ["python", "-m", "activarium", "train-queue", "queue.yaml", "--cores", "2"]
    kept, calls, codes = [0], 0, set()
    while (
        "0 runs to train"
        not in (
            left := house.run(
                *command, "--dry-run", "--minutes", "9", PYTHONPATH="workflow/scripts"
            )
        ).stderr.splitlines()[-1]
    ):
        assert left.returncode == 0, left.stderr
        calls += 1
        minutes = 1.2 if calls < 3 else 3
        wait = ["timeout", "-s", stop.name[3:], "12"] if stop != "time" and calls < 3 else []
        began = time.monotonic()
        done = house.run(*wait, *command, "--minutes", minutes, PYTHONPATH="workflow/scripts")
        assert done.returncode in ((0, 124) if wait else (0,)), done.stderr
        codes.add(done.returncode)
        assert time.monotonic() - began < 60 * minutes + 10
        assert not list((house / ".snakemake/locks").glob("*"))
        tables_kept = (house / "results/queue").glob("*/runs.parquet")
        kept.append(sum(len(tables.read(file)) for file in tables_kept))
        assert kept[-1] >= kept[-2] and calls < 12
    assert stop == "time" or 124 in codes, "the signal came while it trained"
    shards = [f"results/queue/{name}/runs.parquet" for name in ("gelu", "relu")]
    made = [house.snakemake("--until", "compare", cores=2)]
    house.say(name="joined", shards=shards)
    made.append(house.snakemake("--until", "compare", cores=2))
    assert not [done.stderr for done in made if done.returncode]
    assert bytes_of_tables(house, "joined") == bytes_of_tables(house)
