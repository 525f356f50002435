"""Devices: a card is one job's at a time, and where there is none nobody waits for one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from activarium.runtime import devices

LIBRARY = Path(devices.__file__).parents[2]


@pytest.fixture(autouse=True)
def visible(monkeypatch):
    """A lease sets the variable; here it is taken back after each test."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "before")


# Which cards there are


@pytest.mark.parametrize(
    ("jobs", "gpus", "most"), [(2, None, 2), (50, 0, 50), (50, 8, 8), (2, 8, 2), (16, 1, 1)]
)
def test_as_many_packs_train_at_once_as_there_are_jobs_and_cards(jobs, gpus, most):
    assert devices.jobs_at_once(jobs, gpus) == most


@pytest.mark.parametrize(
    "words, cards",
    [
        ("", []),
        ("-1", []),
        ("0", ["0"]),
        ("2,0", ["2", "0"]),
        (" 0 , 1 ", ["0", "1"]),
        ("0,-1,1", ["0"]),  # CUDA stops at the first word that names no card
        ("NoDevFiles", []),
        ("GPU-8932f937,GPU-12345678", ["GPU-8932f937", "GPU-12345678"]),
        ("MIG-GPU-8932f937/1/0", ["MIG-GPU-8932f937/1/0"]),
    ],
)
def test_the_cards_are_those_that_the_environment_lets_us_see(tmp_path, words, cards):
    (tmp_path / "nvidia7").touch()
    assert devices.visible_gpus({"CUDA_VISIBLE_DEVICES": words}, tmp_path) == cards


def test_without_the_variable_each_device_file_is_a_card_by_the_number_that_cuda_gives_it(tmp_path):
    for name in ("nvidia10", "nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm", "tty0"):
        (tmp_path / name).touch()
    assert devices.visible_gpus({}, tmp_path) == ["0", "1", "2"]


def test_a_machine_without_device_files_has_no_card(tmp_path):
    assert (
        devices.visible_gpus({}, tmp_path) == [] == devices.visible_gpus({}, tmp_path / "nowhere")
    )


def test_counting_the_cards_imports_neither_torch_nor_pandas():
    code = (
        "import sys; from activarium.runtime import devices; devices.visible_gpus();"
        "print(*{'torch', 'pandas', 'numpy', 'pyarrow'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=LIBRARY, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


# Whose card


def test_without_a_card_a_lease_is_nothing(tmp_path):
    with devices.lease_gpu([], tmp_path / "locks") as card:
        assert card is None and os.environ["CUDA_VISIBLE_DEVICES"] == "before"
    assert not (tmp_path / "locks").exists()


def test_a_single_card_needs_no_lock(tmp_path):
    locks = tmp_path / "locks"
    with devices.lease_gpu(["3"], locks) as first, devices.lease_gpu(["3"], locks) as second:
        assert (first, second) == ("3", "3")
    assert not locks.exists()


def test_two_leases_hold_two_cards_and_the_job_sees_only_its_own(tmp_path):
    cards = ["GPU-a", "MIG-GPU-b/1/0"]
    with devices.lease_gpu(cards, tmp_path) as first:
        assert os.environ["CUDA_VISIBLE_DEVICES"] == first == "GPU-a"
        with devices.lease_gpu(cards, tmp_path) as second:
            assert os.environ["CUDA_VISIBLE_DEVICES"] == second == "MIG-GPU-b/1/0"
    with devices.lease_gpu(cards, tmp_path) as again:
        assert again == "GPU-a"


def test_a_card_of_another_host_is_another_card(tmp_path, monkeypatch):
    with devices.lease_gpu(["0", "1"], tmp_path) as here:
        monkeypatch.setattr(devices.platform, "node", lambda: "elsewhere")
        with devices.lease_gpu(["0", "1"], tmp_path) as there:
            assert here == there == "0"


def test_a_lease_ends_with_an_error_too(tmp_path):
    with pytest.raises(ValueError), devices.lease_gpu(["0", "1"], tmp_path):
        raise ValueError
    with devices.lease_gpu(["0", "1"], tmp_path) as card:
        assert card == "0"


JOB = """
import sys, time
from activarium.runtime import devices
with devices.lease_gpu(["0", "1", "2", "3"], sys.argv[1], poll=0.01) as card:
    start = time.monotonic()
    print(card, start, flush=True)
    time.sleep(float(sys.argv[2]))
    print(time.monotonic(), flush=True)
"""


def start(folder, seconds):
    return subprocess.Popen([sys.executable, "-c", JOB, folder, str(seconds)], cwd=LIBRARY,
                            stdout=subprocess.PIPE, text=True)  # fmt: skip


def test_eight_jobs_on_four_cards_never_share_one(tmp_path):
    jobs = [start(tmp_path, 0.3) for _ in range(8)]
    held = []
    for one in jobs:
        card, begin, end = one.communicate(timeout=60)[0].split()
        held.append((card, float(begin), float(end)))
    assert {card for card, _, _ in held} == {"0", "1", "2", "3"}
    for card in "0123":
        spans = sorted((begin, end) for c, begin, end in held if c == card)
        assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))


def test_a_killed_job_gives_its_card_back(tmp_path):
    jobs = [start(tmp_path, 60) for _ in range(4)]
    try:
        cards = [one.stdout.readline().split()[0] for one in jobs]
        assert sorted(cards) == ["0", "1", "2", "3"]
        waiting = start(tmp_path, 0)
        time.sleep(0.1)
        assert waiting.poll() is None, "there is no card left"
        os.kill(jobs[2].pid, signal.SIGKILL)
        assert waiting.communicate(timeout=60)[0].split()[0] == cards[2]
    finally:
        for one in jobs:
            one.kill()
            one.communicate()


# How a job computes


def test_a_job_computes_on_one_thread_and_waits_without_spinning():
    code = (
        "from activarium.runtime import devices;"
        "devices.use_one_thread(); devices.keep_freed_memory();"
        "import os, torch; print(torch.get_num_threads(), os.environ['OMP_WAIT_POLICY'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=LIBRARY, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "PASSIVE"], done.stderr


def test_freed_memory_is_kept_where_the_c_library_knows_how(monkeypatch):
    said = []
    library = type("C", (), {"mallopt": lambda self, what, value: said.append((what, value))})
    monkeypatch.setattr(devices.ctypes, "CDLL", lambda _: library())
    devices.keep_freed_memory()
    assert said == [(-4, 0), (-1, 2**31 - 1)]
    monkeypatch.setattr(devices.ctypes, "CDLL", lambda _: object())
    devices.keep_freed_memory()
