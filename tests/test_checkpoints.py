"""A killed run goes on from its last finished epoch, and nobody can tell it from any other."""

import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_training import (
    LIBRARY,
    RECIPE,
    as_a_job,
    pack,
    prepared,
    quiet,
    settled,
    training,
    weights,
)

from activarium import tables
from activarium.runtime.files import atomic
from activarium.train import checkpoints, job, loop, step, unfinished_runs
from activarium.train.pack import CrashedError
from activarium.train.unfinished_runs import RunStore

__all__ = ["as_a_job", "prepared", "weights"]  # fixtures, used by their names
LONG = RECIPE | {"epochs": 4, "schedule": "cosine"}
STORE = "unfinished/r/n/d"


class PowerCutError(BaseException):
    """Stops a process as a kill does: nothing that handles exceptions handles it."""


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch):
    monkeypatch.setattr(checkpoints, "MIN_INTERVAL", 0)
    monkeypatch.setattr(checkpoints, "COST_RATIO", 0)


@pytest.fixture
def trained(monkeypatch):
    """The (seed, epoch) trained, in order; `cut` holds those that a power cut ends."""
    seen, whole = [], step.Training.train_epoch

    def epoch(self, number):
        if (self.seed, number) in cut:
            cut.clear()
            raise PowerCutError
        seen.append((self.seed, number))
        return whole(self, number)

    cut = set()
    monkeypatch.setattr(loop.Training, "train_epoch", epoch)
    return seen, cut


def interrupted(folder, prepared, cut, at=(0, 2), activation="gelu", **changed):
    """Leave the pack of seed 0 killed in an epoch; the path of its checkpoint."""
    cut.add(at)
    with pytest.raises(PowerCutError):
        pack(folder, [0], prepared, activation, recipe=LONG, **changed)
    return folder / STORE / activation / "0.pt"


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("activation", ["gelu", "prelu", "rrelu"])
def test_a_run_cut_in_any_epoch_ends_with_the_bits_of_one_that_was_not(
    tmp_path, prepared, weights, trained, activation, optimizer
):
    recipe = LONG | {"optimizer": optimizer}
    seen, cut = trained
    whole = pack(tmp_path / "whole", [0], prepared, activation, recipe=recipe)
    expected = settled(whole[0]), weights[0]
    for epoch in range(4):
        folder = tmp_path / str(epoch)
        cut.add((0, epoch))
        with pytest.raises(PowerCutError):
            pack(folder, [0], prepared, activation, recipe=recipe)
        seen.clear()
        files = pack(folder, [0], prepared, activation, recipe=recipe)
        assert seen == [(0, n) for n in range(epoch, 4)], "no finished epoch is trained again"
        assert (settled(files[0]), weights[0]) == expected
        assert not (folder / "unfinished").exists()


@pytest.mark.parametrize("changed", [{"precision": "bfloat16"}, {"label_smoothing": 0.1}])
def test_whatever_the_recipe_a_cut_run_ends_with_the_same_bits(
    tmp_path, prepared, weights, trained, changed
):
    given = {"recipe": LONG | changed, "validation": 0.2}
    whole = pack(tmp_path / "whole", [0], prepared, **given)
    expected = settled(whole[0]), weights[0]
    trained[1].add((0, 2))
    with pytest.raises(PowerCutError):
        pack(tmp_path, [0], prepared, **given)
    assert (settled(pack(tmp_path, [0], prepared, **given)[0]), weights[0]) == expected
    assert expected[0]["validation_accuracy"] is not None


def test_a_run_that_diverges_after_a_cut_diverges_as_it_would_have(
    tmp_path, prepared, trained, monkeypatch
):
    epoch = step.Training.train_epoch  # the one that notes and cuts

    def worse(self, number):
        found = epoch(self, number)
        return found | {"train_loss": float("nan")} if number == 3 else found

    monkeypatch.setattr(loop.Training, "train_epoch", worse)
    whole = settled(pack(tmp_path / "whole", [0], prepared, recipe=LONG)[0])
    interrupted(tmp_path, prepared, trained[1])
    assert settled(pack(tmp_path, [0], prepared, recipe=LONG)[0]) == whole
    assert whole["status"] == "diverged" and len(whole["epochs"]) == 3


