"""Seeds that train at once on a GPU give what each gives alone, and each fails alone.

There is no GPU here: what is recorded is done when it is replayed (fake_gpu.py). That CUDA's graphs
do the same is asked of a real one by benchmarks/check_device.py.
"""

import json

import pytest
import torch
from fake_gpu import FakeGpu
from test_training import RECIPE, Restless, hashed, pack, settled

from activarium import activations, datasets, prepare
from activarium.datasets import Images
from activarium.train import checkpoints, job, lane, progress, recording, step, together
from activarium.train.pack import CrashedError

EXACT = RECIPE | {"learning_rate": 2**-6}  # as float32, in which a recorded step reads it, too


@pytest.fixture(autouse=True)
def as_a_job(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    step.prepare_torch()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """(data file, description file) of a tenth of the digits."""
    folder = tmp_path_factory.mktemp("prepared")
    whole = datasets.load("digits").load()
    few = Images(*(part[:n] for part, n in zip(whole, (48, 48, 60, 60), strict=True)))
    description = prepare.write(few, folder / "digits.arrow", "digits")
    (folder / "digits.json").write_text(json.dumps(description))
    return folder / "digits.arrow", folder / "digits.json"


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that holds as many runs as there are."""
    monkeypatch.setattr(job, "at_once", lambda device: True)
    return FakeGpu(monkeypatch)


@pytest.fixture
def lanes(monkeypatch):
    """{seed: hash of the weights after its last epoch} of what trains at once."""
    seen = {}

    class Hashed(lane.Lane):
        def trained(self, epoch):
            seen[self.seed] = hashed(self.network)
            return super().trained(epoch)

    monkeypatch.setattr(job, "Lane", Hashed)
    return seen


def rows(folder, seeds, prepared, activation="gelu", **changed):
    """{seed: row} of a pack."""
    files = pack(folder, seeds, prepared, activation, recipe=EXACT | changed)
    return {seed: settled(file) for seed, file in files.items()}


def log(folder):
    return (folder / "log").read_text()


CASES = [("gelu", {}), ("prelu", {"optimizer": "sgd"}), ("rrelu", {"optimizer": "adamw"})]


@pytest.mark.parametrize(("activation", "changed"), CASES)
def test_a_run_is_the_same_alone_in_any_pack_and_one_after_the_other(
    tmp_path, prepared, monkeypatch, lanes, activation, changed
):
    changed = changed | {"schedule": "cosine", "weight_decay": 0.01, "learning_rate": 2**-6}
    apart = rows(tmp_path / "apart", [0, 1, 2], prepared, activation, **changed)
    monkeypatch.setattr(job, "at_once", lambda device: True)
    FakeGpu(monkeypatch)
    found = {}
    for seeds in ([1], [0, 1, 2], [2, 1, 0]):
        lanes.clear()
        names = "".join(map(str, seeds))
        for seed, row in rows(tmp_path / names, seeds, prepared, activation, **changed).items():
            found.setdefault(seed, []).append((row, lanes[seed]))
    for seed, runs in found.items():
        assert all(one == runs[0] for one in runs)
        told = [e["test_loss"] for e in runs[0][0]["epochs"]]
        assert told == pytest.approx([e["test_loss"] for e in apart[seed]["epochs"]], rel=1e-3)
    assert len({runs[0][1] for runs in found.values()}) == 3, "other seeds, other weights"


def test_where_the_rate_is_exact_a_recorded_run_is_that_of_a_host(tmp_path, prepared, monkeypatch):
    apart = rows(tmp_path / "apart", [0, 1], prepared)
    monkeypatch.setattr(job, "at_once", lambda device: True)
    FakeGpu(monkeypatch)
    assert rows(tmp_path / "at once", [0, 1], prepared) == apart


def test_one_graph_is_recorded_for_all_seeds_and_an_evaluation_for_each(tmp_path, prepared, gpu):
    pack(tmp_path, [0, 1, 2], prepared)
    assert sorted(len(recorded.work) for recorded in gpu.recorded) == [1, 1, 1, 3]
    generators = [recorded.generators for recorded in gpu.recorded if len(recorded.work) == 3]
    assert len(generators[0]) == 3, "each draws its own noise"


def test_seeds_that_the_memory_does_not_hold_wait(tmp_path, prepared, gpu):
    whole = rows(tmp_path / "whole", [0, 1, 2, 3, 4], prepared)
    gpu.size, gpu.takes = 4 * 2**30, 2**30
    assert rows(tmp_path / "cut", [0, 1, 2, 3, 4], prepared) == whole
    said = "3 of 5 seeds train at once: one takes 1.0 GiB, and 3.0 GiB of this GPU were free"
    assert said in log(tmp_path / "cut") and "at once" not in log(tmp_path / "whole")


def test_a_seed_that_does_not_fit_after_all_waits_too(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0, 1, 2], prepared)
    warm_up, there = together.warm_up, []

    def full(unit, stream):
        there.append(unit.seed)
        if there == [0, 1]:
            raise torch.OutOfMemoryError("no place")
        return warm_up(unit, stream)

    monkeypatch.setattr(together, "warm_up", full)
    assert rows(tmp_path / "cut", [0, 1, 2], prepared) == whole
    assert there == [0, 1, 1, 2], "one alone, and then one after the other"


def test_what_fails_together_is_tried_in_halves_until_one_is_left(
    tmp_path, prepared, gpu, monkeypatch
):
    whole = rows(tmp_path / "whole", [0, 1, 2, 3], prepared)
    trained = lane.Lane.trained

    def odd(self, epoch):
        if (self.seed, epoch) == (2, 1):
            raise ValueError("seed 2 is odd")
        return trained(self, epoch)

    monkeypatch.setattr(lane.Lane, "trained", odd)
    with pytest.raises(CrashedError, match=r"^seed 2 of .* crashed \(ValueError: seed 2 is odd\)"):
        rows(tmp_path / "cut", [0, 1, 2, 3], prepared)
    assert "4 seeds failed together (ValueError: seed 2 is odd): 2 at once" in log(tmp_path / "cut")
    monkeypatch.setattr(lane.Lane, "trained", trained)
    assert rows(tmp_path / "cut", [0, 1, 2, 3], prepared) == whole
    assert "3 of 4 runs were finished before" in log(tmp_path / "cut")


def test_runs_go_on_from_their_checkpoints_at_once(tmp_path, prepared, gpu, monkeypatch):
    monkeypatch.setattr(checkpoints, "APART", 0)
    monkeypatch.setattr(checkpoints, "SHARE", 0)
    whole = rows(tmp_path / "whole", [0, 1], prepared, "rrelu", epochs=4)
    told = progress.Progress.epoch

    def cut(self, seed, metrics):
        told(self, seed, metrics)
        if (seed, metrics["epoch"]) == (1, 3):
            raise KeyError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(progress.Progress, "epoch", cut)
        with pytest.raises(CrashedError, match="seed 1 of .*cut off"):
            rows(tmp_path / "cut", [0, 1], prepared, "rrelu", epochs=4)
    assert rows(tmp_path / "cut", [0, 1], prepared, "rrelu", epochs=4) == whole
    assert "seed 1 goes on after epoch 2" in log(tmp_path / "cut")


def test_a_run_that_diverges_leaves_the_others(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0, 1, 2], prepared)
    trained = lane.Lane.trained

    def infinite(self, epoch):
        found = trained(self, epoch)
        return found | {"train_loss": float("inf")} if self.seed == 1 else found

    monkeypatch.setattr(lane.Lane, "trained", infinite)
    found = rows(tmp_path / "one", [0, 1, 2], prepared)
    assert [found[seed]["status"] for seed in found] == ["ok", "diverged", "ok"]
    assert (found[0], found[2]) == (whole[0], whole[2])


def test_what_draws_from_the_global_generator_trains_alone(tmp_path, prepared, gpu, monkeypatch):
    monkeypatch.setattr(activations, "module", lambda *_: Restless())
    alone = rows(tmp_path / "alone", [1], prepared)[1]
    assert rows(tmp_path / "pack", [0, 1, 2], prepared)[1] == alone
    assert "so seeds train one after the other" in log(tmp_path / "pack")
    assert "cannot be recorded" in log(tmp_path / "pack"), "these numbers are drawn on the CPU"


def test_a_step_that_waits_for_the_device_is_not_recorded(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0, 1], prepared)
    gpu.recorded.clear()
    mode, advance = ["default"], lane.Lane.advance
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", lambda m: mode.__setitem__(0, m))

    def waits(self):
        if mode == ["error"]:
            raise RuntimeError("called a synchronizing CUDA operation")
        advance(self)

    monkeypatch.setattr(lane.Lane, "advance", waits)
    assert rows(tmp_path / "by hand", [0, 1], prepared) == whole
    assert gpu.recorded == []
    assert "cannot be recorded and trains several times slower: it waits" in log(
        tmp_path / "by hand"
    )


@pytest.mark.parametrize("refused", [1, 3])
def test_what_cuda_refuses_to_record_trains_by_hand(tmp_path, prepared, gpu, monkeypatch, refused):
    """An evaluation (the first) and the step of both (the third)."""
    whole = rows(tmp_path / "whole", [0, 1], prepared)
    gpu.recorded.clear()

    def record(work, generators=()):
        if len(gpu.recorded) == refused - 1:
            raise recording.NotRecordedError("operation not permitted")
        return gpu.record(work, generators)

    for module in (lane, together):
        monkeypatch.setattr(module, "record", record)
    assert rows(tmp_path / "by hand", [0, 1], prepared) == whole
    assert "slower: operation not permitted" in log(tmp_path / "by hand")
    assert len(gpu.recorded) == refused - 1


def test_the_memory_that_ran_out_while_recording_is_what_is_said(monkeypatch):
    """CUDA complains of the recording then, which hides it."""
    FakeGpu(monkeypatch)

    class Graph:
        def __enter__(self):
            pass

        def __exit__(self, *error):
            raise RuntimeError("capture was invalidated")

    def full():
        raise torch.OutOfMemoryError("no place")

    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "graph", lambda graph, stream: Graph())
    with pytest.raises(torch.OutOfMemoryError, match="no place"):
        recording.record([(full, recording.streams()[0])])
    with pytest.raises(recording.NotRecordedError, match="ZeroDivisionError"):
        recording.record([(lambda: 1 / 0, recording.streams()[0])])
