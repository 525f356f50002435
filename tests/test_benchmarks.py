"""What the speed benchmarks measure is what is trained: the same steps, the same bits."""

import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from conftest import ROOT
from fake_gpu import FakeGpu

sys.path.append(str(ROOT / "benchmarks"))

import peer  # noqa: E402
from activarium.train import precision  # noqa: E402
from candidates import CANDIDATES, engine, graph, one_by_one, processes, stacked  # noqa: E402
from shared import hashing, rows, work  # noqa: E402
from shared.setting import Setting  # noqa: E402
from shared.worker import Worker, WorkerError  # noqa: E402

SMALL = Setting(width=2, batch=8, steps=3)


@pytest.fixture(autouse=True)
def as_a_job(monkeypatch):
    """One thread, no GPU and random images, whatever the machine has."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.delenv("ACTIVARIUM_DATA", raising=False)
    precision.prepare_torch("float32")


def trained(kind, setting, seeds, epochs=2, **options):
    """The states of the seeds after some epochs in one pack."""
    pack = kind(setting, seeds, **options)
    for number in range(epochs):
        pack.epoch(number)
    return pack


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("activation", ["gelu", "prelu", "rrelu"])
def test_the_step_that_is_captured_gives_the_bits_of_training(precision, activation):
    setting = replace(SMALL, precision=precision, activation=activation)
    eager = trained(one_by_one.OneByOne, setting, [1])
    trainings = trained(graph.Graph, setting, [0, 1], per_graph=10)
    assert hashing.hashes(trainings)[1] == hashing.hashes(eager)[0]


@pytest.mark.parametrize("one_graph", [True, False])
def test_a_captured_pack_starts_where_it_was_and_gives_the_bits_of_training(monkeypatch, one_graph):
    gpu = FakeGpu(monkeypatch, graph)
    setting = replace(SMALL, activation="rrelu", steps=4)
    trainings = [setting.training(graph.GraphedTraining, seed) for seed in (0, 1)]
    pack = graph.Captured(trainings, setting.steps, per_graph=2, one_graph=one_graph)
    for number in range(2):
        pack.epoch(number)
    assert [len(r.work) for r in gpu.captured] == ([2] if one_graph else [1, 1])
    assert {g for r in gpu.captured for g in r.generators} == {
        training.noise for training in trainings
    }
    eager = trained(one_by_one.OneByOne, setting, [0, 1])
    found = SimpleNamespace(states=lambda: [one.network.state_dict() for one in trainings])
    assert hashing.hashes(found) == hashing.hashes(eager)


def test_the_engine_on_a_gpu_gives_the_bits_of_training(monkeypatch):
    FakeGpu(monkeypatch)
    setting = replace(SMALL, activation="rrelu")
    at_once = trained(engine.ConcurrentPack, setting, [0, 1])
    assert hashing.hashes(at_once) == hashing.hashes(trained(engine.pack, setting, [0, 1]))


@pytest.mark.parametrize("kind", [stacked.Mapped, stacked.Grouped])
def test_stacked_runs_are_those_of_training_to_rounding(kind):
    setting = replace(SMALL, steps=1)
    pack = trained(kind, setting, [0, 1, 2], epochs=1, per_graph=10)
    eager = trained(one_by_one.OneByOne, setting, [0, 1, 2], epochs=1)
    for found, expected in zip(pack.states(), eager.states(), strict=True):
        assert set(found) == set(expected)
        off = torch.cat([(found[n] - t).abs().flatten().double() for n, t in expected.items()])
        assert (off < 1e-5).double().mean() > 0.98  # where a gradient is all but 0, Adam says ±
        for name in (n for n in expected if "running" in n):
            torch.testing.assert_close(found[name], expected[name])


def test_an_activation_with_weights_cannot_be_grouped():
    with pytest.raises(TypeError, match="PReLU has weights that cannot be grouped"):
        stacked.Grouped(replace(SMALL, activation="prelu"), [0, 1])


def test_a_run_that_changes_with_its_pack_is_found():
    assert hashing.packs(4) == [[0], [0, 1], [0, 1, 2, 3], [3, 2, 1, 0]]
    assert hashing.is_independent([([0], ["a"]), ([1, 0], ["b", "a"])])
    assert not hashing.is_independent([([0], ["a"]), ([1, 0], ["a", "b"])])


def test_the_work_of_the_narrow_net_is_159_million_operations_an_image():
    net = Setting(width=16).network()
    assert work.operations(net) == 159_059_712
    found = work.least_bytes(Setting(width=16).network(), "bfloat16", 128)
    assert 2.0e6 < found["fused"] < found["unfused"] < 5.0e6


def test_a_process_that_fails_says_so_in_a_line():
    worker = Worker("shared.worker:no_such_function")
    with pytest.raises(WorkerError, match="^AttributeError: .*no_such_function"):
        worker.answer()
    worker.close()


@pytest.mark.parametrize("starts", [True, False])
def test_the_mps_daemon_is_told_to_quit_however_it_started(tmp_path, monkeypatch, starts):
    control = tmp_path / "nvidia-cuda-mps-control"
    first = f'#!/bin/sh\n[ "$1" = -d ] && exit {int(not starts)}\n'
    control.write_text(f"{first}read said; echo $said >>{tmp_path}/said; echo 123\n")
    control.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    failing = nullcontext() if starts else pytest.raises(subprocess.CalledProcessError)
    with failing, processes.mps(True) as environment:
        assert len(environment) == 2
    said = (tmp_path / "said").read_text().split()
    assert said == (["get_server_list", "quit"] if starts else ["quit"])


def test_the_verdict_leaves_out_what_depends_on_its_pack():
    found = [rows.Row(n, 16, "float32", 8, True) for n in ("eager", "vmap")]
    for row, rate, independent in zip(found, (100, 900), (True, False), strict=True):
        row.fill({"seconds": [1], "independent": independent}, rate)
    said = rows.verdict(found, 16, "float32")
    assert "fastest independent of the pack: eager at K=8, 100 img/s" in said


def test_every_candidate_is_measured_on_both_nets_before_the_next_one():
    options = SimpleNamespace(
        skip=[], packs=[1, 8], widths=[16, 64], precisions=["float32"], only=None
    )
    found, main = rows.plan(options, CANDIDATES[:2])
    assert main == 8
    said = [(row.candidate, row.width, row.k, row.check) for row in found[2:]]
    assert said[:2] == [("eager", w, 1, True) for w in (16, 64)]
    assert said[2:4] == [("engine", w, 8, True) for w in (16, 64)]
    assert said[4:] == [("engine", w, 1, False) for w in (16, 64)]


def test_a_peer_that_fails_in_a_round_costs_only_itself(capsys):
    class Side:
        def __init__(self, rounds):
            self.rounds = rounds

        def ask(self, number):
            self.rounds -= 1

        def answer(self, seconds=None):
            if self.rounds < 0:
                raise WorkerError("no GPU for me")
            return self.rounds

        def close(self):
            self.rounds = None

    sides = {"ours": [Side(9)], "theirs": [Side(2)]}
    found = peer.measure_rounds(sides, dict.fromkeys(sides, lambda n: (n,)), 3)
    assert [said for _, said in found["ours"]] == [[7], [6], [5]] and set(found) == {"ours"}
    assert "theirs is not compared: no GPU for me" in capsys.readouterr().out
    assert all(worker.rounds is None for side in sides.values() for worker in side)
    with pytest.raises(WorkerError):
        peer.measure_rounds({"ours": [Side(0)]}, {"ours": lambda n: (n,)}, 1)


@pytest.mark.slow
def test_the_shoot_out_ends_in_a_verdict_on_a_cpu(tmp_path):
    script = ROOT / "benchmarks/engines.py"
    tiny = ["--steps", "2", "--batch", "8", "--widths", "2", "--packs", "1,2"]
    tiny += ["--precisions", "float32", "--only", "eager", "--out", tmp_path]
    done = subprocess.run([sys.executable, script, *map(str, tiny)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "fastest independent of the pack: eager at K=1" in done.stdout.splitlines()[-1]
    assert (tmp_path / "engines.parquet").exists()


# The check of a device


def test_the_check_of_a_device_finds_nothing_on_a_cpu():
    command = [sys.executable, "-W", "ignore", ROOT / "benchmarks/check_device.py"]
    small = ["--width", "1", "--images", "120", "--few"]
    done = subprocess.run([*command, *small], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "0 of 7 checks went wrong"
    assert sum("any pack the same True, resumed the same True" in line for line in lines) == 2


def test_the_check_of_a_device_sees_a_seed_that_depends_on_its_pack():
    """Of the checks the first alone: the others are not broken."""
    broken = f"""
import sys, torch
from itertools import count
sys.path.insert(0, {str(ROOT / "benchmarks")!r})
import check_device
from check_device import step
whole, epochs = step.Training.train_epoch, count(1)  # of all runs of the process
step.Training.train_epoch = lambda self, n: (
    torch.nn.init.constant_(next(self.network.parameters()), next(epochs) / 100), whole(self, n))[1]
check_device.CELLS, check_device.NEAR, check_device.GRAPHS = check_device.CELLS[:1], {{}}, []
sys.argv = ["x", "--width", "1", "--images", "120"]
sys.exit(check_device.main())
"""
    command = [sys.executable, "-W", "ignore", "-c", broken]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "any pack the same False" in done.stdout, done.stderr