def test_a_run_cut_twice_counts_each_epochs_time_once(tmp_path, prepared, trained, monkeypatch):
    ticks = iter(range(10**6))
    monkeypatch.setattr(loop.time, "process_time", lambda: next(ticks))  # a second a look
    seen, cut = trained
    interrupted(tmp_path, prepared, cut, (0, 1))
    interrupted(tmp_path, prepared, cut, (0, 3))
    files = pack(tmp_path, [0], prepared, recipe=LONG)
    assert seen == [(0, n) for n in range(4)]
    cost = tables.read_run(files[0]).to_pylist()[0]["cost"]
    assert (cost["train_seconds"], cost["evaluate_seconds"]) == (4, 4)
    assert cost["images"] == 4 * 48


def test_a_process_killed_in_an_epoch_goes_on_in_another(tmp_path, prepared):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    code = [sys.executable, "-c", SCRIPT, killed, *prepared]
    with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "in epoch 2\n"
        os.kill(child.pid, signal.SIGKILL)
    (killed / STORE / "gelu/.0.pt.host.1").write_bytes(b"half a checkpoint of a killed process")
    files = pack(killed, [0], prepared, recipe=LONG)
    assert "goes on after epoch 2" in (killed / "log").read_text()
    assert settled(files[0]) == settled(pack(whole, [0], prepared, recipe=LONG)[0])
    assert not (killed / "unfinished").exists()


SCRIPT = f"""
import sys
sys.path[:0] = [{str(LIBRARY)!r}, {str(Path(__file__).parent)!r}]
from activarium.runtime import devices
devices.use_one_thread()
from pathlib import Path
from activarium.train import checkpoints, loop
from test_checkpoints import LONG, pack
checkpoints.MIN_INTERVAL = checkpoints.COST_RATIO = 0
epoch = loop.Training.train_epoch
def hang(self, number):
    if number == 2:
        print("in epoch 2", flush=True)
        import time; time.sleep(60)
    return epoch(self, number)
loop.Training.train_epoch = hang
folder, *prepared = sys.argv[1:]
pack(Path(folder), [0], prepared, recipe=LONG)
"""


def test_a_checkpoint_of_edited_code_is_not_taken_up(tmp_path, prepared, trained):
    code, (seen, cut) = tmp_path / "gelu.py", trained
    code.write_text("a = 1")
    interrupted(tmp_path, prepared, cut, sources=[code])
    seen.clear()
    code.write_text("a = 2")
    pack(tmp_path, [0], prepared, recipe=LONG, sources=[code])
    assert seen == [(0, n) for n in range(4)]


@pytest.mark.parametrize("key", ["device", "device_name", "instruction_set", "threads", "torch"])
def test_a_checkpoint_of_another_machine_is_not_taken_up(
    tmp_path, prepared, trained, monkeypatch, key
):
    seen, cut = trained
    interrupted(tmp_path, prepared, cut)
    seen.clear()
    other = checkpoints.machine(torch.device("cpu")) | {key: "another"}
    monkeypatch.setattr(checkpoints, "machine", lambda _: other)
    pack(tmp_path, [0], prepared, recipe=LONG)
    assert seen == [(0, n) for n in range(4)]


def test_a_checkpoint_under_another_seeds_name_is_not_taken_up(tmp_path, prepared, trained):
    file = interrupted(tmp_path, prepared, trained[1])
    file.rename(file.with_name("1.pt"))
    trained[0].clear()
    pack(tmp_path, [1], prepared, recipe=LONG)
    assert trained[0] == [(1, n) for n in range(4)]


