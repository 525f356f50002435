"""What a run cost and on what: all that may differ between two correct executions."""

import platform
import subprocess
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from ..definitions.call_module import call_module
from ..runtime.errors import describe_error

if TYPE_CHECKING:
    from .step import Training

UNMEASURED = "not measured, and nothing need be done"  # of what no training is lost by


def run_cost(training: "Training", saved: float | None, clock: dict, epochs: int) -> dict:
    """The columns of the costs table but `started`.

    `saved` is what `saved_bytes` gave for the activation, or None; `clock` holds the seconds of
    "train" and "evaluate" over the `epochs` trained.
    """
    n = len(training.data["train"][1])
    images = epochs * (n - n % min(training.recipe["batch_size"], n))
    return {
        "train_seconds": clock["train"],
        "evaluate_seconds": clock["evaluate"],
        "images": images,
        "images_per_second": images / clock["train"] if clock["train"] else None,
        "saved_bytes_per_element": saved,
        **execution(training.device),
    }


def execution(device: torch.device) -> dict:
    """On what and at which commit this process computes, as the costs table says it."""
    return {
        **machine(device),
        "host": platform.node(),
        "python": platform.python_version(),
        "commit": _commit(),
    }


def saved_bytes(activation: nn.Module, n: int = 2**14) -> float:
    """Bytes that autograd keeps for each float32 element that a module is applied to in training.

    Counted by torch's own hook (torch.autograd.graph.saved_tensors_hooks), each piece of memory
    once. The output is left out, since whatever comes next keeps it or not by itself, and so are
    parameters and constants. Counted on the CPU: a GPU may keep less, as of LogSigmoid.
    """
    kept = []  # without holding it, as some is let go of before the module has ended

    def keep(tensor):
        kept.append(weakref.ref(tensor))
        return tensor

    x = torch.linspace(-4, 4, n).requires_grad_()
    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    with hooks, torch.random.fork_rng(devices=[]):  # what it draws is missing nowhere
        y = call_module(activation.train(), x)
    alive = [tensor for tensor in (ref() for ref in kept) if tensor is not None]
    storages = [tensor.untyped_storage() for tensor in alive]
    sizes = {storage.data_ptr(): storage.nbytes() for storage in storages}
    sizes.pop(y.untyped_storage().data_ptr(), None)
    return sum(size for size in sizes.values() if size >= n) / n


def saved_bytes_or_none(
    make_activation: Callable[[], nn.Module], log: Callable[[str], None]
) -> float | None:
    """`saved_bytes` of a new module; where that fails None, and `log` gets the reason.

    It fails for an activation that takes neither a row of numbers nor images of one pixel.
    """
    try:
        return saved_bytes(make_activation())
    except Exception as error:
        log(f"memory is {UNMEASURED}: {describe_error(error)}")
        return None


def machine(device: torch.device) -> dict:
    """What a run's last bits may depend on beside what the study declares."""
    cuda = device.type == "cuda"
    return {
        "device": device.type,
        "device_name": torch.cuda.get_device_name(device) if cuda else _processor(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),  # else a class of its own
    }


@cache
def _processor():
    """The processor's name as Linux gives it, else the architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":", 1)[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


@cache
def _commit():
    """The commit this code stands at, with + where files of the workflow differ, or None."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return None
    return commit if _git("status", "--porcelain", "--", ".") == "" else f"{commit}+"


def _git(*words):
    """What git says of the folder of the workflow, or None where it cannot."""
    git = ["git", "-C", str(Path(__file__).parents[3]), *words]
    try:
        out = subprocess.run(git, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return out.stdout.strip() if out.returncode == 0 else None
