"""Seeds that train at once on a GPU give what each gives alone, and each fails alone.

There is no GPU here: what is captured is done when it is replayed (fake_gpu.py). That CUDA's graphs
do the same is asked of a real one by benchmarks/check_device.py.
"""

import gc
import json
import weakref

import numpy as np
import pytest
import torch
from fake_gpu import FakeGpu
from test_training import (
    CELL,
    CPU,
    PLAIN,
    RECIPE,
    Restless,
    as_a_job,
    cut_off,
    hashed,
    pack,
    prepared,
    settled,
    without_evaluations,
)

from activarium import activations
from activarium.train import checkpoints, graphed_evaluation, graphs, job, loop, progress, step
from activarium.train import concurrent_trainer as gpu_
from activarium.train.batches import load_splits
from activarium.train.kept_weights import load_weights
from activarium.train.pack import CrashedError

__all__ = ["as_a_job", "prepared"]  # fixtures, used by their names
EXACT = RECIPE | {"learning_rate": 2**-6}  # as float32, in which a captured step reads it, too


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that holds as many runs as there are."""
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    return FakeGpu(monkeypatch)


@pytest.fixture
def weights_at_once(monkeypatch):
    """{seed: hash of the weights after its last epoch} of what trains at once."""
    seen = {}

    class Hashed(step.GraphedTraining):
        def epoch_metrics(self):
            seen[self.seed] = hashed(self.network)
            return super().epoch_metrics()

    monkeypatch.setattr(job, "GraphedTraining", Hashed)
    return seen


def rows(folder, seeds, prepared, activation="gelu", **changed):
    """{seed: row} of a pack."""
    files = pack(folder, seeds, prepared, activation, recipe=EXACT | changed)
    return {seed: settled(file) for seed, file in files.items()}


def log(folder):
    return (folder / "log").read_text()


CASES = [("gelu", {}), ("prelu", {"optimizer": "sgd"}), ("rrelu", {"optimizer": "adamw"}),
         ("dyt", {})]  # fmt: skip


@pytest.mark.parametrize(("activation", "changed"), CASES)
def test_a_run_is_the_same_alone_in_any_pack_and_one_after_the_other(
    tmp_path, prepared, monkeypatch, weights_at_once, activation, changed
):
    changed = changed | {"schedule": "cosine", "weight_decay": 0.01, "learning_rate": 2**-6}
    apart = rows(tmp_path / "apart", [0, 1, 2], prepared, activation, **changed)
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    FakeGpu(monkeypatch)
    found = {}
    for seeds in ([1], [0, 1, 2], [2, 1, 0]):
        weights_at_once.clear()
        names = "".join(map(str, seeds))
        for seed, row in rows(tmp_path / names, seeds, prepared, activation, **changed).items():
            found.setdefault(seed, []).append((row, weights_at_once[seed]))
    for seed, runs in found.items():
        assert all(one == runs[0] for one in runs)
        told = [e["test_loss"] for e in runs[0][0]["epochs"]]
        assert told == pytest.approx([e["test_loss"] for e in apart[seed]["epochs"]], rel=1e-3)
    assert len({runs[0][1] for runs in found.values()}) == 3, "other seeds, other weights"


def test_where_the_rate_is_exact_a_captured_run_is_that_of_a_host(tmp_path, prepared, monkeypatch):
    apart = rows(tmp_path / "apart", [0, 1], prepared)
    monkeypatch.setattr(job, "fits_several", lambda device: True)
    FakeGpu(monkeypatch)
    assert rows(tmp_path / "at once", [0, 1], prepared) == apart


def test_all_steps_and_evaluations_are_replay_steps(tmp_path, prepared, gpu):
    """48 images in batches of 16, two epochs: three evaluations, and one graph of all steps."""
    pack(tmp_path, [0, 1, 2], prepared)
    assert [(len(r.work), r.replays) for r in gpu.captured] == [(1, 2)] * 3 + [(3, 2 * 3)]
    assert len(gpu.captured[-1].generators) == 3, "each draws its own noise"
    assert len({stream for _, stream in gpu.captured[-1].work}) == 3, "on a stream of its own"


def test_epochs_that_are_not_evaluated_replay_no_evaluation(tmp_path, prepared, gpu):
    whole = rows(tmp_path / "whole", [0, 1], prepared, epochs=3)
    sparse = rows(tmp_path / "sparse", [0, 1], prepared, epochs=3, evaluate_every=2)
    for seed, row in whole.items():
        assert sparse[seed] == row | {"epochs": without_evaluations(row, {2, 3})}
    replayed = [r.replays for r in gpu.captured if len(r.work) == 1]
    assert replayed == [3, 3, 2, 2]


def test_an_evaluation_waits_for_the_steps_and_the_next_steps_for_it(tmp_path, prepared, gpu):
    pack(tmp_path, [0], prepared)
    ((_, stream),) = gpu.captured[0].work
    assert stream.waited == [gpu.current] * 3, "the warm-up's first step and each epoch's last one"
    assert gpu.current.waited == [stream] * 2


def test_seeds_that_the_memory_does_not_hold_wait(tmp_path, prepared, gpu):
    whole = rows(tmp_path / "whole", [0, 1, 2, 3, 4], prepared)
    gpu.size, gpu.takes = 4 * 2**30, 2**30
    assert rows(tmp_path / "cut", [0, 1, 2, 3, 4], prepared) == whole
    said = "2 of 5 seeds train at once: one takes 1.0 GiB, and 3.0 GiB of this GPU are free"
    assert said in log(tmp_path / "cut") and "at once" not in log(tmp_path / "whole")


def test_what_a_seed_holds_counts_beside_what_its_steps_take(tmp_path, prepared, gpu, monkeypatch):
    gpu.size, gpu.takes = 7, 1
    held = iter([0, 1] + [0] * 9)  # before the first seed, and when it is ready
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: next(held))
    pack(tmp_path, [0, 1, 2, 3, 4], prepared)
    assert [len(r.work) for r in gpu.captured if len(r.work) > 1] == [2, 2]


def test_a_seed_that_does_not_fit_after_all_waits_too(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0, 1, 2], prepared)
    warm_up, there = gpu_.warm_up, []

    def full(unit, *rest):
        there.append(unit.seed)
        if there == [0, 1]:
            raise torch.OutOfMemoryError("no place")
        return warm_up(unit, *rest)

    monkeypatch.setattr(gpu_, "warm_up", full)
    assert rows(tmp_path / "cut", [0, 1, 2], prepared) == whole
    assert there == [0, 1, 1, 2], "one alone, and then one after the other"
    assert "memory is full: 1 seeds train at once from now on" in log(tmp_path / "cut")


@pytest.mark.parametrize("said", ["out of memory", "CUBLAS_STATUS_ALLOC_FAILED"])
def test_runs_that_fill_the_memory_together_go_on_fewer_at_once(
    tmp_path, prepared, gpu, monkeypatch, said
):
    whole = rows(tmp_path / "whole", [0, 1, 2, 3], prepared)
    held, steps = [], []

    class Held(step.GraphedTraining):
        def __init__(self, *about):
            if steps:
                assert not [r for r in held[:4] if r() is not None], "what failed is in the way"
            super().__init__(*about)
            held.append(weakref.ref(self))

    def capture(work, generators=()):
        if len(work) > 1:
            steps.append(len(work))
        if len(work) == 4:
            gpu.captured.clear()  # which hold what they captured
            raise RuntimeError(f"CUDA error: {said}")
        return gpu.capture(work, generators)

    monkeypatch.setattr(job, "GraphedTraining", Held)
    monkeypatch.setattr(gpu_, "capture", capture)
    gc.disable()  # what is freed is freed on purpose
    try:
        assert rows(tmp_path / "cut", [0, 1, 2, 3], prepared) == whole
    finally:
        gc.enable()
    assert steps == [4, 3] and "memory is full: 3 seeds" in log(tmp_path / "cut")


def test_one_run_that_fits_only_without_a_graph_is_launched(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0], prepared)

    def capture(work, generators=()):
        raise torch.OutOfMemoryError("no place")

    monkeypatch.setattr(gpu_, "capture", capture)
    assert rows(tmp_path / "launched", [0], prepared) == whole
    assert "a step is not captured" in log(tmp_path / "launched")


def test_memory_that_is_full_says_nothing_about_a_checkpoint(tmp_path, prepared, gpu, monkeypatch):
    monkeypatch.setattr(checkpoints, "MIN_INTERVAL", 0)
    monkeypatch.setattr(checkpoints, "COST_RATIO", 0)
    whole = rows(tmp_path / "whole", [0, 1], prepared, epochs=3)
    told, restore, full = progress.Progress.log_epoch, step.GraphedTraining.load_state_dict, [1]

    def cut(self, seed, metrics):
        told(self, seed, metrics)
        if metrics["epoch"] == 2:
            raise KeyError("cut off")

    def restored(self, state):
        if self.seed == 1 and full:
            raise torch.OutOfMemoryError(f"no place {full.pop()}")
        restore(self, state)

    with monkeypatch.context() as patch:
        patch.setattr(progress.Progress, "log_epoch", cut)
        with pytest.raises(CrashedError, match="seed 0, 1 of .*cut off"):
            rows(tmp_path / "cut", [0, 1], prepared, epochs=3)
    monkeypatch.setattr(step.GraphedTraining, "load_state_dict", restored)
    assert rows(tmp_path / "cut", [0, 1], prepared, epochs=3) == whole
    assert "seed 1 goes on after epoch 1" in log(tmp_path / "cut") and not full


def test_what_fails_together_is_tried_alone_and_the_rest_together(
    tmp_path, prepared, gpu, monkeypatch
):
    whole = rows(tmp_path / "whole", [0, 1, 2, 3, 4], prepared)
    trained, epoch, gpu.size = step.GraphedTraining.epoch_metrics, [], 7  # room for four
    replayed = gpu_.ConcurrentTrainer._replay_steps

    def odd(self):
        if self.seed == 2:
            raise ValueError("seed 2 is odd")
        return trained(self)

    def counted(self):
        epoch.append(len(self.runs))
        return replayed(self)

    monkeypatch.setattr(step.GraphedTraining, "epoch_metrics", odd)
    monkeypatch.setattr(gpu_.ConcurrentTrainer, "_replay_steps", counted)
    with pytest.raises(CrashedError, match=r"^seed 2 of .* crashed \(ValueError: seed 2 is odd\)"):
        rows(tmp_path / "cut", [0, 1, 2, 3, 4], prepared)
    assert "4 seeds failed together (ValueError: seed 2 is odd): each" in log(tmp_path / "cut")
    assert epoch == [4, 1, 1, 1, 1, 1, 1, 1, 1, 1], "0 and 1, the odd one, 3, and 4"
    monkeypatch.setattr(step.GraphedTraining, "epoch_metrics", trained)
    assert rows(tmp_path / "cut", [0, 1, 2, 3, 4], prepared) == whole
    assert "4 of 5 runs were finished before" in log(tmp_path / "cut")


def test_runs_go_on_from_their_checkpoints_at_once(tmp_path, prepared, gpu, monkeypatch):
    monkeypatch.setattr(checkpoints, "MIN_INTERVAL", 0)
    monkeypatch.setattr(checkpoints, "COST_RATIO", 0)
    whole = rows(tmp_path / "whole", [0, 1], prepared, "rrelu", epochs=4)
    with cut_off(monkeypatch):
        rows(tmp_path / "cut", [0, 1], prepared, "rrelu", epochs=4)
    assert rows(tmp_path / "cut", [0, 1], prepared, "rrelu", epochs=4) == whole
    assert "seed 1 goes on after epoch 2" in log(tmp_path / "cut")


def test_a_run_that_diverges_leaves_the_others(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0, 1, 2], prepared)
    trained = step.GraphedTraining.epoch_metrics
    gpu.captured.clear()

    def infinite(self):
        found = trained(self)
        return found | {"train_loss": float("inf")} if self.seed == 1 else found

    monkeypatch.setattr(step.GraphedTraining, "epoch_metrics", infinite)
    found = rows(tmp_path / "one", [0, 1, 2], prepared)
    assert [found[seed]["status"] for seed in found] == ["ok", "diverged", "ok"]
    assert (found[0], found[2]) == (whole[0], whole[2])
    branches = [(len(r.work), r.replays) for r in gpu.captured[3:]]
    assert branches == [(3, 3), (2, 3)], "captured anew without it"


def test_what_draws_from_the_global_generator_trains_alone(tmp_path, prepared, gpu, monkeypatch):
    monkeypatch.setattr(activations, "module", lambda *_, **__: Restless())
    alone = rows(tmp_path / "alone", [1], prepared)[1]
    assert rows(tmp_path / "pack", [0, 1, 2], prepared)[1] == alone
    assert "so that seeds train one after the other" in log(tmp_path / "pack")
    assert "is not captured" in log(tmp_path / "pack"), "these numbers are drawn on the CPU"


def test_what_draws_from_the_gpu_s_global_generator_trains_alone_but_captured(
    tmp_path, prepared, gpu, monkeypatch
):
    advance = step.GraphedTraining.train_batch

    def draws(self):
        gpu.state += 1
        advance(self)

    monkeypatch.setattr(step.GraphedTraining, "train_batch", draws)
    rows(tmp_path, [0, 1], prepared)
    assert "so that seeds train one after the other" in log(tmp_path)
    assert [(len(r.work), r.replays) for r in gpu.captured] == [(1, 2), (1, 6)] * 2
    assert gpu.state == 2 * 6, "the warm-up's draws are put back"


def test_a_step_that_waits_for_the_device_is_not_captured(tmp_path, prepared, gpu, monkeypatch):
    whole = rows(tmp_path / "whole", [0, 1], prepared)
    gpu.captured.clear()
    mode, advance = ["default"], step.GraphedTraining.train_batch
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", lambda m: mode.__setitem__(0, m))

    def waits(self):
        if mode == ["error"]:
            raise RuntimeError("called a synchronizing CUDA operation")
        advance(self)

    monkeypatch.setattr(step.GraphedTraining, "train_batch", waits)
    assert rows(tmp_path / "launched", [0, 1], prepared) == whole
    assert gpu.captured == []
    assert "is not captured and trains several times slower: it waits" in log(tmp_path / "launched")


@pytest.mark.parametrize("refused", [1, 3])
def test_what_cuda_refuses_to_capture_is_launched(tmp_path, prepared, gpu, monkeypatch, refused):
    """An evaluation (the first) and the step of both (the third)."""
    whole = rows(tmp_path / "whole", [0, 1], prepared)
    gpu.captured.clear()

    def capture(work, generators=()):
        if len(gpu.captured) == refused - 1:
            raise graphs.CaptureError("operation not permitted")
        return gpu.capture(work, generators)

    for module in (gpu_, graphed_evaluation):
        monkeypatch.setattr(module, "capture", capture)
    assert rows(tmp_path / "launched", [0, 1], prepared) == whole
    assert "slower: CaptureError: operation not permitted" in log(tmp_path / "launched")
    assert len(gpu.captured) == refused - 1


class Capture:
    """torch.cuda.graph, which complains of a branch that was not joined or of what it `refuses`."""

    def __init__(self, refuses=False):
        self.refuses = refuses

    def __call__(self, graph, stream):
        self.main = stream
        return self

    def __enter__(self):
        pass

    def __exit__(self, *error):
        assert error[0] is None, "torch's memory would stay in capture"
        assert len(self.main.waited) == 1, "every branch that was begun is joined"
        if self.refuses:
            raise RuntimeError("capture was invalidated")


@pytest.mark.parametrize("refuses", [True, False])
@pytest.mark.parametrize(
    ("raised", "comes"),
    [
        (torch.OutOfMemoryError("no place"), torch.OutOfMemoryError),
        (ZeroDivisionError(), graphs.CaptureError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_capture_that_fails_says_why_and_ends_in_order(monkeypatch, refuses, raised, comes):
    gpu, at = FakeGpu(monkeypatch), []

    def fails():
        raise raised

    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "graph", Capture(refuses))
    first, second, *_ = graphs.branch_streams()
    with pytest.raises(comes):
        graphs.capture([(fails, first), (lambda: at.append(gpu.current), second)])
    assert at == [], "nothing more is captured"


def test_a_capture_that_cuda_refuses_says_so(monkeypatch):
    gpu, at = FakeGpu(monkeypatch), []
    monkeypatch.setattr(torch.cuda, "CUDAGraph", object)
    monkeypatch.setattr(torch.cuda, "graph", Capture(refuses=True))
    stream = graphs.branch_streams()[0]
    with pytest.raises(graphs.CaptureError, match="capture was invalidated"):
        graphs.capture([(lambda: at.append(gpu.current), stream)])
    assert at == [stream]


def test_the_weights_of_runs_at_once_are_those_that_were_scored(tmp_path, prepared, gpu):
    runs = pack(tmp_path, [0, 1], prepared, recipe=RECIPE | {"ema": 0.9}, keep_weights=True)
    data = load_splits(prepared[0], json.loads(prepared[1].read_text()), None, 0, CPU)
    cell = loop.Cell(CELL, RECIPE, PLAIN)
    for seed, file in runs.items():
        training = step.Training(cell.build_network(data), data, RECIPE, seed, CPU)
        load_weights(training.network, file.with_suffix(".safetensors"))
        correct = training.evaluate("test")[1]
        assert np.packbits(correct.numpy()).tobytes() == settled(file)["correct"]