def test_no_damaged_checkpoint_is_read_as_a_state(tmp_path, prepared, trained, monkeypatch):
    file = interrupted(tmp_path, prepared, trained[1])
    whole, draw = file.read_bytes(), random.Random(0)
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("read"))
    damaged = [b"", whole[:-1], whole[: len(whole) // 2], whole + b"0", b"\n" + whole]
    for _ in range(200):
        at, bit = draw.randrange(len(whole)), 1 << draw.randrange(8)
        damaged.append(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
    kept = RunStore(file.parent, digest_of(tmp_path, prepared))
    for content in damaged:
        file.write_bytes(content)
        assert kept.load_checkpoint(0) is None
        assert not file.exists()


def digest_of(folder, prepared):
    """The digest under which the interrupted pack of `folder` keeps what it has."""
    stores = []

    class Noted(RunStore):
        def __init__(self, folder, digest, **_):
            stores.append(digest)
            raise PowerCutError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(PowerCutError):
        patch.setattr(job, "RunStore", Noted)
        pack(folder, [0], prepared, recipe=LONG)
    return stores[0]


class Command:
    """What a stranger's file may hold: unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_checkpoint_holds_data_and_runs_nothing(tmp_path):
    kept = RunStore(tmp_path / "unfinished/a", "d")
    kept.save_checkpoint(0, {"training": Command(tmp_path / "ran")})
    assert kept.load_checkpoint(0) is None
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "unfinished/a/0.pt").exists()


def test_a_state_that_the_network_cannot_take_is_tried_once(
    tmp_path, prepared, trained, monkeypatch
):
    seen, cut = trained
    interrupted(tmp_path, prepared, cut)
    seen.clear()
    with monkeypatch.context() as patch:
        patch.setattr(step.Training, "load_state_dict", lambda *_: 1 / 0)
        with pytest.raises(CrashedError):
            pack(tmp_path, [0], prepared, recipe=LONG)
    pack(tmp_path, [0], prepared, recipe=LONG)
    assert seen == [(0, n) for n in range(4)]


def test_a_full_disk_costs_the_checkpoint_and_not_the_run(tmp_path, prepared, monkeypatch):
    def full(path):
        if path.suffix == ".pt":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return atomic(path)

    monkeypatch.setattr(unfinished_runs, "atomic", full)
    files = pack(tmp_path, [0], prepared, recipe=LONG)
    assert settled(files[0])["status"] == "ok"
    assert (tmp_path / "log").read_text().count("no checkpoint is kept") == 3


def test_a_state_that_cannot_be_written_costs_the_checkpoint_and_not_the_run(
    tmp_path, prepared, monkeypatch
):
    monkeypatch.setattr(step.Training, "state_dict", lambda _: {"network": lambda: None})
    files = pack(tmp_path, [0], prepared, recipe=LONG)
    assert settled(files[0])["status"] == "ok"
    assert (tmp_path / "log").read_text().count("no checkpoint is kept") == 3


def test_epochs_of_a_moment_are_not_worth_a_checkpoint(tmp_path, prepared, monkeypatch):
    monkeypatch.setattr(checkpoints, "MIN_INTERVAL", 3600)
    monkeypatch.setattr(RunStore, "save_checkpoint", lambda *_: pytest.fail("saved"))
    pack(tmp_path, [0], prepared, recipe=LONG)


def test_a_checkpoint_that_takes_long_to_write_waits_longer_for_the_next(
    tmp_path, prepared, monkeypatch
):
    saved, clock = [], [0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(checkpoints, "COST_RATIO", 20)

    def slow(self, seed, state):
        saved.append(clock[0])
        clock[0] += 1

    monkeypatch.setattr(RunStore, "save_checkpoint", slow)
    kept = checkpoints.Checkpoints(RunStore(tmp_path, "d"), 0, quiet())
    for now in (0, 5, 20, 21, 30):
        clock[0] = now
        kept.save(training(), {})
    assert saved == [0, 21]
